import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { clientOptions } from '@farol/local-aws/aws-side.ts';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { WITHHELD } from '#core/domain/task-content.ts';
import { eventually } from './eventually.ts';
import { type Stage, startStage } from './harness.ts';
import { withRungs } from './own-ladder.ts';
import { answerAs, type Keys, makeUser } from './people.ts';

const [FIRST, HOSTILE, LIAR] = ['v1.0.0', 'v1.0.1', 'v1.1.0'] as const;

/** What the plan tries, in Python: each line is executed by itself, with the connection as `cursor`. */
const ATTEMPTS = [
  "cursor.execute('DELETE FROM guestbook_entry')",
  "cursor.execute('SELECT message FROM guestbook_entry')",
  "cursor.execute('TRUNCATE guestbook_entry CASCADE')",
  "cursor.execute('DROP TABLE guestbook_entry CASCADE')",
  "cursor.execute('DELETE FROM django_migrations')",
  "cursor.execute('SET ROLE web_owner')",
  "cursor.execute('SET ROLE web_migrator')",
  "cursor.execute('SELECT * FROM auth_user')",
  "cursor.execute('CREATE TABLE mine (id int)')",
  `cursor.execute("ALTER ROLE web_planner CREATEROLE")`,
];
/** Prints what came of each attempt and every variable that is given, and says that nothing is pending. */
const HOSTILE_PLAN = `
import json, os
from django.core.management.base import BaseCommand
from django.db import connection


class Command(BaseCommand):
    requires_system_checks = []

    def handle(self, *args, **options):
        done = []
        for attempt in ${JSON.stringify(ATTEMPTS)}:
            try:
                with connection.cursor() as cursor:
                    cursor.execute("SET default_transaction_read_only = off")
                    exec(attempt)
                done.append(attempt)
            except Exception as error:
                print("REFUSED", type(error).__name__, attempt)
        print("TRIED", json.dumps({"done": done, "tried": ${ATTEMPTS.length}, "environment": dict(os.environ)}))
        print(json.dumps({"migrations": []}))
`;
/** Says that another migration is pending than \`migrate\` will apply. */
const LYING_PLAN = `
import json
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    requires_system_checks = []

    def handle(self, *args, **options):
        print(json.dumps({"migrations": [{"name": "guestbook.0003_harmless", "compatible": "yes", "why": "says so"}]}))
`;
const PLAN = 'delivery/management/commands/migration_plan.py';

const app = withRungs([
  { name: 'hostile-plan', from: 'first-release', version: HOSTILE, files: { [PLAN]: HOSTILE_PLAN } },
  { name: 'lying-plan', from: 'additive-migration', version: LIAR, files: { [PLAN]: LYING_PLAN } },
]);

let stage: Stage;
let entries: unknown[];
let ana: Keys | undefined;
beforeAll(async () => {
  const rungs = ['first-release', 'hostile-plan', 'lying-plan'];
  stage = await startStage({ name: 'hostile-release', app, rungs });
  await stage.publish((settings) => ({ ...settings, approval: { timeout: '1h', before: 'anything' } }));
  const first = await stage.push(FIRST);
  await asked(first);
  await answer(first, 'approve');
  await stage.ended(first);
  entries = await rows();
}, 180_000);
afterAll(() => stage?.close(), 60_000);

/** The secret that a task's variable names. */
async function secret(valueFrom: string | undefined): Promise<string> {
  const [SecretId, key] = [valueFrom?.split(':').slice(0, 7).join(':'), valueFrom?.split(':')[7]];
  const client = new SecretsManagerClient(clientOptions(stage.cloud.gateway.url, 'e2e'));
  const { SecretString = '' } = await client.send(new GetSecretValueCommand({ SecretId }));
  return key === undefined || key === ''
    ? SecretString
    : (z.record(z.string(), z.string()).parse(JSON.parse(SecretString))[key] ?? '');
}

/** The visitors' lines, as the application sees them. */
async function rows(): Promise<unknown[]> {
  const [service] = stage.cloud.settings.services;
  const { environment = {}, secrets = {} } = service ?? {};
  const client = new Client({
    host: environment['POSTGRES_HOST'],
    port: Number(environment['POSTGRES_PORT']),
    database: environment['POSTGRES_NAME'],
    user: environment['POSTGRES_USER'],
    password: await secret(secrets['POSTGRES_PASSWORD']),
  });
  await client.connect();
  const found = await client.query('SELECT * FROM guestbook_entry ORDER BY id');
  await client.end();
  return found.rows;
}

/** Waits until people are asked about a deployment. */
async function asked(deployment: string): Promise<void> {
  await eventually(`the question of ${deployment}`, 60, async () => {
    const entry = (await stage.ledger()).entries.at(-1);
    return entry?.type === 'approval asked' && entry.deployment === deployment ? { found: entry } : { saw: entry };
  });
}

async function answer(deployment: string, decision: 'approve' | 'reject'): Promise<void> {
  ana ??= await makeUser(stage, 'ana');
  const { done, sentence } = await answerAs(stage, ana, decision, deployment);
  if (!done) throw new Error(sentence);
}

/** What the hostile plan printed of its attempts. */
async function attempts(): Promise<{ done: string[]; tried: number; environment: Record<string, string> }> {
  const logs = new CloudWatchLogsClient(clientOptions(stage.cloud.gateway.url, 'e2e'));
  const { events = [] } = await logs.send(
    new FilterLogEventsCommand({ logGroupName: stage.cloud.settings.infrastructure.logGroup, filterPattern: 'TRIED' }),
  );
  const line = events.map(({ message = '' }) => message).find((message) => message.startsWith('TRIED'));
  return z
    .object({ done: z.array(z.string()), tried: z.number(), environment: z.record(z.string(), z.string()) })
    .parse(JSON.parse(line?.slice('TRIED '.length) ?? ''));
}

describe('a release whose plan attacks', () => {
  let deployment: string;

  test('gets as far as the question to people, as one with nothing to migrate', async () => {
    expect(entries.length).toBeGreaterThan(0);
    deployment = await stage.push(HOSTILE);
    await asked(deployment);
  });

  test('has started nothing by then but its plan', async () => {
    const tasks = stage.timeline.calls.filter(
      ({ operation, params }) => operation === 'RunTask' && params['startedBy'] === deployment,
    );
    expect(tasks.map(({ params }) => String(params['taskDefinition']))).toEqual([
      expect.stringContaining(':task-definition/web-production-plan:'),
    ]);
    const { blue, green } = stage.timeline.moments.at(-1)?.slots ?? {};
    expect([...(blue?.healthy ?? []), ...(green?.healthy ?? [])]).not.toContain(HOSTILE);
    const definitions = stage.timeline.calls.filter(({ operation }) => operation === 'RegisterTaskDefinition');
    expect(JSON.stringify(definitions.map(({ params }) => [params['family'], params['tags']]))).not.toContain(
      `"web-production-web",[{"key":"farol:target","value":"web/production"},{"key":"farol:deployment","value":"${deployment}"`,
    );
  });

  test('has read and changed nothing of the database by then, and knows no secret', async () => {
    const { done, tried, environment } = await attempts();
    expect(done).toEqual([]);
    expect(tried).toBe(ATTEMPTS.length);
    expect(await rows()).toEqual(entries);
    expect(environment['SECRET_KEY']).toBe(WITHHELD);
    const key = await secret(stage.cloud.settings.services[0]?.secrets['SECRET_KEY']);
    expect(key.length).toBeGreaterThan(20);
    expect(Object.values(environment)).not.toContain(key);
  });

  test('leaves nothing behind when it is rejected', async () => {
    await answer(deployment, 'reject');
    expect(await stage.ended(deployment)).toMatchObject({ status: 'FAILED' });
    expect(await rows()).toEqual(entries);
    expect((await stage.ledger()).head.live?.deployable.version).toBe(FIRST);
  });
});

describe('a release whose plan lies', () => {
  test('freezes the target once it is approved and has migrated otherwise, with all traffic where it was', async () => {
    const deployment = await stage.push(LIAR);
    await asked(deployment);
    await answer(deployment, 'approve');
    expect(await stage.ended(deployment)).toMatchObject({
      status: 'FAILED',
      error: 'frozen',
      cause: expect.stringMatching(
        /something else than was planned.*without having been planned: guestbook\.0003_entry_lamps.*not applied: guestbook\.0003_harmless/,
      ),
    });
    const { head } = await stage.ledger();
    expect(head.frozen?.deployment).toBe(deployment);
    expect(head.live?.deployable.version).toBe(FIRST);
    const served = await fetch(new URL('/version', stage.cloud.applicationUrl));
    expect(await served.json()).toMatchObject({ version: FIRST });
  });
});
