import * as z from 'zod';
import { Target } from './target.ts';

/** An entry that was put into the ledger, as it was then: with it, every entry before, which its hash follows from. */
const Anchor = z.strictObject({
  target: Target,
  seq: z.int().min(1),
  /** What the next entry must name as `previous`. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
});

/** What nothing of Farol ever does to the table of entries. */
const Trespass = z.strictObject({
  /** Partition and sort key of the item. */
  item: z.string().max(4096),
  trespass: z.enum(['changed', 'removed', 'no entry']),
});

/** A line of the log of anchors. */
export const AnchorLine = z.union([Anchor, Trespass]);
export type AnchorLine = z.infer<typeof AnchorLine>;

/** The stream of what is of no target. Log streams of targets are named after them. */
export const NO_TARGET = 'no-target';

/** Partition of a target's entries. */
export function entriesOf(target: Target): string {
  return `LEDGER#${target}`;
}

/** The target whose entries lie in a partition; `undefined`: none's do. */
export function targetOfEntries(partition: string): Target | undefined {
  const [, name] = /^LEDGER#(.*)$/s.exec(partition) ?? [];
  return Target.safeParse(name).data;
}

/** Sort key of an entry, so that the order of the keys is that of the numbers. */
export function entryKey(seq: number): string {
  return String(seq).padStart(12, '0');
}

/** What happened to an item of the table of entries. */
export interface EntryChange {
  readonly kind: 'put' | 'changed' | 'removed';
  readonly partition: string;
  readonly key: string;
  /** Without its keys, as it is now; absent when it was removed. */
  readonly item?: Readonly<Record<string, unknown>>;
}
