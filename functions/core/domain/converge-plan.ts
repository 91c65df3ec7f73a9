import { emptyingSeconds } from '../contract/budget.ts';
import { type Duration, milliseconds } from '../contract/duration.ts';
import type { Instant, Intent, SlotIntent, Traffic } from '../contract/ledger.ts';
import type { Settings } from '../contract/settings.ts';
import { SLOTS, type Slot, type Weights } from '../contract/slot.ts';
import { isLast } from './intent.ts';
import type { Observed, ObservedSlot } from './observed.ts';
import { healthyNeeded } from './traffic-plan.ts';

type FilledIntent = Extract<SlotIntent, { state: 'filled' }>;

/** One change of AWS. */
export type Action =
  | { readonly do: 'create service'; readonly slot: Slot; readonly taskDefinition: string }
  /** The load balancer's health check of the slot's target group, and how long it lets those go that leave. */
  | { readonly do: 'set health check'; readonly slot: Slot; readonly health: Settings['health'] }
  | { readonly do: 'set drain'; readonly slot: Slot; readonly deregistration: Duration }
  | { readonly do: 'fill slot'; readonly slot: Slot; readonly taskDefinition: string; readonly desired: number }
  | { readonly do: 'resize slot'; readonly slot: Slot; readonly desired: number }
  | { readonly do: 'empty slot'; readonly slot: Slot }
  | {
      readonly do: 'register scalable target';
      readonly slot: Slot;
      readonly min: number;
      readonly max: number;
      readonly scaleIn: boolean;
      readonly scaleOut: boolean;
    }
  | { readonly do: 'put scaling policy'; readonly slot: Slot }
  | { readonly do: 'create rule'; readonly weights: Weights }
  | { readonly do: 'set weights'; readonly rule: string; readonly weights: Weights }
  | { readonly do: 'delete rule'; readonly rule: string };

/** What is to be done next to make an intent true. */
export type ConvergePlan =
  /** Make these changes, in this order, then look again. */
  | { readonly outcome: 'act'; readonly actions: readonly Action[] }
  /** `left`: what of it is not as it should be, though nothing that serves needs it. */
  | { readonly outcome: 'converged'; readonly left?: string }
  | { readonly outcome: 'progressing'; readonly waitingFor: string }
  | { readonly outcome: 'stuck'; readonly reason: string }
  | { readonly outcome: 'refused'; readonly reason: string };

export interface ConvergeInput {
  readonly intent: Intent;
  readonly observed: Observed;
  /** What was last written to the production rule, and when; undefined before the first. */
  readonly traffic: Traffic | undefined;
  /** When the look that showed `observed` began. */
  readonly lookedAt: Instant;
  readonly settings: Pick<Settings, 'candidate' | 'capacity' | 'drain' | 'health'>;
  readonly now: Instant;
}

/** A weight is raised only on a look that is not older (I4): tasks that were healthy then may have ended since. */
const LOOK_LASTS_MS = 3_000;

/**
 * The next changes towards an intent, from what AWS shows now. Pure; the caller makes them and asks again, so that each
 * change is judged on a fresh look and an interrupted run is finished by the next one.
 *
 * The order is what keeps traffic served: capacity up, enough healthy tasks of the right digest, weights (the caller's
 * next look reads them back), settle, capacity down, and the minimum and maximum last.
 */
export function planConvergence(input: ConvergeInput): ConvergePlan {
  return (
    refuseForeignRule(input) ??
    firstOf(SLOTS, (slot) => capacityUp(slot, input)) ??
    weights(input) ??
    liveServes(input) ??
    firstOf(SLOTS, (slot) => capacityDown(slot, input)) ??
    firstOf(SLOTS, (slot) => finalBounds(slot, input)) ??
    reached(input)
  );
}

/** The end of a phase. A slot that does not become empty holds up no deployment that has all the traffic where it belongs. */
function reached(input: ConvergeInput): ConvergePlan {
  const left = SLOTS.flatMap((slot) => {
    if (input.intent.slots[slot].state === 'filled' || isEmpty(input.observed.slots[slot])) return [];
    return [`The ${slot} slot is not empty yet: look at its service and its target group in the console.`];
  });
  return left.length === 0 ? { outcome: 'converged' } : { outcome: 'converged', left: left.join(' ') };
}

/** Tasks of a slot that the load balancer finds healthy and that run exactly what is named. */
export function healthyPlaced(
  { taskDefinition, deployable }: Pick<FilledIntent, 'taskDefinition' | 'deployable'>,
  observed: ObservedSlot,
): number {
  return observed.tasks.filter(
    (task) =>
      task.running && task.healthy && task.taskDefinition === taskDefinition && task.digest === deployable.digest,
  ).length;
}

function refuseForeignRule({ observed }: ConvergeInput): ConvergePlan | undefined {
  const foreign = observed.rule?.foreign;
  return foreign === null || foreign === undefined
    ? undefined
    : { outcome: 'refused', reason: `The production rule was changed, and not by Farol: ${foreign}.` };
}

function capacityUp(slot: Slot, input: ConvergeInput): ConvergePlan | undefined {
  const intent = input.intent.slots[slot];
  if (intent.state === 'empty') return undefined;
  const { service, scaling } = input.observed.slots[slot];
  const { taskDefinition, desired } = intent;
  if (service === null) return act({ do: 'create service', slot, taskDefinition });
  if (scaling === null)
    return act({ do: 'register scalable target', slot, min: 0, max: intent.max, scaleIn: false, scaleOut: false });
  // Settings are deployed with a release: what serves keeps the policy that it was deployed with.
  const outdated = intent.role === 'candidate' && scaling.targetValue !== input.settings.capacity.requestsPerTarget;
  if (scaling.targetValue === null || outdated) return act({ do: 'put scaling policy', slot });
  if (intent.role !== 'candidate') return keep(slot, intent, input);
  if (service.taskDefinition !== taskDefinition || service.desired === 0) {
    const emptied = emptyFirst(slot, input);
    if (emptied !== undefined) return emptied;
    // The scalable target before the count: with the old maximum, scaling would clamp the fill. The minimum follows once it is full,
    // or scaling would start tasks of the former task definition.
    return scaling.min !== 0 || scaling.max < desired || scaling.scaleOut
      ? act({ do: 'register scalable target', slot, min: 0, max: intent.max, scaleIn: false, scaleOut: false })
      : act(...fill(slot, intent, input));
  }
  if (service.desired < desired) return act({ do: 'resize slot', slot, desired });
  return untilHealthy(slot, intent, input);
}

/**
 * The target group takes the settings while it is empty: what serves keeps those that it was deployed with. Not looked
 * up before, since a look at every turn would cost more than to say twice what is true already.
 */
function fill(slot: Slot, { taskDefinition, desired }: FilledIntent, { settings }: ConvergeInput): readonly Action[] {
  return [
    { do: 'set health check', slot, health: settings.health },
    { do: 'set drain', slot, deregistration: settings.drain.deregistration },
    { do: 'fill slot', slot, taskDefinition, desired },
  ];
}

/** Live and warm slots are never filled again: what runs in them was changed by something other than Farol. */
function keep(slot: Slot, intent: FilledIntent, { observed }: ConvergeInput): ConvergePlan | undefined {
  const { service, scaling } = observed.slots[slot];
  if (service === null || scaling === null) return undefined;
  if (service.taskDefinition !== intent.taskDefinition) {
    return {
      outcome: 'refused',
      reason: `The ${intent.role} slot ${slot} runs ${service.taskDefinition}, the ledger says ${intent.taskDefinition}: it was changed, and not by Farol.`,
    };
  }
  if (scaling.scaleIn && !intent.scaleIn) return act(scalableTarget(slot, intent));
  return undefined;
}

/** A slot is emptied before it is filled: a rolling update would mix two releases behind one weight. */
function emptyFirst(slot: Slot, input: ConvergeInput): ConvergePlan | undefined {
  const observed = input.observed.slots[slot];
  if (isEmpty(observed)) return undefined;
  const weight = input.observed.rule?.weights[slot] ?? 0;
  if (weight > 0) {
    return {
      outcome: 'refused',
      reason: `The ${slot} slot still gets ${weight} % of the traffic and holds another release.`,
    };
  }
  return empty(slot, observed, input);
}

function untilHealthy(slot: Slot, intent: FilledIntent, input: ConvergeInput): ConvergePlan | undefined {
  const observed = input.observed.slots[slot];
  const healthy = healthyPlaced(intent, observed);
  if (healthy >= intent.desired) return undefined;
  const crashes = observed.crashes.filter(({ taskDefinition }) => taskDefinition === intent.taskDefinition);
  const last = crashes[0];
  if (crashes.length >= input.settings.candidate.crashes && last !== undefined) {
    return {
      outcome: 'stuck',
      reason: `The candidate ends by itself again and again (${crashes.length} tasks): ${last.reason}`,
    };
  }
  if (observed.service?.failed === true) {
    return {
      outcome: 'stuck',
      reason: `ECS gave the candidate up: ${last?.reason ?? observed.service.events[0] ?? 'no event'}`,
    };
  }
  const waitingFor = `${healthy} of ${intent.desired} tasks healthy in ${slot}`;
  if (elapsed(input.intent.at, input.now) > milliseconds(input.settings.candidate.timeout)) {
    const why = observed.unhealthyReasons[0] ?? last?.reason ?? observed.service?.events[0] ?? 'no reason was given';
    return {
      outcome: 'stuck',
      reason: `The candidate did not become healthy within ${input.settings.candidate.timeout}: ${waitingFor}; ${why}`,
    };
  }
  return { outcome: 'progressing', waitingFor };
}

/** Whether the traffic is where the intent wants it. */
export function isServing({ weights }: Pick<Intent, 'weights'>, { rule }: Pick<Observed, 'rule'>): boolean {
  return weights === null ? rule === null : SLOTS.every((slot) => rule?.weights[slot] === weights[slot]);
}

function weights(input: ConvergeInput): ConvergePlan | undefined {
  const { intent, observed } = input;
  const { rule } = observed;
  if (isServing(intent, observed)) return undefined;
  if (intent.weights === null) return rule === null ? undefined : act({ do: 'delete rule', rule: rule.arn });
  for (const slot of SLOTS) {
    const weight = intent.weights[slot];
    if (weight <= (rule?.weights[slot] ?? 0)) continue;
    const lacking = lackOfHealth(slot, weight, input);
    if (lacking !== undefined) return lacking;
    if (isTooOld(input))
      return { outcome: 'progressing', waitingFor: `a look that is at most ${LOOK_LASTS_MS / 1000} s old` };
  }
  return act(
    rule === null
      ? { do: 'create rule', weights: intent.weights }
      : { do: 'set weights', rule: rule.arn, weights: intent.weights },
  );
}

/**
 * Whether a look is too old to raise a weight on. On the way back no look is: a slow or throttled AWS must not keep users on a
 * release that failed (I19).
 */
export function isTooOld({ intent, lookedAt, now }: Pick<ConvergeInput, 'intent' | 'lookedAt' | 'now'>): boolean {
  return intent.phase !== 'restore' && elapsed(lookedAt, now) > LOOK_LASTS_MS;
}

/** Whether a change gives a slot more of the traffic than it was seen to have. */
export function raisesWeight(action: Action, { rule }: Pick<Observed, 'rule'>): boolean {
  if (action.do !== 'create rule' && action.do !== 'set weights') return false;
  return SLOTS.some((slot) => action.weights[slot] > (rule?.weights[slot] ?? 0));
}

/**
 * What everything ends in serves: all the weight on a slot without a healthy task is no end (I6). ECS starts tasks again; where
 * that does not help within the time that a candidate has, people must look.
 */
function liveServes({ intent, observed, settings, now }: ConvergeInput): ConvergePlan | undefined {
  if (!isLast(intent)) return undefined;
  for (const slot of SLOTS) {
    const live = intent.slots[slot];
    if (live.state === 'empty' || live.role !== 'live' || healthyPlaced(live, observed.slots[slot]) > 0) continue;
    const { unhealthyReasons, service } = observed.slots[slot];
    if (elapsed(intent.at, now) <= milliseconds(settings.candidate.timeout))
      return { outcome: 'progressing', waitingFor: `a healthy task of the live release in ${slot}` };
    const why = unhealthyReasons[0] ?? service?.events[0] ?? 'no reason was given';
    return {
      outcome: 'stuck',
      reason: `The live slot ${slot} has all the traffic, and had no healthy task within ${settings.candidate.timeout}: ${why}`,
    };
  }
  return undefined;
}

/** I4: a weight is raised only on a slot that can serve it at this moment. */
function lackOfHealth(
  slot: Slot,
  weight: number,
  { intent, observed, settings, now }: ConvergeInput,
): ConvergePlan | undefined {
  const slotIntent = intent.slots[slot];
  // A rescue needs the other slot. Until it is filled, the traffic is on live's, where no request is served.
  if (intent.rescue === true && slotIntent.state === 'filled' && slotIntent.role === 'live') return undefined;
  if (slotIntent.state === 'empty')
    return { outcome: 'refused', reason: `The ${slot} slot is to be empty, yet would get ${weight} %.` };
  const healthy = healthyPlaced(slotIntent, observed.slots[slot]);
  // On the way back any healthy task of the live release is better than the candidate that just failed.
  const needed = intent.phase === 'restore' ? 1 : healthyNeeded(weight, slotIntent.desired);
  if (healthy >= needed) return undefined;
  const reason = `${healthy} of the ${needed} healthy tasks that ${weight} % need in ${slot}`;
  if (intent.phase === 'restore')
    return { outcome: 'stuck', reason: `The live slot cannot take the traffic back: ${reason}.` };
  return elapsed(intent.at, now) > milliseconds(settings.candidate.timeout)
    ? {
        outcome: 'stuck',
        reason: `The candidate did not become able to serve ${weight} % within ${settings.candidate.timeout}: ${reason}.`,
      }
    : { outcome: 'progressing', waitingFor: reason };
}

function capacityDown(slot: Slot, input: ConvergeInput): ConvergePlan | undefined {
  const observed = input.observed.slots[slot];
  if (input.intent.slots[slot].state === 'filled' || isEmpty(observed)) return undefined;
  const next = empty(slot, observed, input);
  return next.outcome === 'stuck' && isLast(input.intent) ? undefined : next;
}

/**
 * The minimum and the count to zero, once no load balancer node can still send a request here: weights in DescribeRules
 * are configuration, not traffic (argo-rollouts 4595: 503s when the old side went at the moment its weight became 0).
 */
function empty(
  slot: Slot,
  { service, scaling }: ObservedSlot,
  { intent, traffic, settings, now }: ConvergeInput,
): ConvergePlan {
  const untilEmpty = (waitingFor: string): ConvergePlan => {
    const allowed = emptyingSeconds(settings.drain) * 1000;
    return elapsed(intent.at, now) <= allowed
      ? { outcome: 'progressing', waitingFor }
      : {
          outcome: 'stuck',
          reason: `The ${slot} slot did not become empty within ${Math.round(allowed / 1000)} s, waiting for ${waitingFor}.`,
        };
  };
  if (service === null) return untilEmpty(`the target group of ${slot} to be empty`);
  const settling = traffic === undefined ? 0 : milliseconds(settings.drain.settle) - elapsed(traffic.at, now);
  if (settling > 0 && service.desired > 0) {
    return { outcome: 'progressing', waitingFor: `the old weights to settle before ${slot} is emptied` };
  }
  if (scaling !== null && (scaling.min > 0 || scaling.scaleOut)) {
    return act({ do: 'register scalable target', slot, min: 0, max: scaling.max, scaleIn: false, scaleOut: false });
  }
  if (service.desired > 0) return act({ do: 'empty slot', slot });
  return untilEmpty(`${service.running} tasks of ${slot} to drain and stop`);
}

function finalBounds(slot: Slot, { intent, observed }: ConvergeInput): ConvergePlan | undefined {
  const slotIntent = intent.slots[slot];
  const { scaling } = observed.slots[slot];
  if (slotIntent.state === 'empty' || scaling === null) return undefined;
  const wanted = scalableTarget(slot, slotIntent);
  return scaling.min === wanted.min &&
    scaling.max === wanted.max &&
    scaling.scaleIn === wanted.scaleIn &&
    scaling.scaleOut === wanted.scaleOut
    ? undefined
    : act(wanted);
}

function scalableTarget(slot: Slot, { min, max, scaleIn, scaleOut }: FilledIntent) {
  return { do: 'register scalable target', slot, min, max, scaleIn, scaleOut } as const;
}

function isEmpty({ service, tasks, registeredTargets }: ObservedSlot): boolean {
  return (
    registeredTargets === 0 &&
    (service === null || (service.desired === 0 && service.running + service.pending === 0 && tasks.length === 0))
  );
}

function elapsed(from: Instant, to: Instant): number {
  return Date.parse(to) - Date.parse(from);
}

function act(...actions: Action[]): ConvergePlan {
  return { outcome: 'act', actions };
}

function firstOf<T, R>(items: readonly T[], find: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
