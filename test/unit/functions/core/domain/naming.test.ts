import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { milliseconds, seconds } from '#core/contract/duration.ts';
import { Version } from '#core/contract/release.ts';
import { Settings } from '#core/contract/settings.ts';
import { Target } from '#core/contract/target.ts';
import { deploymentName } from '#core/domain/deployment-name.ts';
import { entryHash, settingsHash } from '#core/domain/ledger-chain.ts';
import { CHANGE_LASTS_SECONDS, secondsUntilQuiet } from '#core/domain/repair.ts';
import { healthyNeeded, planSteps } from '#core/domain/traffic-plan.ts';
import { SETTINGS } from '../../../../fixtures/settings.ts';

describe('a deployment', () => {
  test('is named as Step Functions allows, for the longest target and version there can be', () => {
    const longest = 'a'.repeat(20);
    const version = Version.parse(`v1.0.0-${'x'.repeat(17)}`);
    const name = deploymentName(Target.parse(`${longest}/${longest}`), version, `sha256:${'f'.repeat(64)}`, 99);
    expect(name.length).toBeLessThanOrEqual(80);
    expect(name).toMatch(/^[A-Za-z0-9_-]+$/);
    expect(deploymentName('web/production', 'v1.4.0', `sha256:3f9a2c1b${'0'.repeat(56)}`, 1)).toBe(
      'web-production-v1_4_0-3f9a2c1b-1',
    );
  });
});

describe('times', () => {
  test('are a number and a unit', () => {
    expect([seconds('90s'), seconds('5m'), seconds('1h'), seconds('14d'), milliseconds('500ms')]).toEqual([
      90, 300, 3600, 1_209_600, 500,
    ]);
  });

  test('of a plan become whole seconds and at least one check a step', () => {
    expect(planSteps(SETTINGS.traffic, false)).toEqual([
      { weight: 10, checks: 2, checkSeconds: 60 },
      { weight: 50, checks: 1, checkSeconds: 60 },
      { weight: 100, checks: 1, checkSeconds: 60 },
    ]);
    expect(planSteps(SETTINGS.traffic, true)).toEqual([{ weight: 100, checks: 1, checkSeconds: 60 }]);
    expect(planSteps([{ weight: 100, bake: '300ms', checkEvery: '1s' }], false)).toEqual([
      { weight: 100, checks: 1, checkSeconds: 1 },
    ]);
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

  test('a takeover waits until no call of the former holder can still take effect', () => {
    const now = '2026-11-23T18:00:10.000Z';
    expect(secondsUntilQuiet(undefined, now)).toBe(CHANGE_LASTS_SECONDS);
    expect(secondsUntilQuiet('2026-11-23T18:00:07.500Z', now)).toBe(Math.ceil(CHANGE_LASTS_SECONDS - 2.5));
    expect(secondsUntilQuiet('2026-11-23T17:00:00.000Z', now)).toBe(0);
  });
});

describe('hashes', () => {
  test('do not depend on the order of keys', () => {
    expect(settingsHash({ a: 1, b: { c: 2, d: 3 } })).toBe(settingsHash({ b: { d: 3, c: 2 }, a: 1 }));
    expect(settingsHash({ a: 1 })).not.toBe(settingsHash({ a: 2 }));
  });

  test('of an entry change with any of its members', () => {
    const entry = {
      seq: 1,
      previous: '0',
      at: '2026-11-23T18:00:00.000Z',
      type: 'intent',
      cause: 'c',
      deployment: 'd',
      facts: { a: 1 },
    } as const;
    expect(entryHash({ ...entry, facts: { a: 2 } })).not.toBe(entryHash(entry));
  });
});

describe('settings', () => {
  const problems = (change: object) =>
    Settings.safeParse({ ...SETTINGS, ...change }).error?.issues.map(
      ({ path, message }) => `${path.join('.')}: ${message}`,
    ) ?? [];

  test('are refused with the key that is wrong', () => {
    expect(problems({ trafic: [] })).toEqual([expect.stringContaining('trafic')]);
    expect(problems({ traffic: [{ weight: 50, bake: '1m', checkEvery: '1m' }] })).toEqual([
      'traffic: the last step must have weight 100',
    ]);
    expect(problems({ warm: 'an hour' })).toEqual([expect.stringContaining('warm: a time is a number and a unit')]);
    expect(problems({ capacity: { min: 4, max: 2, requestsPerTarget: 1 } })).toEqual([
      'capacity: min must not exceed max',
    ]);
  });
});
