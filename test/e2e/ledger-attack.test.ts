import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DeleteCommand, DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { clientOptions } from '@farol/local-aws/aws-side.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { entriesOf, entryKey } from '#core/contract/anchor.ts';
import { type Entry, ledgerTable } from '#core/contract/ledger.ts';
import { entryHash } from '#core/domain/ledger-chain.ts';
import { ORCHESTRATOR } from '../../infra/names.ts';
import { eventually } from './eventually.ts';
import { farol } from './farol.ts';
import { type Stage, startStage } from './harness.ts';
import { testPolicies } from './invariants.ts';

const TARGET = 'web/production';
const TableName = ledgerTable(ORCHESTRATOR.ledger, 'entries');
const Verdicts = z.array(
  z.looseObject({
    target: z.string(),
    entries: z.int(),
    proven: z.int(),
    waiting: z.int(),
    findings: z.array(z.looseObject({ what: z.string(), seq: z.int().optional() })),
  }),
);

let stage: Stage;
let dynamo: DynamoDBDocumentClient;
/** The entries as Farol wrote them. */
let written: readonly Entry[];
beforeAll(async () => {
  stage = await startStage({ name: 'ledger-attack', rungs: ['first-release'] });
  dynamo = DynamoDBDocumentClient.from(new DynamoDBClient(clientOptions(stage.cloud.gateway.url, 'attacker')));
}, 180_000);
afterAll(async () => {
  dynamo?.destroy();
  await stage?.close();
}, 60_000);

async function verify() {
  const { exitCode, stdout, stderr } = await farol(stage, ['verify-ledger', TARGET, '--json']);
  const [verdict] = Verdicts.parse(JSON.parse(stdout || stderr));
  if (verdict === undefined) throw new Error('no verdict');
  return { exitCode, ...verdict, found: verdict.findings.map(({ what, seq }) => `${what} ${seq ?? ''}`.trim()) };
}

/** Puts an entry as somebody may who may put into the table. */
async function put(entry: Entry): Promise<void> {
  await dynamo.send(new PutCommand({ TableName, Item: { pk: entriesOf(TARGET), sk: entryKey(entry.seq), ...entry } }));
}

async function remove(seq: number): Promise<void> {
  await dynamo.send(new DeleteCommand({ TableName, Key: { pk: entriesOf(TARGET), sk: entryKey(seq) } }));
}

/** The chain from an entry on with another cause, every hash made again: it fits in itself. */
async function rewriteFrom(seq: number): Promise<void> {
  let previous = written[seq - 2];
  for (const entry of written.slice(seq - 1)) {
    const changed = { ...entry, cause: 'another', previous: previous === undefined ? '' : entryHash(previous) };
    await put(changed);
    previous = changed;
  }
}

async function restore(): Promise<void> {
  for (const entry of written) await put(entry);
}

/** Waits until people were told that an item was touched. */
function told(item: number, how: 'changed' | 'removed'): Promise<unknown> {
  return eventually(`a notice of entry ${item}`, 60, async () => {
    const notices = stage.timeline.calls.filter(({ operation }) => operation === 'Publish');
    const notice = notices.find(({ params }) =>
      String(params['Message']).includes(`LEDGER#${TARGET} ${entryKey(item)}: ${how}`),
    );
    return notice === undefined ? { saw: notices.at(-1)?.params['Subject'] } : { found: notice };
  });
}

test('what Farol wrote is proven to its end', async () => {
  expect(await stage.deploy('v1.0.0')).toMatchObject({ status: 'SUCCEEDED' });
  written = (await stage.ledger()).entries;
  const whole = await eventually('every entry anchored', 60, async () => {
    const verdict = await verify();
    return verdict.waiting === 0 && verdict.proven === written.length ? { found: verdict } : { saw: verdict };
  });
  expect(whole).toMatchObject({ exitCode: 0, entries: written.length, found: [] });
  const { stdout } = await farol(stage, ['verify-ledger']);
  expect(stdout).toBe(`${TARGET}: ${written.length} entries, proven up to entry ${written.length}; nothing found`);
});

test('an entry that somebody overwrites is found, and people are told at once', async () => {
  const third = written[2];
  if (third === undefined) throw new Error('a third entry');
  await put({ ...third, cause: 'nobody' });
  await told(3, 'changed');
  const verdict = await verify();
  expect(verdict.exitCode).toBe(1);
  expect(verdict.found).toEqual(['touched', 'changed 3', 'broken chain 4']);
  expect(verdict.proven).toBe(2);
});

test('that it was put back hides nothing', async () => {
  await restore();
  const verdict = await eventually('the second change on record', 60, async () => {
    const now = await verify();
    return now.found.length === 2 ? { found: now } : { saw: now };
  });
  expect(verdict).toMatchObject({ exitCode: 1, found: ['touched', 'touched'], proven: written.length });
});

test('a chain that is written again with every hash right is found', async () => {
  await rewriteFrom(4);
  const verdict = await verify();
  expect(verdict.exitCode).toBe(1);
  expect(verdict.found).toEqual(expect.arrayContaining(written.slice(3).map(({ seq }) => `changed ${seq}`)));
  expect(verdict.found).not.toContainEqual(expect.stringMatching(/^broken chain/));
  await restore();
});

test('a tail that is cut off is found, and so is what takes its place', async () => {
  const last = written.length;
  await remove(last);
  await told(last, 'removed');
  const cut = await verify();
  expect(cut).toMatchObject({ exitCode: 1, entries: last - 1 });
  expect(cut.found).toContain(`cut off ${last}`);
  const end = written[last - 1];
  if (end === undefined) throw new Error('a last entry');
  await put({ ...end, cause: 'somebody else' });
  const replaced = await eventually('the new entry on record', 60, async () => {
    const now = await verify();
    return now.found.includes(`anchored twice ${last}`) ? { found: now } : { saw: now };
  });
  expect(replaced.found).toContain(`changed ${last}`);
});

testPolicies(() => stage);
