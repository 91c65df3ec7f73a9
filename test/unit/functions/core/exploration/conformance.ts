import * as z from 'zod';
import { type Change, type Entry, Intent, type Phase } from '#core/contract/ledger.ts';
import { SLOTS, Slot, Weights } from '#core/contract/slot.ts';
import { BEGINNINGS, begin, keyOf, type State, stepsFrom } from './explore.ts';

/**
 * Whether what was recorded of real deployments is what was explored. A deployment's changes, as the ledger's journal has them, are
 * followed through the explored states: at each moment all those states are kept that the deployment may be in, whatever AWS did
 * meanwhile. A change that the plan makes in none of them is a stray: the model and reality differ.
 */

/** Faults on a way: enough for a release that fails, and something that happens besides. */
const FAULTS = 2;

interface Graph {
  /** For each state, the states that follow without a change of AWS by Farol, and those after a change by its label. */
  readonly silent: readonly (readonly number[])[];
  readonly changes: readonly ReadonlyMap<string, readonly number[]>[];
  /** Where a deployment, or a repair of what is there, may begin. */
  readonly starts: readonly number[];
  readonly labels: ReadonlySet<string>;
}

let explored: Graph | undefined;

function graph(): Graph {
  explored ??= explore();
  return explored;
}

function explore(): Graph {
  const places = new Map<string, number>();
  const states: State[] = [];
  const visit = (state: State): number => {
    const key = keyOf(state);
    const known = places.get(key);
    if (known !== undefined) return known;
    places.set(key, states.length);
    return states.push(state) - 1;
  };
  for (const name of BEGINNINGS) for (const slot of SLOTS) visit(begin(name, FAULTS, slot));
  const begun = states.length;
  const silent: number[][] = [];
  const changes: Map<string, number[]>[] = [];
  const labels = new Set<string>();
  const starts: number[] = [];
  for (let place = 0; place < states.length; place += 1) {
    const state = states[place];
    if (state === undefined) break;
    if (place < begun || state.stage === 'done' || state.stage === 'frozen') starts.push(place);
    const quiet: number[] = [];
    const made = new Map<string, number[]>();
    for (const { after, change } of stepsFrom(state)) {
      const there = visit(after);
      const label = change && state.stage !== 'done' && state.stage !== 'frozen' && labelOf(state.stage, change.action);
      if (typeof label !== 'string') quiet.push(there);
      else {
        labels.add(label);
        made.set(label, [...(made.get(label) ?? []), there]);
      }
    }
    silent.push(quiet);
    changes.push(made);
  }
  return { silent, changes, starts, labels };
}

const Labelled = z.looseObject({ do: z.string(), slot: Slot.optional(), weights: Weights.optional() });

/** What two changes have in common that are the same in the model: phase, kind, slot, and whether a share is none, some or all. */
function labelOf(phase: Phase, action: unknown): string | undefined {
  const { do: kind, slot, weights } = Labelled.parse(action);
  // The three changes of a fill are one turn, which the model ends with the last.
  if (kind === 'set health check' || kind === 'set drain') return undefined;
  const share = weights === undefined ? '' : weights.blue % 100 === 0 ? ` to ${weights.blue} %` : ' to a part';
  return `${phase}: ${kind}${slot === undefined ? '' : ` of ${slot}`}${share}`;
}

/** What the ledger holds of one target. */
export interface Recorded {
  readonly entries: readonly Entry[];
  readonly changes: readonly (Change & { readonly deployment: string })[];
}

interface Made {
  readonly deployment: string;
  readonly phase: Phase;
  readonly action: unknown;
  /** It may have taken effect or not: its call failed, or it is the same as the one before. */
  readonly unsure: boolean;
}

const IntentFacts = z.object(Intent.pick({ n: true, phase: true }).shape);
const Recovers = z.object({ of: z.string() });

/** The changes of each deployment, with those of the recoveries that went on with it. */
function tracesOf({ entries, changes }: Recorded): Made[][] {
  const rootOf = new Map<string, string>();
  const phases = new Map<string, Phase>();
  for (const { type, deployment, facts } of entries) {
    if (type === 'deployment began') rootOf.set(deployment, deployment);
    if (type === 'recovery began') {
      const { of } = Recovers.parse(facts);
      rootOf.set(deployment, rootOf.get(of) ?? of);
    }
    if (type === 'intent') {
      const { n, phase } = IntentFacts.parse(facts);
      phases.set(`${deployment} ${n}`, phase);
    }
  }
  const traces = new Map<string, Made[]>();
  for (const { deployment, intent, action, error } of changes) {
    const root = rootOf.get(deployment);
    const phase = phases.get(`${deployment} ${intent}`);
    if (root === undefined || phase === undefined) continue;
    const trace = traces.get(root) ?? [];
    const last = trace.at(-1);
    const again = last?.phase === phase && same(last.action, action);
    traces.set(root, [...trace, { deployment, phase, action, unsure: error !== undefined || again }]);
  }
  return [...traces.values()];
}

/** Whether two changes have the same label: one part of the traffic after another too, of which the model has one. */
function same(one: unknown, other: unknown): boolean {
  return labelOf('shift', one) === labelOf('shift', other);
}

export interface Conformance {
  /** Changes that no explored state allows, with what came before them. */
  readonly strays: readonly string[];
  /** Kinds of changes that were seen, and those that there are. */
  readonly changes: { readonly seen: number; readonly explored: number };
  /** States that the deployments may have been in, and those that were explored. */
  readonly states: { readonly seen: number; readonly explored: number };
}

/** Follows each recorded deployment through what was explored. */
export function conformance(recorded: Recorded): Conformance {
  const { labels, silent } = graph();
  const strays: string[] = [];
  const seen = new Set<number>();
  const used = new Set<string>();
  for (const trace of tracesOf(recorded)) {
    const found = followed(trace);
    if (found.stray !== undefined) strays.push(found.stray);
    for (const state of found.states) seen.add(state);
    for (const label of found.labels) used.add(label);
  }
  return {
    strays,
    changes: { seen: used.size, explored: labels.size },
    states: { seen: seen.size, explored: silent.length },
  };
}

interface Followed {
  readonly stray: string | undefined;
  readonly labels: readonly string[];
  readonly states: ReadonlySet<number>;
}

function followed(trace: readonly Made[]): Followed {
  const { changes, starts } = graph();
  const labels: string[] = [];
  const states = new Set<number>();
  let now = closure(starts);
  for (const { deployment, phase, action, unsure } of trace) {
    const label = labelOf(phase, action);
    if (label === undefined) continue;
    const next = closure([...now].flatMap((state) => changes[state]?.get(label) ?? []));
    if (unsure) for (const state of now) next.add(state);
    if (next.size === 0)
      return { stray: `${deployment}: ${label}, after ${labels.join('; ') || 'nothing'}`, labels, states };
    labels.push(label);
    for (const state of next) states.add(state);
    now = next;
  }
  return { stray: undefined, labels, states };
}

/** The states, and all that AWS, time and a stop of the execution make of them. */
function closure(states: readonly number[]): Set<number> {
  const { silent } = graph();
  const reached = new Set(states);
  for (const state of reached) for (const next of silent[state] ?? []) reached.add(next);
  return reached;
}
