import { type Cancel, type Clock, repeat } from './clock.ts';

/**
 * How much of AWS's eventual consistency the local cloud has. `exact`: every answer is what is. `like-aws`: answers
 * of Describe and List operations may be some time old, things just made may not be seen yet, new weights reach the
 * nodes of the load balancer one after the other, metrics come late. Times are bounded and drawn from a seeded source.
 */
export type Fidelity = 'exact' | 'like-aws';

/** Something that operations read, maybe as it was a moment ago; `undefined`: not to be seen yet. */
export interface Tracked<T> {
  read(): T | undefined;
  /** The thing is gone for good: nothing more is kept of it. */
  end(): void;
}

export interface Lateness {
  /** Makes `live` readable with the lateness of the dial. */
  track<T>(live: () => T): Tracked<T>;
  /** Real milliseconds after which each node of a load balancer knows new rules. */
  nodeDelays(): readonly number[];
  /** Real milliseconds between a period's end and its metrics. */
  metricsDelay(): number;
  close(): void;
}

/** AWS's seconds that an answer may be old at most, and weights and metrics late. */
const STALE = 10;
const PROPAGATION = 10;
const METRICS = 60;
/** Real seconds that lateness keeps at least, so that it still shows when the clock runs fast. */
const FLOOR = 0.3;
const NODES = 3;
const SAMPLE_EVERY = 40;

export function createLateness(fidelity: Fidelity, clock: Clock, seed: number): Lateness {
  return fidelity === 'exact' ? EXACT : new LikeAws(clock, seed);
}

const EXACT: Lateness = {
  track: (live) => ({ read: live, end: () => undefined }),
  nodeDelays: () => [0],
  metricsDelay: () => 0,
  close: () => undefined,
};

interface Samples {
  take(now: number): void;
}

class LikeAws implements Lateness {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #stale: number;
  readonly #tracked = new Set<Samples>();
  readonly #cancel: Cancel;

  constructor(clock: Clock, seed: number) {
    this.#clock = clock;
    this.#random = seededRandom(seed);
    this.#stale = clock.real(STALE, FLOOR);
    this.#cancel = repeat(clock, SAMPLE_EVERY, () => {
      for (const samples of this.#tracked) samples.take(clock.now());
    });
  }

  track<T>(live: () => T): Tracked<T> {
    let history: { at: number; value: T }[] = [];
    const samples: Samples = {
      take: (now) => {
        const firstNeeded = history.findLastIndex(({ at }) => at <= now - this.#stale);
        history = [...history.slice(Math.max(0, firstNeeded)), { at: now, value: live() }];
      },
    };
    samples.take(this.#clock.now());
    this.#tracked.add(samples);
    return {
      read: () => {
        const asOf = this.#clock.now() - this.#random() * this.#stale;
        return history.findLast(({ at }) => at <= asOf)?.value;
      },
      end: () => this.#tracked.delete(samples),
    };
  }

  nodeDelays(): readonly number[] {
    return Array.from({ length: NODES }, () => this.#random() * this.#clock.real(PROPAGATION, FLOOR));
  }

  metricsDelay(): number {
    return this.#random() * this.#clock.real(METRICS, FLOOR);
  }

  close(): void {
    this.#cancel();
  }
}

/** Numbers from 0 to below 1 that `seed` fixes (mulberry32). */
function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
