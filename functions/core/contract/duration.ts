import * as z from 'zod';

const SECONDS_PER_UNIT: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 };

/**
 * A length of time as people write it in settings: a number and a unit, `500ms`, `30s`, `5m`, `1h` or `14d`.
 * One unit only, so that two spellings of a time are rare and a diff of settings stays readable.
 */
export const Duration = z.string().regex(/^\d+(\.\d+)?(ms|s|m|h|d)$/, {
  error: 'a time is a number and a unit: 500ms, 30s, 5m, 1h or 14d',
  // Bounds that are checked after it count its seconds, and would throw.
  abort: true,
});
export type Duration = z.infer<typeof Duration>;

/** Seconds in a {@link Duration}; fractions are kept. */
export function seconds(duration: Duration): number {
  const [, amount, unit = ''] = /^([\d.]+)(ms|s|m|h|d)$/.exec(duration) ?? [];
  const perUnit = SECONDS_PER_UNIT[unit];
  if (perUnit === undefined) throw new TypeError(`not a duration: ${duration}`);
  return Number(amount) * perUnit;
}

/** Milliseconds in a {@link Duration}. */
export function milliseconds(duration: Duration): number {
  return seconds(duration) * 1000;
}
