import type { DeploymentPlan, Head, Intent, Phase } from '#core/contract/ledger.ts';
import { otherSlot, type Slot } from '#core/contract/slot.ts';
import { type Action, planConvergence } from '#core/domain/converge-plan.ts';
import { draftIntent } from '#core/domain/intent.ts';
import { SETTINGS } from '../../../../fixtures/settings.ts';
import {
  CAPACITY,
  deployable,
  eventsOf,
  LEFT,
  MODEL_SETTINGS,
  made,
  ORPHAN,
  observed,
  placement,
  serving,
  taskDefinition,
  UNTOUCHED,
  VERSIONS,
  type Version,
  WARM,
  type World,
} from './model.ts';

/** What the deployment does now; `done` and `frozen` are ends. */
type Stage = Phase | 'done' | 'frozen';

/** Everything that is true at one moment. */
export interface State {
  readonly world: World;
  /** What a look may still show in place of `world`: how things were before the last changes. */
  readonly before: World | undefined;
  /** The changes between the two. */
  readonly last: readonly Action[];
  readonly stage: Stage;
  /** The candidate's share, in the stage `shift`. */
  readonly weight: number;
  readonly live: { readonly slot: Slot; readonly version: Version } | undefined;
  readonly warm: { readonly slot: Slot; readonly over: boolean } | undefined;
  readonly intent: Pick<Intent, 'phase' | 'slots' | 'weights'> | undefined;
  /** Whether the last change of weights has settled; undefined: none has been written. */
  readonly settled: boolean | undefined;
  /** Whether the candidate's time is over. */
  readonly late: boolean;
  /** Faults that may still happen: each path has few, and the paths are all that there are. */
  readonly faults: number;
}

/** One thing that may happen next. */
export interface Step {
  readonly what: string;
  readonly fault: boolean;
  readonly after: State;
  /** It only waits. */
  readonly waits?: true;
  /** The change of AWS that it makes, with what its look had shown and what was true; for the rules. */
  readonly change?: { readonly action: Action; readonly seen: World; readonly stale: boolean };
}

/** Decides what is to be done next: Farol's own rule, or one that was spoiled on purpose. */
export type Plan = typeof planConvergence;

/** The plan of the deployment: which slot it uses is a matter of the state. */
const PLAN: Omit<DeploymentPlan, 'candidate'> = {
  settings: { ...SETTINGS, ...MODEL_SETTINGS },
  deployable: deployable('new'),
  commit: 'c0ffee',
  author: '',
  build: '',
  releaseJson: placement('blue', 'new').releaseJson,
  capacity: 1,
  steps: [],
};

/** What the plan does not look at. */
const WRITTEN = { n: 1, token: 1, deployment: 'web-production-new', settingsOf: 'web-production-new' };
const NOW = '2026-01-01T12:00:00.000Z';
const LONG_AGO = '2026-01-01T00:00:00.000Z';
/** When an intent was written whose candidate has had its time ({@link MODEL_SETTINGS}); what leaves a slot has more. */
const LATE = new Date(Date.parse(NOW) - 601_000).toISOString();
const LATER = '2026-01-02T00:00:00.000Z';

/** Targets as deployments find them: the old release is live in blue, or none yet, and the new one is about to be deployed. */
const TARGETS = {
  'nothing is live yet': { slots: { blue: UNTOUCHED, green: UNTOUCHED }, blue: null },
  'one task is live': { slots: { blue: serving(1), green: LEFT }, blue: 100 },
  'two tasks are live': { slots: { blue: serving(2), green: UNTOUCHED }, blue: 100 },
  'the release before is warm': { slots: { blue: serving(1), green: WARM }, blue: 100 },
  'a first release has failed': { slots: { blue: LEFT, green: UNTOUCHED }, blue: null },
  'an orphan is in the other slot': { slots: { blue: serving(1), green: ORPHAN }, blue: 100 },
} as const satisfies Record<string, World>;
export const BEGINNINGS = Object.keys(TARGETS).filter((name): name is keyof typeof TARGETS => name in TARGETS);

/**
 * A deployment that begins on such a target.
 * @param faults as many may happen
 * @param liveIn the slot of what is live; Farol looks at blue first, so that the two are not alike
 */
export function begin(name: keyof typeof TARGETS, faults: number, liveIn: Slot = 'blue'): State {
  const given = TARGETS[name];
  const hasLive = given.blue !== null;
  const world: World =
    hasLive && liveIn === 'green' ? { slots: { blue: given.slots.green, green: given.slots.blue }, blue: 0 } : given;
  return {
    world,
    before: undefined,
    last: [],
    stage: 'empty',
    weight: 0,
    live: hasLive ? { slot: liveIn, version: 'old' } : undefined,
    warm: undefined,
    intent: undefined,
    settled: hasLive ? true : undefined,
    late: false,
    faults,
  };
}

/** The slot of the new release. */
export function candidateSlot({ live }: State): Slot {
  return live === undefined ? 'blue' : live.version === 'new' ? live.slot : otherSlot(live.slot);
}

function headOf({ live, warm }: State): Head {
  return {
    ...(live && { live: placement(live.slot, live.version) }),
    ...(warm && { warm: { ...placement(warm.slot, 'old'), until: warm.over ? LONG_AGO : LATER } }),
  };
}

/** What may happen next: the deployment's turn, what AWS does, time that passes, an execution that is stopped. */
export function stepsFrom(state: State, plan: Plan = planConvergence): Step[] {
  const steps: Step[] = [];
  for (const { name, fault, after } of eventsOf(state.world))
    if (!fault || state.faults > 0)
      steps.push({ what: name, fault, after: { ...state, world: after, faults: state.faults - (fault ? 1 : 0) } });
  if (state.settled === false) steps.push({ what: 'weights settle', fault: false, after: { ...state, settled: true } });
  if (state.stage === 'done' && state.warm?.over === false)
    steps.push({
      what: 'the warm time is over',
      fault: false,
      after: { ...state, warm: { ...state.warm, over: true }, stage: 'restore', intent: undefined },
    });
  if (state.stage === 'done' || state.stage === 'frozen') return steps;
  if (['start', 'promote', 'restore'].includes(state.stage) && !state.late && state.faults > 0)
    steps.push({
      what: 'the time for it is over',
      fault: true,
      after: { ...state, late: true, faults: state.faults - 1 },
    });
  if (state.faults > 0) steps.push({ what: 'the execution is stopped', fault: true, after: stopped(state) });
  steps.push(...turns(state, state.world, false, plan));
  // A look that still shows how things were: Describe calls are eventually consistent.
  if (state.before !== undefined) steps.push(...turns(state, state.before, true, plan));
  return steps;
}

/**
 * What follows takes the lock over, and waits until nothing of the former holder can still be under way (CHANGE_LASTS_SECONDS,
 * core/domain/repair.ts). By then AWS shows what was done, so that its first look is no old one.
 */
function stopped(state: State): State {
  return {
    ...state,
    before: undefined,
    last: [],
    stage: 'restore',
    intent: undefined,
    late: false,
    faults: state.faults - 1,
  };
}

/** The deployment looks, and does what the plan says. */
function turns(state: State, seen: World, stale: boolean, planOf: Plan): Step[] {
  const withIntent = state.intent === undefined ? begun(state, seen) : state;
  const { intent } = withIntent;
  if (intent === undefined || state.stage === 'done' || state.stage === 'frozen') return [];
  const plan = planOf({
    intent: { ...intent, ...WRITTEN, at: state.late ? LATE : NOW },
    observed: observed(seen),
    traffic:
      withIntent.settled === undefined
        ? undefined
        : { weights: intent.weights, at: withIntent.settled ? LONG_AGO : NOW },
    settings: MODEL_SETTINGS,
    lookedAt: NOW,
    now: NOW,
  });
  const what = `${state.stage}${stale ? ' on an old look' : ''}`;
  const fresh: State = { ...withIntent, before: undefined, last: [] };
  switch (plan.outcome) {
    case 'act': {
      // What was just done is not done again while AWS may not show it yet (functions/converge, Journal).
      if (stale && JSON.stringify(plan.actions) === JSON.stringify(state.last)) return [];
      return acted(withIntent, plan.actions, seen, stale, what);
    }
    case 'progressing':
      return [{ what: `${what} waits`, fault: false, after: fresh, waits: true }];
    case 'stuck':
    case 'refused':
      return [{ what: `${what}: ${plan.outcome}`, fault: false, after: { ...fresh, ...afterFailure(state) } }];
    case 'converged':
      return afterSuccess(fresh).map((after) => ({
        what: `${what} is reached`,
        fault: after.stage === 'restore',
        after,
      }));
    default:
      return plan satisfies never;
  }
}

/** The changes of one turn, one after the other; the execution may be stopped after each. */
function acted(state: State, actions: readonly Action[], seen: World, stale: boolean, what: string): Step[] {
  const steps: Step[] = [];
  let world = state.world;
  let { settled } = state;
  for (const [i, action] of actions.entries()) {
    world = made(world, action);
    if (action.do === 'create rule' || action.do === 'set weights' || action.do === 'delete rule') settled = false;
    const after: State = { ...state, world, settled, before: state.world, last: actions };
    const change = { action, seen, stale };
    if (i === actions.length - 1) steps.push({ what: `${what}: ${action.do}`, fault: false, after, change });
    else if (state.faults > 0)
      steps.push({ what: `${what}: ${action.do}, then stopped`, fault: true, after: stopped(after), change });
  }
  return steps;
}

/** A phase begins: its intent is drafted from the ledger and from how many tasks run. */
function begun(state: State, seen: World): State {
  const { stage } = state;
  if (stage === 'done' || stage === 'frozen') return state;
  // The ledger's live moves to the candidate before the intent of its promotion is written.
  const promoted: State =
    stage === 'promote' && state.live?.version !== 'new'
      ? {
          ...state,
          live: { slot: candidateSlot(state), version: 'new' },
          warm: state.live && { slot: state.live.slot, over: false },
        }
      : state;
  const slot = candidateSlot(promoted);
  const running = (name: Slot) =>
    VERSIONS.reduce((sum, version) => {
      const { starting, healthy, leaving } = seen.slots[name].tasks[version];
      return sum + starting + healthy + leaving;
    }, 0);
  const intent = draftIntent(stage, {
    head: headOf(promoted),
    settings: { capacity: CAPACITY },
    served: { live: CAPACITY, warm: CAPACITY },
    plan: { ...PLAN, candidate: slot },
    taskDefinition: taskDefinition('new'),
    weight: state.weight,
    running: { blue: running('blue'), green: running('green') },
    now: NOW,
  });
  return { ...promoted, intent };
}

function afterFailure(state: State): Partial<State> {
  return state.stage === 'restore' || state.stage === 'promote'
    ? { stage: 'frozen', intent: undefined }
    : { stage: 'restore', intent: undefined, late: false };
}

/** A phase that is reached is followed by the next, or by the way back where a check failed. */
function afterSuccess(state: State): State[] {
  const back: State = { ...state, stage: 'restore', intent: undefined, late: false };
  const on = (change: Partial<State>): State => ({ ...state, intent: undefined, late: false, ...change });
  const failing = state.faults > 0 ? [{ ...back, faults: state.faults - 1 }] : [];
  if (state.stage === 'empty') return [on({ stage: 'start' }), ...failing];
  // The first release of all has nobody to share with.
  if (state.stage === 'start') return [on({ stage: 'shift', weight: state.live === undefined ? 100 : 10 }), ...failing];
  if (state.stage === 'shift') return [on(state.weight === 10 ? { weight: 100 } : { stage: 'promote' }), ...failing];
  return [on({ stage: 'done' })];
}

/** A state as one text: the same text, the same state. */
export function keyOf({ world, before, last, intent, ...rest }: State): string {
  return [world, before, last, intent].map((part) => numberOf(part)).join(' ') + JSON.stringify(rest);
}

const numbers = new WeakMap<object, number>();
const numbersOfTexts = new Map<string, number>();

/** The number of a part: equal parts have the same. Most states share theirs, so that each is written as text but once. */
function numberOf(part: object | undefined): number {
  if (part === undefined) return -1;
  const known = numbers.get(part);
  if (known !== undefined) return known;
  const text = JSON.stringify(part, (key, value: unknown) =>
    key === 'deployable' || key === 'releaseJson' || key === 'taskDefinition' ? undefined : value,
  );
  const number = numbersOfTexts.get(text) ?? numbersOfTexts.size;
  numbersOfTexts.set(text, number);
  numbers.set(part, number);
  return number;
}
