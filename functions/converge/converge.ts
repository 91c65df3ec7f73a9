import type * as z from 'zod';
import { milliseconds } from '#core/contract/duration.ts';
import type { DeploymentPlan, Head, Intent, Phase, Placement } from '#core/contract/ledger.ts';
import type { Settings } from '#core/contract/settings.ts';
import type { Context, Converge } from '#core/contract/states.ts';
import type { Target } from '#core/contract/target.ts';
import { type Action, planConvergence } from '#core/domain/converge-plan.ts';
import { missingForCandidate, missingForTraffic } from '#core/domain/gates.ts';
import { draftIntent, type IntentBasis } from '#core/domain/intent.ts';
import type { Observed } from '#core/domain/observed.ts';
import { planned, releaseOf } from '#core/domain/planned.ts';
import { withLastLines } from '#core/domain/sentence.ts';
import type { Clock, Ledger, SettingsStore, SlotControl } from '#core/ports.ts';

type Input = z.infer<typeof Converge.input>;
type Output = z.infer<typeof Converge.output>;

interface Ports {
  readonly ledger: Ledger;
  readonly settings: SettingsStore;
  readonly slots: SlotControl;
  readonly clock: Clock;
}

/** How long one call goes on looking and acting before it answers `progressing`: within the function's and the state's time-outs. */
const PATIENCE_MS = 20_000;

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
  const settings = plan?.settings ?? (await settingsInForce(context.target, ports));
  const gate = GATES[phase];
  const refusal = gate?.(planned({ plan }, context.deployment), await ledger.facts(context.deployment));
  if (refusal !== undefined) return { outcome: 'refused', reason: refusal };
  let observed = await slots.observe(settings);
  const intent = await currentIntent(input, plan, settings, observed, ports);
  const deadline = Date.parse(clock.now()) + PATIENCE_MS;
  const journal = new Journal(context, intent, ledger, clock);
  for (;;) {
    const traffic = await ledger.traffic(context.target);
    const next = planConvergence({ intent, observed, traffic, settings, now: clock.now() });
    if (next.outcome === 'stuck') return explained(next, intent, settings, plan, slots);
    if (next.outcome !== 'act' && next.outcome !== 'progressing') return next;
    const acted =
      next.outcome === 'act' && (await journal.make(next.actions, (action) => slots.apply(settings, action)));
    if (!acted) {
      const waitingFor = next.outcome === 'progressing' ? next.waitingFor : 'AWS to show the last change';
      if (Date.parse(clock.now()) >= deadline) return { outcome: 'progressing', waitingFor };
      await clock.sleep(milliseconds(settings.poll));
    }
    observed = await slots.observe(settings);
  }
}

/** The intent that this phase has, or had when it was interrupted. */
async function currentIntent(
  { context, phase, weight, reason }: Input,
  plan: DeploymentPlan | undefined,
  settings: Settings,
  observed: Observed,
  { ledger, slots, clock }: Ports,
): Promise<Intent> {
  const before = await ledger.intent(context.target);
  const candidate = plan?.candidate;
  const sameShare = phase !== 'shift' || (candidate !== undefined && before?.weights?.[candidate] === weight);
  if (
    before?.deployment === context.deployment &&
    before.token === context.token &&
    before.phase === phase &&
    sameShare
  )
    return before;
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
  if (phase === 'restore' && reason !== undefined)
    await ledger.note(context, { type: 'roll back began', cause: reason });
  return ledger.writeIntent(context, draftIntent(phase, basis), reason ?? describe(phase, weight));
}

/**
 * The settings that what is live was deployed with; before anything was, those that are published. A deployment that brings
 * things back has no plan of its own, and settings that somebody broke since must not keep it from doing so.
 */
async function settingsInForce(target: Target, { ledger, settings }: Ports): Promise<Settings> {
  const { live } = await ledger.head(target);
  if (live !== undefined) return planned(await ledger.deployment(live.deployment), live.deployment).settings;
  const published = await settings.settings(target);
  if (typeof published === 'string') throw new Error(published);
  return published;
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
    { live, ...(head.live === undefined ? {} : { warm: { ...head.live, until } }) },
    'every step of the traffic plan passed',
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
  return withLastLines(stuck, await slots.lastLines(settings, candidate.taskDefinition));
}

function describe(phase: Phase, weight: number | undefined): string {
  return weight === undefined ? phase : `${phase} to ${weight} %`;
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
      await this.#make(action, apply);
      this.#madeAt.set(key, now);
      made = true;
    }
    return made;
  }

  async #make(action: Action, apply: (action: Action) => Promise<void>): Promise<void> {
    const n = (this.#n ?? 0) + 1;
    this.#n = n;
    await this.#ledger.openChange(this.#context, { n, intent: this.#intent.n, call: action.do, action: { ...action } });
    try {
      await apply(action);
    } catch (error) {
      await this.#ledger.closeChange(this.#context, n, { error: String(error) });
      throw error;
    }
    await this.#ledger.closeChange(this.#context, n, { ...trafficAfter(action) });
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
