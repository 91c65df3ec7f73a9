import { type Duration, seconds } from './duration.ts';

/**
 * What one deployment may take, at the longest, of what a Standard execution has: time, and events in its history. A deployment that
 * settings let outgrow either would be cut off half-way, so such settings are refused.
 */

/** Events in an execution's history. Step Functions Developer Guide, "Quotas related to state machine executions". */
export const MOST_EVENTS = 25_000;
/** Time that an execution of the state machine has: TimeoutSeconds in statemachines/release.asl.yaml. */
export const MOST_SECONDS = 8 * 86_400;

/** Events of a state: a function that is called is entered, scheduled, started, answers and is left. */
const CALL = 5;
const CHOICE = 2;
const WAIT = 2;
/** A look, its choice and the wait until the next one. */
const LOOK = CALL + CHOICE + WAIT;
/** A check of a step: the wait, both functions, and the choice. */
const CHECK = WAIT + 2 * CALL + CHOICE;
/** Everything that is passed once, with each branch of `Prepare`, and the retries of bad days. */
const ONCE = 150;
const RETRIES = 2_000;
/** `converge` looks and acts for so long before it answers that it makes progress, and is called again a second later. */
export const CONVERGE_SECONDS = 20;
const UNTIL_CALLED_AGAIN = 1;
/** Beside the times of the settings, what ECS and the load balancer may take to show that a slot is empty. */
const EMPTYING_SECONDS = 600;
/** What every call, wait and retry that is not counted below takes together, with forty checks that could not be asked. */
const OTHER_SECONDS = 3_600;

/**
 * Whole seconds until the load balancer's metrics of a moment are there: the period that it belongs to ends, and they come within
 * another one. CloudWatch User Guide, "CloudWatch metrics for your Application Load Balancer": measured and sent every 60 seconds.
 */
export function metricsSeconds(period: Duration): number {
  return Math.ceil(2 * seconds(period));
}

/** The settings that decide how long a deployment may take. */
export interface Lengths {
  readonly provenance: { readonly timeout: Duration };
  readonly scan: { readonly block: string; readonly timeout: Duration };
  readonly approval?: { readonly timeout: Duration } | undefined;
  readonly migrate: { readonly timeout: Duration; readonly attempts: number };
  readonly candidate: { readonly timeout: Duration };
  readonly drain: { readonly deregistration: Duration; readonly stopTimeout: Duration; readonly settle: Duration };
  readonly traffic: readonly { readonly bake: Duration; readonly checkEvery: Duration }[];
}

/** One part of a deployment at its longest. */
export interface Part {
  readonly what: string;
  /** The setting that decides it. */
  readonly path: readonly string[];
  readonly seconds: number;
  readonly events: number;
}

/** How often a step is checked, and the whole seconds in between: a Wait state takes no fractions. */
export function checksOf({ bake, checkEvery }: { readonly bake: Duration; readonly checkEvery: Duration }) {
  return {
    checks: Math.max(1, Math.round(seconds(bake) / seconds(checkEvery))),
    checkSeconds: Math.max(1, Math.round(seconds(checkEvery))),
  };
}

/** Longest time that the plan of migrations may take, in seconds: it reads the catalogue and changes nothing. */
const LONGEST_PLAN = 3_600;

/** Seconds that the plan of migrations may take. */
export function planSeconds({ timeout }: Lengths['migrate']): number {
  return Math.min(seconds(timeout), LONGEST_PLAN);
}

/** The longest wait between two looks at what takes its time, in seconds. */
const LONGEST_WAIT = 300;

/**
 * Whole seconds until the next look at what takes its time: 1 at first, then a third of a second more with each look, so that a quick
 * one costs no wait and a long one no history (ECS advises growing waits for DescribeTasks).
 */
export function nextLookSeconds(looks: number): number {
  return Math.min(LONGEST_WAIT, Math.max(1, Math.floor(looks / 3)));
}

/** Looks from which on the waits do not grow any more, and the seconds until then. */
const GROWN = 3 * LONGEST_WAIT;
const SECONDS_UNTIL_GROWN = Array.from({ length: GROWN }, (_, i) => nextLookSeconds(i + 1)).reduce((a, b) => a + b, 0);

/** Seconds that so many looks have waited, with the waits of {@link nextLookSeconds}. */
export function secondsWaited(looks: number): number {
  if (looks > GROWN) return SECONDS_UNTIL_GROWN + LONGEST_WAIT * (looks - GROWN);
  let waited = 0;
  for (let look = 1; look <= looks; look += 1) waited += nextLookSeconds(look);
  return waited;
}

/** Looks until so many seconds are over. Settings that are out of their bounds come here too: no time makes it loop for long. */
function looksWithin(total: number): number {
  if (total > SECONDS_UNTIL_GROWN) return GROWN + Math.ceil((total - SECONDS_UNTIL_GROWN) / LONGEST_WAIT);
  let looks = 0;
  for (let waited = 0; waited < total; waited += nextLookSeconds(looks)) looks += 1;
  return looks;
}

function looking(what: string, path: readonly string[], total: number, times = 1): Part {
  return { what, path, seconds: total * times, events: LOOK * looksWithin(total) * times };
}

function converging(what: string, path: readonly string[], total: number, times = 1): Part {
  return {
    what,
    path,
    seconds: total * times,
    events: LOOK * Math.ceil(total / (CONVERGE_SECONDS + UNTIL_CALLED_AGAIN)) * times,
  };
}

/** Seconds that a slot may take to become empty, once its weight is gone. */
export function emptyingSeconds({ settle, deregistration, stopTimeout }: Lengths['drain']): number {
  return seconds(settle) + seconds(deregistration) + seconds(stopTimeout) + EMPTYING_SECONDS;
}

/** The parts of a deployment, each at its longest: it waits for every proof, and what it brings is taken back at the end. */
export function partsOf({ provenance, scan, approval, migrate, candidate, drain, traffic }: Lengths): Part[] {
  const proof = Math.max(seconds(provenance.timeout), scan.block === 'none' ? 0 : seconds(scan.timeout));
  const emptying = emptyingSeconds(drain);
  const healthy = seconds(candidate.timeout);
  const steps = traffic.map(checksOf);
  const [timeout, ofCandidate] = [
    ['migrate', 'timeout'],
    ['candidate', 'timeout'],
  ] as const;
  return [
    { what: 'all else', path: [], seconds: OTHER_SECONDS, events: ONCE + RETRIES },
    looking('proofs', ['provenance', 'timeout'], proof),
    looking('the plan of migrations', timeout, planSeconds(migrate)),
    {
      what: 'approval',
      path: ['approval', 'timeout'],
      seconds: approval === undefined ? 0 : seconds(approval.timeout),
      events: 0,
    },
    looking('migrations', timeout, seconds(migrate.timeout), migrate.attempts),
    converging('emptying the slot, also on the way back', ['drain'], emptying, 3),
    converging('the candidate, and what is live on the way back', ofCandidate, healthy, 3),
    converging('shifts of traffic', ofCandidate, healthy, traffic.length),
    {
      what: 'bakes',
      path: ['traffic'],
      seconds: steps.reduce((total, { checks, checkSeconds }) => total + checks * checkSeconds, 0),
      events: steps.reduce((total, { checks }) => total + checks * CHECK + CALL + CHOICE, 0),
    },
  ];
}

/** The longest that a deployment with these settings may take, in seconds. */
export function longestSeconds(lengths: Lengths): number {
  return sum(partsOf(lengths), 'seconds');
}

/** Why a deployment with these settings might be cut off: each with the setting that takes most, what is needed and what there is. */
export function budgetProblems(lengths: Lengths): { readonly path: readonly string[]; readonly message: string }[] {
  const parts = partsOf(lengths);
  return [
    ...tooMuch(parts, 'events', MOST_EVENTS, String, 'check less often, or make the time shorter'),
    ...tooMuch(parts, 'seconds', MOST_SECONDS, inDays, 'make the time shorter'),
  ];
}

function tooMuch(
  parts: readonly Part[],
  key: 'seconds' | 'events',
  bound: number,
  say: (amount: number) => string,
  cure: string,
): { readonly path: readonly string[]; readonly message: string }[] {
  const needed = sum(parts, key);
  // Of checks without a time between them there is no end: the bound of checkEvery says it.
  if (needed <= bound || !Number.isFinite(needed)) return [];
  const [first, second] = parts.toSorted((a, b) => b[key] - a[key]);
  const largest = [first, second].map((part) => `${part?.what}: ${say(part?.[key] ?? 0)}`).join(', ');
  const what = key === 'events' ? `${say(needed)} events in its history` : say(needed);
  return [
    {
      path: first?.path ?? [],
      message: `a deployment may need ${what}, and an execution has ${say(bound)} (${largest}): ${cure}`,
    },
  ];
}

function sum(parts: readonly Part[], key: 'seconds' | 'events'): number {
  return parts.reduce((total, part) => total + part[key], 0);
}

function inDays(total: number): string {
  return `${(total / 86_400).toFixed(1)} days`;
}
