import type * as z from 'zod';
import { CONVERGE_SECONDS } from '#core/contract/budget.ts';
import { milliseconds } from '#core/contract/duration.ts';
import type { DeploymentPlan, Head, Instant, Intent, Phase, Placement } from '#core/contract/ledger.ts';
import type { Settings } from '#core/contract/settings.ts';
import type { Context, Converge } from '#core/contract/states.ts';
import type { Target } from '#core/contract/target.ts';
import { LONGEST_REASON, oneLine } from '#core/contract/text.ts';
import { type Action, isServing, isTooOld, planConvergence, raisesWeight } from '#core/domain/converge-plan.ts';
import { missingForCandidate, missingForTraffic } from '#core/domain/gates.ts';
import { draftIntent, type IntentBasis, isLast } from '#core/domain/intent.ts';
import type { Observed } from '#core/domain/observed.ts';
import { planned, releaseOf } from '#core/domain/planned.ts';
import { CHANGE_LASTS_SECONDS } from '#core/domain/repair.ts';
import { linesIfAny, withLastLines } from '#core/domain/sentence.ts';
import type { Clock, Ledger, SlotControl } from '#core/ports.ts';

type Input = z.infer<typeof Converge.input>;
type Output = z.infer<typeof Converge.output>;

interface Ports {
  readonly ledger: Ledger;
  readonly slots: SlotControl;
  readonly clock: Clock;
}

/** How long one call goes on looking and acting before it answers `progressing`: within the function's and the state's time-outs. */
const PATIENCE_MS = CONVERGE_SECONDS * 1000;

/**
 * A change that was just made is not made again for this long, though a look at AWS may not show it yet: Describe calls
 * are eventually consistent, and a repeated fill would restart the tasks.
 */
const REPEAT_AFTER_MS = 10_000;

/** What a phase must not begin without; the others only take away, or bring back what was there. */
const GATES: Readonly<Record<Phase, typeof missingForTraffic | undefined>> = {
  empty: undefined,
  start: missingForCandidate,
  shift: missingForTraffic,
  promote: missingForTraffic,
  restore: undefined,
};

/**
 * Makes the intent of a phase true, or says what it waits for. The only code with the right to change ECS services,
 * listener rules and scaling. Writes the intent first and each change before it is made, so that any interruption is
 * finished by the next call.
 */
export async function converge(input: Input, ports: Ports): Promise<Output> {
  const { context, phase } = input;
  const { ledger, slots, clock } = ports;
  const plan = (await ledger.deployment(context.deployment))?.plan;
  const inForce =
    plan === undefined
      ? await settingsInForce(context.target, ledger)
      : { of: context.deployment, settings: plan.settings };
  if (inForce === undefined) return { outcome: 'converged' };
  const { settings } = inForce;
  const gate = GATES[phase];
  const refusal = gate?.(planned({ plan }, context.deployment), await ledger.facts(context.deployment));
  if (refusal !== undefined) return { outcome: 'refused', reason: refusal };
  const deadline = Date.parse(clock.now()) + PATIENCE_MS;
  const looked = await look(input, settings, deadline, ports);
  if ('outcome' in looked) return looked;
  let { lookedAt, observed } = looked;
  const { intent, fresh } = await currentIntent(input, plan, inForce, observed, ports);
  const words = new Words(input, fresh, ledger);
  const journal = new Journal(context, intent, ledger, clock);
  for (let rests = 0; ; rests += 1) {
    const traffic = await ledger.traffic(context.target);
    const next = planConvergence({ intent, observed, lookedAt, traffic, settings, now: clock.now() });
    if (isServing(intent, observed)) await words.say();
    if (next.outcome === 'converged' && isLast(intent)) await ledger.settle(context, intent);
    if (next.outcome === 'stuck') return explained(next, intent, settings, plan, slots);
    if (next.outcome !== 'act' && next.outcome !== 'progressing') return next;
    const seen = { intent, observed, lookedAt };
    const acted =
      next.outcome === 'act' &&
      (await journal.make(next.actions, async (action) => {
        if (raisesWeight(action, seen.observed) && isTooOld({ ...seen, now: clock.now() })) throw new LookTooOld();
        await slots.apply(settings, action);
      }));
    if (acted) rests = -1;
    else {
      const waitingFor = next.outcome === 'progressing' ? next.waitingFor : 'AWS to show the last change';
      const left = deadline - Date.parse(clock.now());
      if (left <= 0) return { outcome: 'progressing', waitingFor };
      await clock.sleep(restOf(settings, rests, left));
    }
    const again = await look(input, settings, deadline, ports);
    if ('outcome' in again) return again;
    ({ lookedAt, observed } = again);
  }
}

/**
 * What AWS shows, and since when that is so. A look that AWS does not answer, because the account's buckets are empty or it is slow,
 * is tried again, and is progress for as long as a candidate may take (I19): only then is it a surprise.
 */
async function look(
  { context, phase }: Input,
  settings: Settings,
  deadline: number,
  { ledger, slots, clock }: Ports,
): Promise<{ readonly lookedAt: Instant; readonly observed: Observed } | Output> {
  for (let failures = 0; ; failures += 1) {
    const lookedAt = clock.now();
    try {
      return { lookedAt, observed: await slots.observe(settings) };
    } catch (error) {
      const intent = await ledger.intent(context.target);
      const isOwn = intent?.deployment === context.deployment && intent.phase === phase;
      const since = isOwn ? Date.parse(clock.now()) - Date.parse(intent.at) : Number.POSITIVE_INFINITY;
      if (since > milliseconds(settings.candidate.timeout)) throw error;
      const left = deadline - Date.parse(clock.now());
      if (left <= 0) return { outcome: 'progressing', waitingFor: `AWS to answer (${String(error)})` };
      await clock.sleep(restOf(settings, failures, left));
    }
  }
}

/** Milliseconds until the next look after so many that led to nothing. @param left until the end of this call */
function restOf({ poll }: Settings, looks: number, left: number): number {
  return Math.min(left, milliseconds(poll) * Math.min(LONGEST_REST, 1.5 ** looks));
}

/** The longest rest between two looks, in rests of the settings. */
const LONGEST_REST = 4;

/** Between the look and the change so much time went by, in the ledger, that the look is no ground for the change any more. */
class LookTooOld extends Error {
  override readonly name = 'LookTooOld';
  override readonly message = 'not made: the look at AWS was too old by then';
}

/** The intent that this phase has, or had when it was interrupted. */
async function currentIntent(
  { context, phase, weight }: Input,
  plan: DeploymentPlan | undefined,
  { of, settings }: PlannedSettings,
  observed: Observed,
  { ledger, slots, clock }: Ports,
): Promise<{ intent: Intent; fresh: boolean }> {
  const before = await ledger.intent(context.target);
  const candidate = plan?.candidate;
  const sameShare = phase !== 'shift' || (candidate !== undefined && before?.weights?.[candidate] === weight);
  if (
    before?.deployment === context.deployment &&
    before.token === context.token &&
    before.phase === phase &&
    sameShare
  )
    return { intent: before, fresh: false };
  const head =
    phase === 'promote'
      ? await promote(context, planned({ plan }, context.deployment), ledger, clock)
      : await ledger.head(context.target);
  const needsTasks = phase === 'start' || phase === 'shift';
  const basis: IntentBasis = {
    head,
    settings,
    served: await servedCapacity(head, ledger),
    ...(plan === undefined ? {} : { plan }),
    ...(needsTasks ? { taskDefinition: await taskDefinition(context, plan, ledger, slots) } : {}),
    ...(weight === undefined ? {} : { weight }),
    running: { blue: observed.slots.blue.service?.running ?? 0, green: observed.slots.green.service?.running ?? 0 },
    now: clock.now(),
  };
  const intent = await ledger.writeIntent(
    context,
    { ...draftIntent(phase, basis), settingsOf: of, ...rescueOf(phase, plan) },
    describe(phase, weight),
  );
  return { intent, fresh: true };
}

/** On the way back, what is live must be able to serve, as ever: else the weights stay where they are. */
function rescueOf(phase: Phase, plan: DeploymentPlan | undefined): Pick<Intent, 'rescue'> {
  return plan?.rescue === undefined || isLast({ phase }) ? {} : { rescue: true };
}

/** Why what is live is brought back, for the ledger: written once, and only when the traffic is back (I19, weights first, words after). */
class Words {
  readonly #input: Input;
  readonly #ledger: Ledger;
  #waiting: boolean;

  constructor(input: Input, fresh: boolean, ledger: Ledger) {
    this.#input = input;
    this.#ledger = ledger;
    this.#waiting = fresh && input.phase === 'restore' && input.reason !== undefined;
  }

  async say(): Promise<void> {
    if (!this.#waiting) return;
    this.#waiting = false;
    const { context, reason = '' } = this.#input;
    await this.#ledger.note(context, { type: 'roll back began', cause: reason });
  }
}

/** Settings, and the deployment whose plan has them. */
interface PlannedSettings {
  readonly of: string;
  readonly settings: Settings;
}

/**
 * The settings of a deployment that has no plan of its own: it brings things back. They are those that what is live was deployed
 * with; before anything was live, those of the last intent. Only what the ledger keeps counts, so that settings which somebody
 * broke since keep nothing from being brought back. undefined: nothing was ever changed, and nothing is to be brought back.
 */
async function settingsInForce(target: Target, ledger: Ledger): Promise<PlannedSettings | undefined> {
  const { live } = await ledger.head(target);
  const of = live?.deployment ?? (await ledger.intent(target))?.settingsOf;
  return of === undefined ? undefined : { of, settings: planned(await ledger.deployment(of), of).settings };
}

/** The capacity that live and warm were deployed with: what serves keeps them until other settings have passed. */
async function servedCapacity({ live, warm }: Head, ledger: Ledger): Promise<IntentBasis['served']> {
  const capacity = async (placement: Placement | undefined) =>
    placement && planned(await ledger.deployment(placement.deployment), placement.deployment).settings.capacity;
  const [ofLive, ofWarm] = await Promise.all([capacity(live), capacity(warm)]);
  return { ...(ofLive && { live: ofLive }), ...(ofWarm && { warm: ofWarm }) };
}

/** Moves the ledger's live to the candidate, once. */
async function promote(context: Context, plan: DeploymentPlan, ledger: Ledger, clock: Clock): Promise<Head> {
  const head = await ledger.head(context.target);
  if (head.live?.slot === plan.candidate && head.live.deployable.digest === plan.deployable.digest) return head;
  const registered = (await ledger.facts(context.deployment))['task-definition'];
  const arn = registered?.detail['arn'];
  if (typeof arn !== 'string') throw new Error(`${context.deployment} has no task definition to promote`);
  const live = {
    slot: plan.candidate,
    deployable: plan.deployable,
    taskDefinition: arn,
    releaseJson: plan.releaseJson,
    deployment: context.deployment,
  };
  const until = new Date(Date.parse(clock.now()) + milliseconds(plan.settings.warm)).toISOString();
  await ledger.promote(
    context,
    // A release without a healthy task is not kept as the way back.
    { live, ...(head.live === undefined || plan.rescue !== undefined ? {} : { warm: { ...head.live, until } }) },
    plan.rescue === undefined ? 'every step of the traffic plan passed' : `a rescue: ${plan.rescue}`,
  );
  return ledger.head(context.target);
}

async function taskDefinition(
  context: Context,
  plan: DeploymentPlan | undefined,
  ledger: Ledger,
  slots: SlotControl,
): Promise<string> {
  const whole = planned({ plan }, context.deployment);
  const { settings, deployable, candidate } = whole;
  const known = (await ledger.facts(context.deployment))['task-definition']?.detail['arn'];
  if (typeof known === 'string') return known;
  const arn = await slots.registerTaskDefinition(settings, releaseOf(whole), candidate, context.deployment);
  await ledger.saveFact(context, { kind: 'task-definition', deployable, detail: { arn } }, 'registered');
  return arn;
}

async function explained(
  stuck: { outcome: 'stuck'; reason: string },
  intent: Intent,
  settings: Settings,
  plan: DeploymentPlan | undefined,
  slots: SlotControl,
): Promise<Output> {
  const candidate = plan === undefined ? undefined : intent.slots[plan.candidate];
  if (candidate?.state !== 'filled' || candidate.role !== 'candidate') return stuck;
  return withLastLines(stuck, await linesIfAny(() => slots.lastLines(settings, candidate.taskDefinition)));
}

function describe(phase: Phase, weight: number | undefined): string {
  return phase !== 'shift' || weight === undefined ? phase : `${phase} to ${weight} %`;
}

/** Writes each change down before it is made and after it was answered, and makes none twice in a row. */
class Journal {
  readonly #context: Context;
  readonly #intent: Intent;
  readonly #ledger: Ledger;
  readonly #clock: Clock;
  readonly #madeAt = new Map<string, number>();
  #n: number | undefined;

  constructor(context: Context, intent: Intent, ledger: Ledger, clock: Clock) {
    this.#context = context;
    this.#intent = intent;
    this.#ledger = ledger;
    this.#clock = clock;
  }

  /** False when each of the actions was made a moment ago, so that AWS has to show it first. */
  async make(actions: readonly Action[], apply: (action: Action) => Promise<void>): Promise<boolean> {
    await this.#readLast();
    let made = false;
    for (const action of actions) {
      const key = JSON.stringify(action);
      const now = Date.parse(this.#clock.now());
      if (now - (this.#madeAt.get(key) ?? Number.NEGATIVE_INFINITY) < REPEAT_AFTER_MS) continue;
      if (!(await this.#make(action, apply))) return made;
      this.#madeAt.set(key, now);
      made = true;
    }
    return made;
  }

  /** False when the look was too old for it. */
  async #make(action: Action, apply: (action: Action) => Promise<void>): Promise<boolean> {
    const n = (this.#n ?? 0) + 1;
    this.#n = n;
    const { traffic } = trafficAfter(action);
    const latest = new Date(Date.parse(this.#clock.now()) + CHANGE_LASTS_SECONDS * 1000).toISOString();
    await this.#ledger.openChange(
      this.#context,
      { n, intent: this.#intent.n, call: action.do, action: { ...action } },
      ...(traffic === undefined ? [] : [{ weights: traffic, at: latest }]),
    );
    try {
      await apply(action);
    } catch (error) {
      await this.#ledger.closeChange(this.#context, n, {
        ...trafficAfter(action),
        error: oneLine(String(error), LONGEST_REASON),
      });
      if (error instanceof LookTooOld) return false;
      throw error;
    }
    await this.#ledger.closeChange(this.#context, n, { ...trafficAfter(action) });
    return true;
  }

  async #readLast(): Promise<void> {
    if (this.#n !== undefined) return;
    const last = await this.#ledger.lastChange(this.#context.deployment);
    this.#n = last?.n ?? 0;
    if (last !== undefined && last.intent === this.#intent.n && last.error === undefined) {
      this.#madeAt.set(JSON.stringify(last.action), Date.parse(last.at));
    }
  }
}

function trafficAfter(action: Action): { traffic?: Intent['weights'] } {
  switch (action.do) {
    case 'create rule':
    case 'set weights':
      return { traffic: action.weights };
    case 'delete rule':
      return { traffic: null };
    case 'create service':
    case 'set health check':
    case 'set drain':
    case 'fill slot':
    case 'resize slot':
    case 'empty slot':
    case 'register scalable target':
    case 'put scaling policy':
      return {};
    default:
      return action satisfies never;
  }
}
