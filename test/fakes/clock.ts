import type { Clock } from '#core/ports.ts';

/** A clock that stands still until somebody sleeps on it: tests run through hours at once. */
export class FakeClock implements Clock {
  #ms = Date.parse('2026-11-23T18:00:00.000Z');

  now(): string {
    return new Date(this.#ms).toISOString();
  }

  async sleep(ms: number): Promise<void> {
    this.#ms += ms;
  }
}
