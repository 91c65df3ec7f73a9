import { setTimeout as delay } from 'node:timers/promises';

const EVERY = 100;

/** What a look found, or what it saw instead. */
export type Look<T> = { readonly found: T } | { readonly saw: unknown };

/**
 * Looks again and again until something is found.
 * @param what is waited for, in words
 * @throws after so many `seconds`, telling what was seen last
 */
export async function eventually<T>(what: string, seconds: number, look: () => Look<T> | Promise<Look<T>>): Promise<T> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const seen = await look();
    if ('found' in seen) return seen.found;
    if (performance.now() > end) {
      const last = typeof seen.saw === 'string' ? seen.saw : JSON.stringify(seen.saw);
      throw new Error(`${what}: not within ${seconds} s. Seen last: ${last}`);
    }
    await delay(EVERY);
  }
}
