import { describe, expect, test } from 'vitest';
import { NO_TARGET } from '#core/contract/anchor.ts';
import type { Entry } from '#core/contract/ledger.ts';
import { anchorLine, trespassNotice } from '#core/domain/anchoring.ts';
import { CHAIN_START, entryHash } from '#core/domain/ledger-chain.ts';

const ENTRY: Entry = {
  seq: 12,
  previous: CHAIN_START,
  at: '2026-11-23T18:00:00.000Z',
  type: 'intent',
  cause: 'shift to 10 %',
  deployment: 'one',
  facts: {},
};
const PUT = { kind: 'put', partition: 'LEDGER#web/production', key: '000000000012', item: { ...ENTRY } } as const;

describe('a line for a change of the table of entries', () => {
  test('of an entry has its number and its hash, in the stream of its target', () => {
    expect(anchorLine(PUT)).toEqual({
      stream: 'web/production',
      line: { target: 'web/production', seq: 12, hash: entryHash(ENTRY) },
    });
  });

  test.each([
    ['an item that is no entry', { ...PUT, item: { ...ENTRY, seq: 'twelve' } }, 'web/production', 'no entry'],
    ['an entry under another key', { ...PUT, key: '000000000013' }, 'web/production', 'no entry'],
    ['a target that there cannot be', { ...PUT, partition: 'LEDGER#nowhere' }, NO_TARGET, 'no entry'],
    ['an entry that was changed', { ...PUT, kind: 'changed' }, 'web/production', 'changed'],
    ['an entry that was deleted', { ...PUT, kind: 'removed' }, 'web/production', 'removed'],
  ] as const)('of %s is a trespass', (_what, change, stream, trespass) => {
    const { line, ...at } = anchorLine(change);
    expect(at).toEqual({ stream });
    expect(line).toEqual({ item: `${change.partition} ${change.key}`, trespass });
  });

  test('holds no more of a name than a line of CloudWatch takes', () => {
    const { line } = anchorLine({ ...PUT, partition: 'x'.repeat(5000) });
    expect('item' in line && line.item).toHaveLength(4096);
  });
});

describe('people', () => {
  const trespass = (n: number) => ({ item: `web/production ${n}`, trespass: 'no entry' as const });

  test('are told nothing of entries', () => {
    expect(trespassNotice([])).toBeUndefined();
    expect(trespassNotice([{ target: 'web/production', seq: 1, hash: 'a' }])).toBeUndefined();
  });

  test('are told what was touched, and how to go on', () => {
    expect(trespassNotice([{ target: 'web/production', seq: 1, hash: 'a' }, trespass(1), trespass(2)])).toEqual({
      subject: 'Somebody touched the entries of the ledger',
      text: [
        'Farol only ever adds entries. These items of the table of entries were touched otherwise:',
        '- web/production 1: no entry',
        '- web/production 2: no entry',
        'Look who it was (CloudTrail) and compare the chain: npm run farol -- verify-ledger. The runbook says what to do.',
      ].join('\n'),
    });
  });

  test.each([
    [100, undefined],
    [101, 'and 1 more'],
    [120, 'and 20 more'],
  ])('are told a hundred items of %i', (count, more) => {
    const lines = trespassNotice(Array.from({ length: count }, (_, n) => trespass(n)))?.text.split('\n') ?? [];
    expect(lines.filter((line) => line.startsWith('- '))).toHaveLength(100);
    expect(lines[101] === more || more === undefined).toBe(true);
    expect(lines).toHaveLength(102 + (more === undefined ? 0 : 1));
  });
});
