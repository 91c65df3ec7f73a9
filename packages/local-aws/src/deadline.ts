import { setTimeout as delay } from 'node:timers/promises';
import { FixableError } from './fixable-error.mjs';

/**
 * Waits for `work`, at most `milliseconds`.
 * @throws {FixableError} "`what` took longer than ...", when the time is over; the work itself is not stopped by that
 */
export async function within<T>(milliseconds: number, what: string, work: Promise<T>): Promise<T> {
  const over = new AbortController();
  try {
    return await Promise.race([
      work,
      delay(milliseconds, undefined, { signal: over.signal }).then(() => {
        throw new FixableError(`${what} took longer than ${Math.round(milliseconds / 1000)} s.`);
      }),
    ]);
  } finally {
    over.abort();
  }
}

/**
 * Asks again and again until `look` gives something other than undefined.
 * @param every milliseconds between two looks
 * @throws {FixableError} when `milliseconds` are over
 */
export async function until<T>(
  milliseconds: number,
  what: string,
  look: () => Promise<T | undefined> | T | undefined,
  every = 100,
): Promise<T> {
  const end = performance.now() + milliseconds;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > end)
      throw new FixableError(`${what} took longer than ${Math.round(milliseconds / 1000)} s.`);
    await delay(every);
  }
}
