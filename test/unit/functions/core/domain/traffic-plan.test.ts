import fc from 'fast-check';
import { expect, test } from 'vitest';
import { healthyNeeded, planSteps } from '#core/domain/traffic-plan.ts';
import { SETTINGS } from '../../../../fixtures/settings.ts';

test('a plan’s times become whole seconds and at least one check a step', () => {
  expect(planSteps(SETTINGS.traffic, false)).toEqual([
    { weight: 10, checks: 2, checkSeconds: 60 },
    { weight: 50, checks: 1, checkSeconds: 60 },
    { weight: 100, checks: 1, checkSeconds: 60 },
  ]);
  expect(planSteps([{ weight: 100, bake: '300ms', checkEvery: '1s' }], false)).toEqual([
    { weight: 100, checks: 1, checkSeconds: 1 },
  ]);
  expect(planSteps([{ weight: 100, bake: '1s', checkEvery: '300ms' }], false)).toEqual([
    { weight: 100, checks: 3, checkSeconds: 1 },
  ]);
});

test('a first deployment goes to all traffic at once, checked as the last step says', () => {
  expect(planSteps(SETTINGS.traffic, true)).toEqual([{ weight: 100, checks: 1, checkSeconds: 60 }]);
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
