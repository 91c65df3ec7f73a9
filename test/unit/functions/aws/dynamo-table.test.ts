import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { ABSENT, DynamoTables, PRESENT, untilSettled } from '#aws/dynamo-table.ts';
import { cloud } from '../../../../packages/local-aws/test/fixtures/cloud.ts';
import { fakeUpstream } from '../../../../packages/local-aws/test/fixtures/gateway.ts';
import { FakeClock } from '../../../fakes/clock.ts';
import { createTables } from './ledger-subjects.ts';

const started = cloud();
const LEDGER = 'things';

function table(endpoint = started().client.endpoint): DynamoTables {
  return new DynamoTables(
    DynamoDBDocumentClient.from(new DynamoDBClient({ ...started().client, endpoint }), {
      marshallOptions: { removeUndefinedValues: true },
    }),
    LEDGER,
  );
}

beforeAll(() => createTables(started(), LEDGER, ['records', 'facts']));

test('writes all or nothing, and tells by their place which conditions were not true', async () => {
  const things = table();
  const a = { table: 'records', pk: 'conditions', sk: 'a' } as const;
  // Of another table, in the same transaction.
  const b = { table: 'facts', pk: 'conditions', sk: 'a' } as const;
  const c = { table: 'records', pk: 'conditions', sk: 'c' } as const;
  const item = { status: 'reserved word', inner: { deployment: 'd' }, gone: true };
  expect(await things.write([{ put: { ...a, ...item }, when: { pk: ABSENT } }, { put: { ...b, n: 1 } }])).toBe(
    'written',
  );
  const refused = await things.write([
    { put: { ...a, ...item }, when: { pk: ABSENT } },
    { update: b, set: { n: 2 }, when: { n: 1 } },
    { check: c, when: { pk: PRESENT } },
  ]);
  expect(refused).toEqual({ refused: [0, 2] });
  expect(await things.get(b, z.object({ n: z.int() }))).toEqual({ n: 1 });
  const update = {
    update: a,
    set: { status: 'changed', size: 0.25, none: null },
    remove: ['gone'],
    when: { 'inner.deployment': 'd', status: 'reserved word', size: ABSENT },
  };
  expect(await things.write([update, { put: { ...b, taken: true }, when: { n: 1 } }])).toBe('written');
  expect(await things.get(a, z.unknown())).toEqual({
    inner: { deployment: 'd' },
    status: 'changed',
    size: 0.25,
    none: null,
  });
  expect(await things.get(b, z.unknown())).toEqual({ taken: true });
  expect(await things.get(c, z.unknown())).toBeUndefined();
});

test('lists a partition whole, past the first page, in the order of its keys', async () => {
  const things = table();
  // A page ends at 1 MB (DynamoDB Developer Guide, "Paginating table query results"), an item at 400 KB.
  const text = 'x'.repeat(300_000);
  const pages = { table: 'records', pk: 'pages' } as const;
  for (const n of [3, 1, 5, 2, 4]) await things.write([{ put: { ...pages, sk: `N#${n}`, n, text } }]);
  await things.write([{ put: { ...pages, sk: 'OTHER', n: 9 } }]);
  expect((await things.list(pages, 'N#')).map((item) => item['n'])).toEqual([1, 2, 3, 4, 5]);
  expect(await things.last(pages, 'N#')).toEqual({ n: 5, text });
});

test.each([{ reset: false }, { reset: true }])(
  'a write whose answer was lost once is written, not refused by itself: $reset',
  async ({ reset }) => {
    const things = table();
    const key = { table: 'records', pk: 'lost', sk: `once ${reset}` } as const;
    started().gateway.faults.add({ operation: 'TransactWriteItems', effect: { kind: 'fail-after', reset } });
    expect(await things.write([{ put: { ...key, n: 1 }, when: { pk: ABSENT } }])).toBe('written');
  },
);

test('a write whose answer is lost at every try throws; a later one sees that it was made', async () => {
  const things = table();
  const key = { table: 'records', pk: 'lost', sk: 'for good' } as const;
  started().gateway.faults.add({ operation: 'TransactWriteItems', times: 2, effect: { kind: 'fail-after' } });
  const write = { put: { ...key, n: 1 }, when: { pk: ABSENT } };
  await expect(things.write([write])).rejects.toThrow('injected fault');
  expect(await things.write([write])).toEqual({ refused: [0] });
});

/** DynamoDB cancelling a transaction for `reasons`. */
async function cancelling(...reasons: { Code: string; Message?: string }[]) {
  const url = await fakeUpstream((_request, _body, response) => {
    response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' });
    const type = 'com.amazonaws.dynamodb.v20120810#TransactionCanceledException';
    response.end(JSON.stringify({ __type: type, Message: 'Transaction cancelled', CancellationReasons: reasons }));
  });
  return table(url.origin).write(['a', 'b'].map((pk) => ({ put: { table: 'records', pk, sk: pk } }) as const));
}

test('tells a conflict from a refusal from a mistake', async () => {
  expect(await cancelling({ Code: 'None' }, { Code: 'TransactionConflict' })).toBe('conflict');
  expect(await cancelling({ Code: 'ThrottlingError' }, { Code: 'None' })).toBe('conflict');
  expect(await cancelling({ Code: 'TransactionConflict' }, { Code: 'ConditionalCheckFailed' })).toEqual({
    refused: [1],
  });
  await expect(cancelling({ Code: 'None' }, { Code: 'ValidationError' })).rejects.toThrow('Transaction cancelled');
});

test('tries again what others keep moving, with growing pauses, and gives up in the end', async () => {
  const clock = new FakeClock();
  let tries = 0;
  expect(await untilSettled(clock, 'a thing', async () => ((tries += 1) < 5 ? 'again' : tries))).toBe(5);
  await expect(untilSettled(clock, 'a thing', async () => 'again')).rejects.toThrow(/a thing: others were faster/);
});
