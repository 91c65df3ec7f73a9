import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { milliseconds } from '../../../../functions/core/contract/duration.ts';
import { Settings } from '../../../../functions/core/contract/settings.ts';
import { scaleSettings } from '../../../../local/service-stack/scale-settings.ts';
import { SETTINGS as settings } from '../../../fixtures/settings.ts';

describe('scaled settings', () => {
  test('live faster, but stop, lock and look as before, and what the load balancer divides', () => {
    const before = Settings.parse({
      ...settings,
      health: { ...settings.health, interval: '30s', timeout: '5s' },
      drain: { deregistration: '5m', stopTimeout: '60s', idle: '60s', settle: '30s' },
      migrate: { ...settings.migrate, timeout: '30m', lockTimeout: '5s' },
      candidate: { ...settings.candidate, timeout: '10m' },
      traffic: [{ weight: 100, bake: '10m', checkEvery: '60s' }],
      analysis: { ...settings.analysis, period: '60s' },
      warm: '1h',
      poll: '2s',
    });
    expect(scaleSettings(before, 30)).toEqual({
      ...before,
      drain: { ...before.drain, settle: '1s' },
      migrate: { ...before.migrate, timeout: '60s', lockTimeout: '5s' },
      candidate: { ...before.candidate, timeout: '20s' },
      provenance: { timeout: '20s' },
      scan: { block: 'CRITICAL', timeout: '30s' },
      traffic: [{ weight: 100, bake: '20s', checkEvery: '2s' }],
      analysis: { ...before.analysis, period: '1s' },
      warm: '120s',
      poll: '2s',
    });
  });

  test('are the same at scale 1', () => {
    const same = scaleSettings(settings, 1);
    expect(milliseconds(same.warm)).toBe(milliseconds(settings.warm));
    expect(milliseconds(same.health.interval)).toBe(milliseconds(settings.health.interval));
  });

  test('are settings at every scale, and what AWS counts in seconds stays whole ones', () => {
    fc.assert(
      fc.property(fc.double({ min: 1, max: 100_000, noNaN: true }), (timeScale) => {
        const scaled = Settings.parse(scaleSettings(settings, timeScale));
        for (const { bake, checkEvery } of scaled.traffic) {
          expect(milliseconds(bake) % 1000).toBe(0);
          expect(milliseconds(checkEvery)).toBeGreaterThanOrEqual(1000);
        }
      }),
    );
  });

  test.each([0, 0.5, Number.NaN])('a scale of %d is refused', (timeScale) => {
    expect(() => scaleSettings(settings, timeScale)).toThrow(RangeError);
  });
});
