import { type AnchorLine, type EntryChange, entryKey, NO_TARGET, targetOfEntries } from '../contract/anchor.ts';
import { Entry } from '../contract/ledger.ts';
import { entryHash } from './ledger-chain.ts';

/** The line that says what happened to an item of the table of entries, and the stream that it belongs to. */
export function anchorLine({ kind, partition, key, item }: EntryChange): { stream: string; line: AnchorLine } {
  const target = targetOfEntries(partition);
  const stream = target ?? NO_TARGET;
  const { data: entry } = Entry.safeParse(item);
  if (kind === 'put' && target !== undefined && entry !== undefined && key === entryKey(entry.seq))
    return { stream, line: { target, seq: entry.seq, hash: entryHash(entry) } };
  return { stream, line: { item: `${partition} ${key}`.slice(0, 4096), trespass: kind === 'put' ? 'no entry' : kind } };
}

/** What people are told at once, when somebody touched the ledger's entries. */
export function trespassNotice(lines: readonly AnchorLine[]): { subject: string; text: string } | undefined {
  const touched = lines.flatMap((line) => ('trespass' in line ? [`- ${line.item}: ${line.trespass}`] : []));
  if (touched.length === 0) return undefined;
  return {
    subject: 'Somebody touched the entries of the ledger',
    text: [
      'Farol only ever adds entries. These items of the table of entries were touched otherwise:',
      ...touched.slice(0, 100),
      ...(touched.length > 100 ? [`and ${touched.length - 100} more`] : []),
      'Look who it was (CloudTrail) and compare the chain: npm run farol -- verify-ledger. The runbook says what to do.',
    ].join('\n'),
  };
}
