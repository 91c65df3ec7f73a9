import fc from 'fast-check';
import { expect, test } from 'vitest';
import { healthyNeeded, planSteps } from '#core/domain/traffic-plan.ts';
import { SETTINGS } from '../../../../fixtures/settings.ts';

test('a plan’s times become whole seconds and at least one check a step; the last check waits for its metrics', () => {
  expect(planSteps(SETTINGS, false)).toEqual([
    { weight: 10, checks: 2, checkSeconds: 60, metricsSeconds: 0 },
    { weight: 50, checks: 1, checkSeconds: 60, metricsSeconds: 0 },
    { weight: 100, checks: 1, checkSeconds: 60, metricsSeconds: 120 },
  ]);
  const step = (bake: string, checkEvery: string) =>
    planSteps({ ...SETTINGS, traffic: [{ weight: 100, bake, checkEvery }] }, false)[0];
  expect(step('300ms', '1s')).toMatchObject({ checks: 1, checkSeconds: 1 });
  expect(step('1s', '300ms')).toMatchObject({ checks: 3, checkSeconds: 1 });
});

test('a first deployment goes to all traffic at once, checked as the last step says', () => {
  expect(planSteps(SETTINGS, true)).toEqual([{ weight: 100, checks: 1, checkSeconds: 60, metricsSeconds: 120 }]);
});

test('a share needs at least one healthy task and never more than there are', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 500 }), (weight, capacity) => {
      const needed = healthyNeeded(weight, capacity);
      return needed >= 1 && needed <= capacity && needed * 100 >= weight * capacity;
    }),
  );
  expect(healthyNeeded(0, 10)).toBe(0);
});
