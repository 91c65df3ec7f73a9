import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  budgetProblems,
  longestSeconds,
  MOST_EVENTS,
  MOST_SECONDS,
  nextLookSeconds,
  partsOf,
  secondsWaited,
} from '#core/contract/budget.ts';
import { Settings } from '#core/contract/settings.ts';
import { SETTINGS } from '../../../../fixtures/settings.ts';

const step = (bake: string, checkEvery: string, weight = 100) => ({ weight, bake, checkEvery });
const problems = (change: object) => budgetProblems({ ...SETTINGS, ...change });

describe('settings whose deployment would outgrow its execution are refused', () => {
  test('with the events that are needed, those that there are, and what takes most', () => {
    const [problem, ...others] = problems({ traffic: [step('2d', '60s')] });
    expect(others).toEqual([]);
    expect(problem?.path).toEqual(['traffic']);
    expect(problem?.message).toMatch(
      /^a deployment may need 4\d{4} events in its history, and an execution has 25000 \(bakes: 40327, /,
    );
  });

  test('with both sums of time', () => {
    const [problem] = problems({ traffic: [step('5d', '1h', 50), step('4d', '1h')] });
    expect(problem?.message).toMatch(
      /^a deployment may need 9\.\d days, and an execution has 8\.0 days \(bakes: 9\.0 days/,
    );
  });

  test('naming the setting that takes most', () => {
    expect(problems({ candidate: { timeout: '6h', crashes: 3 } })[0]?.path).toEqual(['candidate', 'timeout']);
  });

  test('as settings, by the same words', () => {
    const { error } = Settings.safeParse({ ...SETTINGS, traffic: [step('7d', '1s')] });
    expect(error?.issues.map(({ path }) => path.join('.'))).toContain('traffic');
  });
});

test.each([
  ['a bake of two days that is checked every ten minutes', { traffic: [step('2d', '10m')] }],
  ['six days for an approval', { approval: { timeout: '6d' } }],
  ['migrations of a day', { migrate: { ...SETTINGS.migrate, timeout: '1d', attempts: 1 } }],
])('%s has room', (_what, change) => {
  expect(problems(change)).toEqual([]);
});

test('whatever is taken fits into the events and the time that an execution has', () => {
  const seconds = (most: number) => fc.integer({ min: 1, max: most }).map((value) => `${value}s`);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(seconds(700_000), seconds(90_000)), { minLength: 1, maxLength: 20 }),
      seconds(200_000),
      fc.integer({ min: 1, max: 10 }),
      seconds(22_000),
      fc.option(seconds(520_000), { nil: undefined }),
      (steps, migrates, attempts, starts, asks) => {
        const settings = {
          ...SETTINGS,
          traffic: steps.map(([bake, checkEvery]) => ({ bake, checkEvery })),
          migrate: { timeout: migrates, attempts },
          candidate: { timeout: starts },
          approval: asks === undefined ? undefined : { timeout: asks },
        };
        const events = partsOf(settings).reduce((sum, part) => sum + part.events, 0);
        const fits = events <= MOST_EVENTS && longestSeconds(settings) <= MOST_SECONDS;
        expect(budgetProblems(settings).length === 0).toBe(fits);
      },
    ),
    { numRuns: 2_000 },
  );
});

test('what takes its time is looked at ever more rarely', () => {
  expect([1, 3, 6, 30, 90, 600].map(nextLookSeconds)).toEqual([1, 1, 2, 10, 30, 200]);
  expect(nextLookSeconds(5_000)).toBe(300);
  expect([0, 1, 6, 9].map(secondsWaited)).toEqual([0, 1, 7, 14]);
});
