import { PutCommand } from '@aws-sdk/lib-dynamodb';
import type { CallRecord } from '@farol/local-aws/gateway/record.ts';
import { beforeAll, expect, test } from 'vitest';
import { DynamoApprovals } from '#aws/dynamo-approvals.ts';
import { DynamoLedger } from '#aws/dynamo-ledger.ts';
import { ledgerTable } from '#core/contract/ledger.ts';
import { cloud } from '../../../../packages/local-aws/test/fixtures/cloud.ts';
import { createTables, dynamo, SMOKE } from './ledger-subjects.ts';
import { request, TickingClock } from './releases.ts';

const LEDGER = 'farol-parts';
const started = cloud();
beforeAll(() => createTables(started(), LEDGER));

test('a fact that lies with others is no approval, whatever it says of itself', async () => {
  const client = dynamo(started());
  const ledger = new DynamoLedger(client, LEDGER, new TickingClock());
  const first = request('web/production', 'v1.0.0');
  const token = (await ledger.takeLock(first, 'arn:first', undefined)) ?? 0;
  const { deployment, target } = first;
  await ledger.saveFact({ target, deployment, token }, SMOKE, 'smoke checks');
  // What another author of facts could write.
  for (const kind of ['approval', 'smoke'])
    await client.send(
      new PutCommand({
        TableName: ledgerTable(LEDGER, 'facts'),
        Item: {
          pk: `DEPLOYMENT#${deployment}`,
          sk: `FACT#${kind}`,
          ...SMOKE,
          kind: 'approval',
          at: '2026-01-01T00:00:00.000Z',
        },
      }),
    );
  expect(Object.keys(await ledger.facts(deployment))).toEqual([]);
  const approvals = new DynamoApprovals(client, LEDGER, new TickingClock());
  const asked = await approvals.ask(
    { target, deployment, token },
    { before: 'traffic', plan: 'abc', until: '2026-01-02T00:00:00.000Z', taskToken: 'a token' },
  );
  await approvals.decide(asked, { outcome: 'approved', by: 'ana' }, SMOKE.deployable);
  expect(await ledger.facts(deployment)).toMatchObject({ approval: { kind: 'approval', detail: { by: 'ana' } } });
});

test('what waited is taken from the queue, and nothing is deleted', async () => {
  const calls: CallRecord[] = [];
  started().gateway.onCall((call) => calls.push(call));
  const ledger = new DynamoLedger(dynamo(started()), LEDGER, new TickingClock());
  const [first, second, third] = [1, 2, 3].map((attempt) => request('web/queue', 'v1.0.0', attempt));
  if (first === undefined || second === undefined || third === undefined) throw new Error('three requests');
  await ledger.takeLock(first, 'arn:first', undefined);
  const holder = await ledger.lock('web/queue');
  if (holder === undefined) throw new Error('nobody holds the lock');
  expect(await ledger.enqueue(second, holder, second.deployment)).toBe('queued');
  await ledger.dequeue(second);
  expect(await ledger.waiting('web/queue')).toBeUndefined();
  expect(await ledger.enqueue(third, holder, third.deployment)).toBe('queued');
  expect(await ledger.waiting('web/queue')).toEqual(third);
  await ledger.dequeue(second);
  expect(await ledger.waiting('web/queue')).toEqual(third);
  expect(JSON.stringify(calls)).not.toContain('"Delete"');
  expect(calls.map(({ operation }) => operation)).toContain('TransactWriteItems');
});
