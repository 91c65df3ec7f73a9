import { marshall } from '@aws-sdk/util-dynamodb';
import { describe, expect, test } from 'vitest';
import { entryChanges } from '#aws/entry-changes.ts';
import { type AnchorLine, entriesOf, entryKey } from '#core/contract/anchor.ts';
import type { Entry } from '#core/contract/ledger.ts';
import { CHAIN_START, entryHash } from '#core/domain/ledger-chain.ts';
import { anchorEntries } from '../../../../functions/anchor-entries/anchor-entries.ts';

const ENTRY: Entry = {
  seq: 1,
  previous: CHAIN_START,
  at: '2026-11-23T18:00:00.000Z',
  type: 'fact',
  cause: 'smoke checks',
  deployment: 'web-production-v1_0_0-cccccccc-1',
  facts: { kind: 'smoke', slowest: 0.25, none: null, list: [1, 'two'] },
};

interface Happened {
  readonly name?: 'INSERT' | 'MODIFY' | 'REMOVE';
  readonly pk?: string;
  readonly sk?: string;
  readonly item?: object;
}

/** An event of the table's stream, as Lambda hands it on. */
function event(...happened: Happened[]): unknown {
  return {
    Records: happened.map(({ name = 'INSERT', pk = entriesOf('web/production'), sk = entryKey(1), item = ENTRY }) => ({
      eventID: '1',
      eventName: name,
      eventSource: 'aws:dynamodb',
      dynamodb: {
        Keys: { pk: { S: pk }, sk: { S: sk } },
        ...(name !== 'REMOVE' && { NewImage: marshall({ pk, sk, ...item }) }),
        StreamViewType: 'NEW_IMAGE',
      },
    })),
  };
}

async function anchor(...happened: Happened[]) {
  const written: [string, readonly AnchorLine[]][] = [];
  const notices: string[] = [];
  const outcome = await anchorEntries(entryChanges(event(...happened)), {
    anchors: { write: async (stream, lines) => void written.push([stream, lines]) },
    notifier: { publish: async (_subject, text) => void notices.push(text) },
  });
  return { written, notices, outcome };
}

test('of each entry that is put, its number and hash are written down, for each target in order', async () => {
  const second = { ...ENTRY, seq: 2, previous: entryHash(ENTRY) };
  const { written, notices, outcome } = await anchor(
    {},
    { pk: entriesOf('web/staging') },
    { sk: entryKey(2), item: second },
  );
  expect(written).toEqual([
    [
      'web/production',
      [
        { target: 'web/production', seq: 1, hash: entryHash(ENTRY) },
        { target: 'web/production', seq: 2, hash: entryHash(second) },
      ],
    ],
    ['web/staging', [{ target: 'web/staging', seq: 1, hash: entryHash(ENTRY) }]],
  ]);
  expect(notices).toEqual([]);
  expect(outcome).toEqual({ anchored: 3, trespasses: 0 });
});

describe('people are told at once', () => {
  test.each<[string, Happened, string, string]>([
    ['an entry is changed', { name: 'MODIFY' }, 'web/production', 'changed'],
    ['an entry is removed', { name: 'REMOVE' }, 'web/production', 'removed'],
    ['something is put that is no entry', { item: { any: 'thing' } }, 'web/production', 'no entry'],
    ['an entry is put in another one’s place', { sk: entryKey(7) }, 'web/production', 'no entry'],
    ['something of no target is put', { pk: 'LEDGER#web' }, 'no-target', 'no entry'],
    ['something of another kind is put', { pk: 'TARGET#web/production' }, 'no-target', 'no entry'],
  ])('when %s', async (_what, happened, stream, trespass) => {
    const { written, notices, outcome } = await anchor({ sk: entryKey(1) }, happened);
    const lines = written.filter(([name]) => name === stream).flatMap(([, all]) => all);
    expect(lines).toContainEqual({ item: expect.stringMatching(/#web/), trespass });
    expect(notices).toEqual([expect.stringContaining(`: ${trespass}`)]);
    expect(outcome).toEqual({ anchored: 1, trespasses: 1 });
  });

  test('and not of more than they can read', async () => {
    const { notices } = await anchor(...Array.from({ length: 150 }, (): Happened => ({ name: 'REMOVE' })));
    expect(notices[0]).toContain('and 50 more');
  });
});

test('what cannot be written down is tried again with its batch', async () => {
  const failing = anchorEntries(entryChanges(event({})), {
    anchors: { write: () => Promise.reject(new Error('ServiceUnavailable')) },
    notifier: { publish: () => Promise.resolve() },
  });
  await expect(failing).rejects.toThrow('ServiceUnavailable');
  expect(() => entryChanges({ Records: [{ eventName: 'OTHER' }] })).toThrow('eventName');
});
