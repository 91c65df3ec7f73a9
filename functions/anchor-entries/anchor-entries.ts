import type { AnchorLine, EntryChange } from '#core/contract/anchor.ts';
import { anchorLine, trespassNotice } from '#core/domain/anchoring.ts';
import type { Anchors, Notifier } from '#core/ports.ts';

interface Ports {
  readonly anchors: Anchors;
  readonly notifier: Notifier;
}

/**
 * Writes down outside the ledger what happened to its entries, as DynamoDB tells of it: of each new entry
 * its hash, of everything else that it happened. A caller that can write entries cannot prevent this, and cannot
 * write here. Done again after a failure, lines are there twice, which says the same.
 */
export async function anchorEntries(
  changes: readonly EntryChange[],
  { anchors, notifier }: Ports,
): Promise<{ anchored: number; trespasses: number }> {
  const lines = changes.map((change) => anchorLine(change));
  const streams = new Map<string, AnchorLine[]>();
  for (const { stream, line } of lines) streams.set(stream, [...(streams.get(stream) ?? []), line]);
  for (const [stream, ofStream] of streams) await anchors.write(stream, ofStream);
  const notice = trespassNotice(lines.map(({ line }) => line));
  if (notice !== undefined) await notifier.publish(notice.subject, notice.text);
  const trespasses = lines.filter(({ line }) => 'trespass' in line).length;
  return { anchored: lines.length - trespasses, trespasses };
}
