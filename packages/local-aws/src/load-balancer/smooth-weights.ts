/** Something with a share of the choices; 0 is never chosen. */
export interface Weighted {
  readonly weight: number;
}

/**
 * Chooses among `entries` by smooth weighted round robin: each choice credits every entry with its weight and takes
 * the total from the one with most credit. Shares are exact over each full turn and spread evenly within it, so that
 * a share of 5 % is one request in twenty and never a burst.
 */
export class SmoothWeights<T extends Weighted> {
  readonly #entries: { readonly value: T; credit: number }[];
  readonly #total: number;

  constructor(entries: readonly T[]) {
    this.#entries = entries.filter(({ weight }) => weight > 0).map((value) => ({ value, credit: 0 }));
    this.#total = this.#entries.reduce((sum, { value }) => sum + value.weight, 0);
  }

  /** The next entry; `undefined` when no entry has a weight. */
  next(): T | undefined {
    let best: { readonly value: T; credit: number } | undefined;
    for (const entry of this.#entries) {
      entry.credit += entry.value.weight;
      if (!best || entry.credit > best.credit) best = entry;
    }
    if (!best) return undefined;
    best.credit -= this.#total;
    return best.value;
  }
}
