import { NO_TARGET } from '#core/contract/anchor.ts';
import type { Target } from '#core/contract/target.ts';
import { EXIT, Problem } from '../problem.ts';
import type { Terminal } from '../terminal.ts';
import { ChainCheck, type LoggedLine, type StoredEntry, type Verdict } from './chain.ts';

/** What is read; each comes page by page, in order. */
export interface LedgerReading {
  /** Targets that are published, and those that entries were ever anchored of. */
  targets(): Promise<readonly Target[]>;
  entries(target: Target): AsyncIterable<StoredEntry>;
  /** Of a target, or of what belongs to none ({@link NO_TARGET}); oldest first. */
  anchors(stream: string): AsyncIterable<LoggedLine>;
}

/**
 * Walks the ledger of a target, or of all, and says whether it is what Farol wrote.
 * @returns the exit code: 0 when nothing was found
 */
export async function verifyLedger(
  { target, json }: { readonly target: Target | undefined; readonly json: boolean },
  { reading, terminal, now }: { reading: LedgerReading; terminal: Terminal; now: () => number },
): Promise<number> {
  const targets = target === undefined ? await reading.targets() : [target];
  if (targets.length === 0)
    throw new Problem('There is no ledger to verify in this account and region.', 'Give --region, or name a target.');
  const verdicts: { target: string; verdict: Verdict }[] = [];
  const withoutTarget = await verdictWithoutTarget(reading, now);
  if (target === undefined && withoutTarget.findings.length > 0) {
    verdicts.push({ target: NO_TARGET, verdict: withoutTarget });
    if (!json) for (const line of lines('of no target', withoutTarget)) terminal.print(line);
  }
  for (const one of targets) {
    const verdict = await verdictOn(one, reading, now);
    verdicts.push({ target: one, verdict });
    if (!json) for (const line of lines(one, verdict)) terminal.print(line);
  }
  if (json) terminal.print(JSON.stringify(verdicts.map(({ target: one, verdict }) => ({ target: one, ...verdict }))));
  return verdicts.every(({ verdict }) => verdict.findings.length === 0) ? 0 : EXIT.failed;
}

async function verdictOn(target: Target, reading: LedgerReading, now: () => number): Promise<Verdict> {
  const check = new ChainCheck();
  for await (const line of reading.anchors(target)) check.anchor(line);
  for await (const entry of reading.entries(target)) check.entry(entry);
  return check.end(now());
}

/** What was put into the table of entries and is of no target. */
async function verdictWithoutTarget(reading: LedgerReading, now: () => number): Promise<Verdict> {
  const check = new ChainCheck();
  for await (const line of reading.anchors(NO_TARGET)) check.anchor(line);
  return check.end(now());
}

function lines(target: string, { entries, proven, waiting, findings, furtherFindings }: Verdict): string[] {
  const unproven = waiting === 0 ? '' : `, ${waiting} after it not anchored`;
  const state = proven === 0 ? `no anchor proves any${unproven}` : `proven up to entry ${proven}${unproven}`;
  const count = findings.length + furtherFindings;
  return [
    `${target}: ${entries} ${entries === 1 ? 'entry' : 'entries'}, ${entries === 0 ? 'nothing to prove' : state}; ${count === 0 ? 'nothing found' : `${count} found`}`,
    ...findings.map(({ sentence }) => `  ${sentence}`),
    ...(furtherFindings > 0 ? [`  and ${furtherFindings} more`] : []),
  ];
}
