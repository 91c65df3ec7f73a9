import { entriesOf, entryKey } from '#core/contract/anchor.ts';
import { Entry, Head, targetPartition } from '#core/contract/ledger.ts';
import type { Target } from '#core/contract/target.ts';
import { CHAIN_START, entryHash } from '#core/domain/ledger-chain.ts';
import type { Clock, Transition } from '#core/ports.ts';
import { ABSENT, type DynamoTables, untilSettled, type Write } from './dynamo-table.ts';

const headKey = (target: Target) => ({ table: 'heads', pk: targetPartition(target), sk: 'HEAD' }) as const;
const chainOf = (target: Target) => ({ table: 'entries', pk: entriesOf(target) }) as const;

/** What a transition makes of the head; `undefined` takes a member away. */
export type HeadChange = { readonly [K in keyof Head]?: Head[K] | undefined };

/** The append-only entries of each target, and its head. */
export class DynamoChain {
  readonly #tables: DynamoTables;
  readonly #clock: Clock;

  constructor(tables: DynamoTables, clock: Clock) {
    this.#tables = tables;
    this.#clock = clock;
  }

  async head(target: Target): Promise<Head> {
    return (await this.#tables.get(headKey(target), Head)) ?? {};
  }

  /**
   * Appends an entry, changes the head and makes `writes`, in one transaction. Says which of `writes` were refused by their
   * condition, by their place; none: it is written. Where somebody else appended meanwhile, it is tried again.
   */
  append(
    target: Target,
    deployment: string,
    { type, cause, facts = {} }: Transition,
    writes: readonly Write[],
    change: HeadChange = {},
  ): Promise<readonly number[]> {
    return untilSettled(this.#clock, `an entry of ${target}`, async () => {
      const last = await this.#tables.last(chainOf(target), '');
      const before = last === undefined ? undefined : Entry.parse(last);
      const entry: Entry = {
        seq: (before?.seq ?? 0) + 1,
        previous: before === undefined ? CHAIN_START : entryHash(before),
        at: this.#clock.now(),
        type,
        cause,
        deployment,
        facts,
      };
      // Read after the last entry, and changed only together with the next: a writer that changes it meanwhile takes this entry's place.
      const changes = Object.keys(change).length > 0;
      const head = changes ? [{ put: { ...headKey(target), ...(await this.head(target)), ...change } }] : [];
      const outcome = await this.#tables.write([
        ...writes,
        ...head,
        { put: { ...chainOf(target), sk: entryKey(entry.seq), ...entry }, when: { pk: ABSENT } },
      ]);
      if (outcome === 'written') return [];
      const refused = outcome === 'conflict' ? [] : outcome.refused.filter((place) => place < writes.length);
      return refused.length > 0 ? refused : 'again';
    });
  }
}
