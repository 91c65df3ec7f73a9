/** What became of the requests of a load. */
export interface Tally {
  /** Requests begun. */
  readonly sent: number;
  /** Requests answered by the application, by status. */
  readonly statuses: Readonly<Record<number, number>>;
  /** Requests without an answer of the application, by what happened instead. */
  readonly lost: Readonly<Record<string, number>>;
  /** Pages of which every static file was asked for. */
  readonly pages: number;
  /** Static files that pages name and that were not there, by status and path. */
  readonly broken: Readonly<Record<string, number>>;
}

/** Counts while a load runs. */
export class Counter {
  #sent = 0;
  #pages = 0;
  readonly #statuses: Record<number, number> = {};
  readonly #lost: Record<string, number> = {};
  readonly #broken: Record<string, number> = {};

  send(): void {
    this.#sent++;
  }

  answer(status: number): void {
    this.#statuses[status] = (this.#statuses[status] ?? 0) + 1;
  }

  lose(why: string): void {
    this.#lost[why] = (this.#lost[why] ?? 0) + 1;
  }

  page(): void {
    this.#pages++;
  }

  /** A static file that its page needs did not come. */
  miss(what: string): void {
    this.#broken[what] = (this.#broken[what] ?? 0) + 1;
  }

  view(): Tally {
    return {
      sent: this.#sent,
      statuses: { ...this.#statuses },
      lost: { ...this.#lost },
      pages: this.#pages,
      broken: { ...this.#broken },
    };
  }
}

/** How many a record of counts holds. */
export function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** Answers of the application of this class, as in 5 for 500 to 599. */
export function ofClass(tally: Tally, digit: number): number {
  return total(
    Object.fromEntries(Object.entries(tally.statuses).filter(([status]) => Math.floor(Number(status) / 100) === digit)),
  );
}
