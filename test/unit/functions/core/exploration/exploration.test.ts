import { describe, expect, test } from 'vitest';
import { type Action, planConvergence } from '#core/domain/converge-plan.ts';
import { BEGINNINGS, begin, keyOf, type Plan, type State, stepsFrom } from './explore.ts';
import { wrongIn } from './rules.ts';

interface Explored {
  readonly states: number;
  /** Each rule that was broken, with the way there. */
  readonly wrong: ReadonlyMap<string, readonly string[]>;
  /** Ways to states from which no end is reached without a further fault. */
  readonly stuck: readonly (readonly string[])[];
}

/** Goes through every state that can be reached by a plan, and judges every step. @param faults as many may happen on a way */
function explore(faults: number, plan: Plan = planConvergence): Explored {
  const places = new Map<string, number>();
  const states: State[] = [];
  const came: { readonly from: number; readonly what: string }[] = [];
  const backwards: number[][] = [];
  const wrong = new Map<string, readonly string[]>();
  const way = (place: number): string[] => {
    const path: string[] = [];
    for (let at = place; at >= 0; at = came[at]?.from ?? -1) path.unshift(came[at]?.what ?? '');
    return path;
  };
  const visit = (state: State, from: number, what: string): number => {
    const key = keyOf(state);
    const known = places.get(key);
    if (known !== undefined) return known;
    places.set(key, states.length);
    came.push({ from, what });
    backwards.push([]);
    return states.push(state) - 1;
  };
  for (const name of BEGINNINGS) visit(begin(name, faults), -1, name);
  for (let place = 0; place < states.length; place += 1) {
    const state = states[place];
    if (state === undefined) break;
    for (const step of stepsFrom(state, plan)) {
      for (const rule of wrongIn(state, step)) if (!wrong.has(rule)) wrong.set(rule, [...way(place), step.what]);
      const there = visit(step.after, place, step.what);
      if (!step.fault) backwards[there]?.push(place);
    }
  }
  return { states: states.length, wrong, stuck: withoutEnd(states, backwards).slice(0, 3).map(way) };
}

/** Places from which no end is reached by steps that are no faults. */
function withoutEnd(states: readonly State[], backwards: readonly (readonly number[])[]): number[] {
  const ends = new Set<number>();
  const queue = states.flatMap(({ stage }, place) => (stage === 'done' || stage === 'frozen' ? [place] : []));
  for (const place of queue) ends.add(place);
  for (const place of queue)
    for (const before of backwards[place] ?? [])
      if (!ends.has(before)) {
        ends.add(before);
        queue.push(before);
      }
  return states.flatMap((_, place) => (ends.has(place) ? [] : [place]));
}

test('in every state that a deployment can be in, the invariants hold, and it can end well without a further fault', () => {
  const { states, wrong, stuck } = explore(3);
  expect(Object.fromEntries(wrong)).toEqual({});
  expect(stuck).toEqual([]);
  expect(states).toBeGreaterThanOrEqual(100_000);
}, 300_000);

describe('a plan that was spoiled is noticed:', () => {
  /** A plan whose changes are others. */
  const changing =
    (change: (actions: readonly Action[]) => readonly Action[]): Plan =>
    (input) => {
      const plan = planConvergence(input);
      if (plan.outcome !== 'act') return plan;
      const actions = change(plan.actions);
      return actions.length === 0 ? { outcome: 'converged' } : { ...plan, actions };
    };
  const without = (kind: Action['do']): Plan => changing((actions) => actions.filter((action) => action.do !== kind));
  const eager =
    (waitingFor: RegExp): Plan =>
    (input) => {
      const plan = planConvergence(input);
      return plan.outcome === 'progressing' && waitingFor.test(plan.waitingFor) ? { outcome: 'converged' } : plan;
    };

  test.each<[string, Plan, RegExp]>([
    ['weights are not written', without('set weights'), /^I6: ended with 0 % on live$/],
    ['slots are not emptied', without('empty slot'), /^I6: ended with a (slot that nothing needs|warm slot past)/],
    ['bounds are not given back', without('register scalable target'), /^I6: ended with live that cannot scale$/],
    [
      'every task is taken for healthy',
      (input) => {
        const { blue, green } = input.observed.slots;
        const well = (slot: typeof blue) => ({
          ...slot,
          tasks: slot.tasks.map((task) => ({ ...task, healthy: true })),
        });
        return planConvergence({
          ...input,
          observed: { ...input.observed, slots: { blue: well(blue), green: well(green) } },
        });
      },
      /^I4: /,
    ],
    ['nothing is waited for', eager(/./), /^I/],
    [
      'live may scale in',
      changing((actions) =>
        actions.map((one) => (one.do === 'register scalable target' ? { ...one, scaleIn: true } : one)),
      ),
      /^I5: live may scale in/,
    ],
    [
      'the old weights do not settle',
      (input) => planConvergence({ ...input, traffic: undefined }),
      /^I5: empty slot of \w+ before the weights have settled$/,
    ],
    [
      'what serves is emptied',
      (input) => {
        const plan = planConvergence(input);
        return plan.outcome === 'converged' && input.intent.phase === 'start'
          ? { outcome: 'act', actions: [{ do: 'empty slot', slot: 'blue' }] }
          : plan;
      },
      /^I1: empty slot of blue, which gets traffic$/,
    ],
  ])(
    '%s',
    (_what, plan, rule) => {
      expect([...explore(1, plan).wrong.keys()]).toContainEqual(expect.stringMatching(rule));
    },
    60_000,
  );

  test('a wait that nothing ends', () => {
    const waits: Plan = (input) => {
      const plan = planConvergence(input);
      return plan.outcome === 'converged' && input.intent.phase === 'promote'
        ? { outcome: 'progressing', waitingFor: 'nothing' }
        : plan;
    };
    expect(explore(1, waits).stuck).not.toEqual([]);
  }, 60_000);
});
