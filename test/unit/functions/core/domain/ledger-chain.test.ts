import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Entry } from '#core/contract/ledger.ts';
import { CHAIN_START, entryHash, settingsHash } from '#core/domain/ledger-chain.ts';

test('hashes do not depend on the order of keys, at any depth', () => {
  expect(settingsHash({ a: 1, b: { c: 2, d: 3 } })).toBe(settingsHash({ b: { d: 3, c: 2 }, a: 1 }));
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.dictionary(fc.string(), fc.jsonValue())), (value) => {
      const turned = Object.fromEntries(
        Object.entries(value)
          .map(([key, inner]) => [key, Object.fromEntries(Object.entries(inner).toReversed())])
          .toReversed(),
      );
      return settingsHash(value) === settingsHash(turned);
    }),
  );
});

test('hashes tell values apart, lists by their order too', () => {
  const hashes = [{ a: 1 }, { a: 2 }, { a: null }, { b: 1 }, { a: [1, 2] }, { a: [2, 1] }, { a: { 0: 1, 1: 2 } }, {}];
  expect(new Set(hashes.map(settingsHash)).size).toBe(hashes.length);
});

const ENTRY: Entry = {
  seq: 1,
  previous: CHAIN_START,
  at: '2026-11-23T18:00:00.000Z',
  type: 'intent',
  cause: 'c',
  deployment: 'd',
  facts: { a: 1 },
};

test('an entry’s hash is one of SHA-256, and changes with any of its members', () => {
  expect(entryHash(ENTRY)).toMatch(/^[0-9a-f]{64}$/);
  const others: Partial<Entry>[] = [
    { seq: 2 },
    { previous: '1'.repeat(64) },
    { at: '2026-11-23T18:00:00.001Z' },
    { type: 'promoted' },
    { cause: 'd' },
    { deployment: 'c' },
    { facts: { a: 2 } },
  ];
  const hashes = [ENTRY, ...others.map((change) => ({ ...ENTRY, ...change }))].map(entryHash);
  expect(new Set(hashes).size).toBe(hashes.length);
});

test('a settings revision is sixteen hexadecimal digits', () => {
  expect(settingsHash({})).toMatch(/^[0-9a-f]{16}$/);
});
