import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { entryKey, NO_TARGET } from '#core/contract/anchor.ts';
import type { Entry } from '#core/contract/ledger.ts';
import { CHAIN_START, entryHash } from '#core/domain/ledger-chain.ts';
import { ChainCheck, type LoggedLine, MOST_FINDINGS, type StoredEntry } from '../../../../cli/verify-ledger/chain.ts';
import { verifyLedger } from '../../../../cli/verify-ledger/verify-ledger.ts';
import { anchorLine } from '../../../../functions/core/domain/anchoring.ts';
import { FakeTerminal } from '../terminal.ts';

const TARGET = 'web/production';
const BEGAN = Date.parse('2026-11-23T18:00:00.000Z');
const LATER = BEGAN + 86_400_000;

/** A chain as Farol writes it. */
function chain(length: number, cause = 'push'): Entry[] {
  const entries: Entry[] = [];
  for (let seq = 1; seq <= length; seq += 1) {
    const last = entries.at(-1);
    entries.push({
      seq,
      previous: last === undefined ? CHAIN_START : entryHash(last),
      at: new Date(BEGAN + seq).toISOString(),
      type: 'fact',
      cause,
      deployment: 'web-production-v1_0_0-cccccccc-1',
      facts: { n: seq },
    });
  }
  return entries;
}

/** The same chain from an entry on with another cause, its hashes made again. */
function rewritten(entries: readonly Entry[], from: number): Entry[] {
  const result: Entry[] = [];
  for (const entry of entries) {
    const last = result.at(-1);
    const previous = last === undefined ? CHAIN_START : entryHash(last);
    result.push(entry.seq < from ? entry : { ...entry, previous, cause: 'rewritten' });
  }
  return result;
}

const stored = (entries: readonly Entry[]): StoredEntry[] =>
  entries.map((entry) => ({ key: entryKey(entry.seq), item: entry }));

/** What the log has of entries that were put. */
const anchored = (entries: readonly Entry[]): LoggedLine[] =>
  entries.map((entry) => ({
    text: JSON.stringify(
      anchorLine({ kind: 'put', partition: `LEDGER#${TARGET}`, key: entryKey(entry.seq), item: entry }).line,
    ),
    taken: Date.parse(entry.at) + 500,
  }));

function verdict(entries: readonly StoredEntry[], anchors: readonly LoggedLine[], now = LATER) {
  const check = new ChainCheck();
  for (const line of anchors) check.anchor(line);
  for (const entry of entries) check.entry(entry);
  return check.end(now);
}
const whats = (found: ReturnType<typeof verdict>) =>
  found.findings.map(({ what, seq }) => `${what} ${seq ?? ''}`.trim());

const WHOLE = chain(6);

test('a ledger as Farol left it is proven to its end', () => {
  expect(verdict(stored(WHOLE), anchored(WHOLE))).toEqual({
    entries: 6,
    proven: 6,
    waiting: 0,
    findings: [],
    furtherFindings: 0,
  });
  expect(verdict([], [])).toMatchObject({ entries: 0, findings: [] });
});

test('a line that was written twice says the same, and one that was lost is made up for by the next', () => {
  const anchors = anchored(WHOLE);
  expect(verdict(stored(WHOLE), [...anchors, ...anchors.slice(2)])).toMatchObject({ proven: 6, findings: [] });
  const some = anchors.filter((_, index) => index !== 2 && index !== 3);
  expect(verdict(stored(WHOLE), some)).toMatchObject({ proven: 6, findings: [] });
});

test('what is newer than the last anchor waits for one, but not for long', () => {
  const anchors = anchored(WHOLE.slice(0, 4));
  expect(verdict(stored(WHOLE), anchors, BEGAN + 60_000)).toMatchObject({ proven: 4, waiting: 2, findings: [] });
  expect(whats(verdict(stored(WHOLE), anchors))).toEqual(['not anchored 5']);
});

describe('is found', () => {
  test.each<[string, StoredEntry[], string[]]>([
    [
      'an entry that was overwritten',
      stored(WHOLE.map((entry) => (entry.seq === 3 ? { ...entry, cause: 'nobody' } : entry))),
      ['changed 3', 'broken chain 4'],
    ],
    ['the last entry that was overwritten', stored(rewritten(WHOLE, 6)), ['changed 6']],
    [
      'a chain that was written again, with every hash right',
      stored(rewritten(WHOLE, 3)),
      ['changed 3', 'changed 4', 'changed 5', 'changed 6'],
    ],
    [
      'a chain that was written again as a whole',
      stored(chain(6, 'another')),
      [1, 2, 3, 4, 5, 6].map((n) => `changed ${n}`),
    ],
    ['an entry that was removed', stored(WHOLE.filter(({ seq }) => seq !== 3)), ['missing 3']],
    ['several', stored(WHOLE.filter(({ seq }) => seq < 2 || seq > 4)), ['missing 2']],
    ['the first that was removed', stored(WHOLE.slice(1)), ['missing 1']],
    ['a tail that was cut off', stored(WHOLE.slice(0, 4)), ['cut off 5']],
    ['that everything was removed', [], ['cut off 1']],
    [
      'a tail that was cut off, and then a new one',
      stored([...WHOLE.slice(0, 4), ...rewritten(WHOLE, 5).slice(4, 5)]),
      ['changed 5', 'cut off 6'],
    ],
    [
      'an entry in another one’s place',
      [...stored(WHOLE.slice(0, 2)), { key: entryKey(3), item: WHOLE[3] }, ...stored(WHOLE.slice(3))],
      ['no entry', 'missing 3'],
    ],
    ['an item that is no entry', [...stored(WHOLE), { key: 'x', item: { any: 'thing' } }], ['no entry']],
  ])('%s', (_what, entries, expected) => {
    expect(whats(verdict(entries, anchored(WHOLE)))).toEqual(expected);
  });

  test('and nothing is called proven from there on', () => {
    const changed = WHOLE.map((entry) => (entry.seq === 3 ? { ...entry, cause: 'nobody' } : entry));
    expect(verdict(stored(changed), anchored(WHOLE))).toMatchObject({ proven: 2 });
  });

  test('an entry that was added by hand behind the last and never anchored', () => {
    expect(whats(verdict(stored(chain(7)), anchored(WHOLE)))).toEqual(['not anchored 7']);
  });

  test.each(['changed', 'removed'] as const)('what DynamoDB told of, even where it was put back: %s', (kind) => {
    const touched = anchorLine({ kind, partition: `LEDGER#${TARGET}`, key: entryKey(2), item: WHOLE[1] ?? {} }).line;
    const lines = [...anchored(WHOLE), { text: JSON.stringify(touched), taken: LATER }];
    expect(verdict(stored(WHOLE), lines)).toMatchObject({
      proven: 6,
      findings: [
        { what: 'touched', sentence: expect.stringContaining(`LEDGER#web/production ${entryKey(2)} was ${kind}`) },
      ],
    });
  });

  test('an entry that was put a second time, as another one: the first anchor counts', () => {
    const other = rewritten(WHOLE, 6);
    const lines = [...anchored(WHOLE), ...anchored(other.slice(5))];
    expect(whats(verdict(stored(WHOLE), lines))).toEqual(['anchored twice 6']);
    expect(whats(verdict(stored(other), lines))).toEqual(['anchored twice 6', 'changed 6']);
  });

  test('a line of the log that is no anchor', () => {
    const lines = [...anchored(WHOLE), { text: 'START RequestId', taken: LATER }, { text: '{}', taken: LATER }];
    expect(whats(verdict(stored(WHOLE), lines))).toEqual(['no anchor', 'no anchor']);
  });

  test('whatever is done to any entry', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 30 }),
        fc.nat(),
        fc.constantFrom<'change' | 'remove' | 'rewrite' | 'cut'>('change', 'remove', 'rewrite', 'cut'),
        (length, at, how) => {
          const whole = chain(length);
          const seq = (at % length) + 1;
          const touched = {
            change: () => whole.map((entry) => (entry.seq === seq ? { ...entry, facts: { n: -1 } } : entry)),
            remove: () => whole.filter((entry) => entry.seq !== seq),
            rewrite: () => rewritten(whole, seq),
            cut: () => whole.slice(0, seq - 1),
          }[how]();
          expect(verdict(stored(touched), anchored(whole)).findings).not.toEqual([]);
        },
      ),
    );
  });

  test('no more than can be read', () => {
    const many = chain(MOST_FINDINGS + 20);
    expect(verdict(stored(rewritten(many, 1)), anchored(many))).toMatchObject({
      findings: expect.objectContaining({ length: MOST_FINDINGS }),
      furtherFindings: 20,
    });
  });
});

describe('the command', () => {
  async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
    yield* items;
  }

  async function run(
    ledgers: Readonly<Record<string, readonly [StoredEntry[], LoggedLine[]]>>,
    { target, json = false }: { target?: string; json?: boolean } = {},
  ) {
    const terminal = new FakeTerminal();
    const exitCode = await verifyLedger(
      { target, json },
      {
        reading: {
          targets: () => Promise.resolve(Object.keys(ledgers).filter((name) => name !== NO_TARGET)),
          entries: (name) => each(ledgers[name]?.[0] ?? []),
          anchors: (name) => each(ledgers[name]?.[1] ?? []),
        },
        terminal,
        now: () => LATER,
      },
    );
    return { said: terminal.said, exitCode };
  }
  const good = [stored(WHOLE), anchored(WHOLE)] as const;
  const bad = [stored(WHOLE.slice(0, 4)), anchored(WHOLE)] as const;

  test('ends with 0 where nothing was found', async () => {
    expect(await run({ 'web/production': good })).toEqual({
      said: ['web/production: 6 entries, proven up to entry 6; nothing found'],
      exitCode: 0,
    });
  });

  test('ends with 1 and says what it found, of every target', async () => {
    const { said, exitCode } = await run({ 'web/production': good, 'web/staging': bad });
    expect(exitCode).toBe(1);
    expect(said).toEqual([
      'web/production: 6 entries, proven up to entry 6; nothing found',
      'web/staging: 4 entries, proven up to entry 4; 1 found',
      '  The chain ends with entry 4; entries up to 6 were anchored.',
    ]);
    expect(await run({ 'web/production': good, 'web/staging': bad }, { target: 'web/production' })).toMatchObject({
      exitCode: 0,
    });
  });

  test('finds what was put in and is of no target', async () => {
    const { line, stream } = anchorLine({ kind: 'put', partition: 'LEDGER#web', key: 'x', item: {} });
    expect(stream).toBe(NO_TARGET);
    const strange = [[], [{ text: JSON.stringify(line), taken: LATER }]] as [StoredEntry[], LoggedLine[]];
    const { said, exitCode } = await run({ 'web/production': good, [NO_TARGET]: strange });
    expect(exitCode).toBe(1);
    expect(said[1]).toContain('LEDGER#web x was put, which is no entry');
  });

  test('says it for programs too', async () => {
    const { said } = await run({ 'web/staging': bad }, { json: true });
    expect(said).toHaveLength(1);
    expect(JSON.parse(said[0] ?? '')).toMatchObject([
      { target: 'web/staging', proven: 4, findings: [{ what: 'cut off' }] },
    ]);
  });

  test('does not call nothing at all a ledger without faults', async () => {
    await expect(run({})).rejects.toThrow('no ledger to verify');
  });
});
