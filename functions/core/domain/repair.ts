import type { Instant } from '../contract/ledger.ts';

/**
 * Longest time, in seconds, that one change of AWS can still be under way after its execution ended: time-out times
 * attempts of an SDK call (functions/runtime/clients.ts), and the look at the ledger before it.
 */
export const CHANGE_LASTS_SECONDS = 10;

/**
 * Whole seconds that a new holder of a lock waits until no call of the former one can still take effect.
 * `stopped` is when the former execution ended; unknown counts as just now.
 */
export function secondsUntilQuiet(stopped: Instant | undefined, now: Instant): number {
  const since = stopped === undefined ? 0 : (Date.parse(now) - Date.parse(stopped)) / 1000;
  return Math.max(0, Math.ceil(CHANGE_LASTS_SECONDS - since));
}
