import { expect, test } from 'vitest';
import { CHANGE_LASTS_SECONDS, secondsUntilQuiet } from '#core/domain/repair.ts';

test('a takeover waits until no call of the former holder can still take effect', () => {
  const now = '2026-11-23T18:00:10.000Z';
  expect(secondsUntilQuiet(undefined, now)).toBe(CHANGE_LASTS_SECONDS);
  expect(secondsUntilQuiet('2026-11-23T18:00:07.500Z', now)).toBe(Math.ceil(CHANGE_LASTS_SECONDS - 2.5));
  expect(secondsUntilQuiet('2026-11-23T17:00:00.000Z', now)).toBe(0);
});
