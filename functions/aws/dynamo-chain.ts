import { type Entry, Head } from '#core/contract/ledger.ts';
import type { Target } from '#core/contract/target.ts';
import { CHAIN_START, entryHash } from '#core/domain/ledger-chain.ts';
import type { Clock, Transition } from '#core/ports.ts';
import { ABSENT, type DynamoTable, untilSettled, type Write } from './dynamo-table.ts';

const FIRST_HEAD: Head = { seq: 0, hash: CHAIN_START };

const headKey = (target: Target) => ({ pk: `TARGET#${target}`, sk: 'HEAD' });

/** What a transition makes of the head beside its number and hash; `undefined` takes a member away. */
export type HeadChange = { readonly [K in 'live' | 'warm' | 'frozen']?: Head[K] | undefined };

/**
 * The append-only entries of each target and its head. The entries lie in a partition of their own, so that IAM
 * (dynamodb:LeadingKeys) can deny to change or delete them.
 */
export class DynamoChain {
  readonly #table: DynamoTable;
  readonly #clock: Clock;

  constructor(table: DynamoTable, clock: Clock) {
    this.#table = table;
    this.#clock = clock;
  }

  async head(target: Target): Promise<Head> {
    return (await this.#table.get(headKey(target), Head)) ?? FIRST_HEAD;
  }

  /**
   * Appends an entry, moves the head and makes `writes`, in one transaction. Says which of `writes` were refused by their
   * condition, by their place; none: it is written. A head that somebody else moved is read and tried again.
   */
  append(
    target: Target,
    deployment: string,
    { type, cause, facts = {} }: Transition,
    writes: readonly Write[],
    change: HeadChange = {},
  ): Promise<readonly number[]> {
    return untilSettled(this.#clock, `an entry of ${target}`, async () => {
      const head = await this.head(target);
      const entry: Entry = {
        seq: head.seq + 1,
        previous: head.hash,
        at: this.#clock.now(),
        type,
        cause,
        deployment,
        facts,
      };
      const next = { ...head, ...change, seq: entry.seq, hash: entryHash(entry) };
      const outcome = await this.#table.write([
        ...writes,
        { put: { ...headKey(target), ...next }, when: head.seq === 0 ? { pk: ABSENT } : { seq: head.seq } },
        { put: { ...entryKey(target, entry.seq), ...entry }, when: { pk: ABSENT } },
      ]);
      if (outcome === 'written') return [];
      const refused = outcome === 'conflict' ? [] : outcome.refused.filter((place) => place < writes.length);
      return refused.length > 0 ? refused : 'again';
    });
  }
}

function entryKey(target: Target, seq: number) {
  return { pk: `LEDGER#${target}`, sk: String(seq).padStart(12, '0') };
}
