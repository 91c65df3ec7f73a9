import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CloudWatchLogsClient,
  paginateDescribeLogGroups,
  paginateFilterLogEvents,
} from '@aws-sdk/client-cloudwatch-logs';
import { GetSecretValueCommand, paginateListSecrets, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { clientOptions, PLACE } from '@farol/local-aws/aws-side.ts';
import type { CallRecord } from '@farol/local-aws/gateway/record.ts';
import * as z from 'zod';
import type { Entry } from '#core/contract/ledger.ts';
import { Intent } from '#core/contract/ledger.ts';
import { type Settings, targetOf } from '#core/contract/settings.ts';
import { Slot } from '#core/contract/slot.ts';
import { targetSlug } from '#core/contract/target.ts';
import type { RequestRecord } from '../../local/load/generator.ts';
import type { Tally } from '../../local/load/tally.ts';
import type { Execution } from '../../local/terminal/execution.ts';
import { type FunctionRoles, synthesizedRoles } from '../iam/recorded.ts';
import type { Stage } from './harness.ts';
import type { LedgerContent } from './ledger.ts';
import type { Moment } from './timeline.ts';

/** Everything that is known of a cloud when the last deployment has ended. */
export interface Run {
  readonly settings: Settings;
  readonly moments: readonly Moment[];
  readonly calls: readonly CallRecord[];
  /** What each function may do, by the templates that were deployed. */
  readonly roles: FunctionRoles;
  readonly ledger: LedgerContent;
  readonly executions: readonly Execution[];
  /** What became of each load. */
  readonly tallies: readonly Tally[];
  readonly requests: readonly RequestRecord[];
  /** All that was written down, by where it was. */
  readonly texts: ReadonlyMap<string, string>;
  /** Values that must be nowhere in them, by name. */
  readonly secrets: ReadonlyMap<string, string>;
}

/** The one text that may hold a task token, outside its entries: with it the state machine is woken. */
export const LEDGER = 'the ledger';

/** File in the folder of logs with what was recorded; the calls are in the record of calls. */
const RECORD = 'run.json';

/** Ends the load and reads all there is. */
export async function collect(stage: Stage): Promise<Run> {
  const { cloud, loads, timeline } = stage;
  const tallies = await Promise.all(loads.map((load) => load.stop()));
  await cloud.gateway.settled();
  await cloud.gateway.flush();
  const ledger = await stage.ledger();
  const texts = new Map([
    [LEDGER, ledger.text],
    ["the ledger's entries", JSON.stringify(ledger.entries)],
    ['the record of calls', readFileSync(cloud.record, 'utf8')],
    ...(await logs(cloud.gateway.url)),
    ...partLogs(stage.logs),
  ]);
  const requests = loads.flatMap((load) => load.requests);
  const { moments } = timeline;
  // The run is that of the target which users come to; each other one has a ledger, tokens and weights of its own.
  const others = cloud.others.map((settings) => targetSlug(targetOf(settings)));
  const ofOthers = (text: string): boolean => others.some((slug) => text.includes(slug));
  const calls = timeline.calls.filter(({ params }) => !ofOthers(JSON.stringify(params)));
  const executions = stage.executions.filter(({ name }) => !ofOthers(name));
  // To find out why a test failed.
  const plain = (_key: string, value: unknown): unknown =>
    value instanceof Set ? [...value] : value instanceof Map ? Object.fromEntries(value) : value;
  writeFileSync(
    join(stage.logs, RECORD),
    JSON.stringify({ executions, moments, requests, entries: ledger.entries }, plain),
  );
  return {
    settings: cloud.settings,
    moments,
    calls,
    roles: functionRoles(stage),
    ledger,
    executions,
    tallies,
    requests,
    texts,
    secrets: await secrets(cloud.gateway.url),
  };
}

/** What each function of a stage may do. */
export function functionRoles({ templates }: Stage): FunctionRoles {
  return synthesizedRoles(templates, { account: PLACE.accountId, region: PLACE.region });
}

/** What a function's log says that it answered, oldest first. */
export async function outcomesOf(url: string, name: string): Promise<unknown[]> {
  const texts = await logs(url, `/aws/lambda/farol-${name}`);
  return [...texts.values()]
    .join('\n')
    .split('\n')
    .flatMap((line) => {
      const logged = Logged.safeParse(parse(line));
      return logged.success ? [logged.data.outcome] : [];
    });
}

const Logged = z.object({ message: z.literal('outcome'), outcome: z.unknown() });

async function logs(url: string, logGroupNamePrefix = '/'): Promise<Map<string, string>> {
  const client = new CloudWatchLogsClient(clientOptions(url, 'e2e'));
  const texts = new Map<string, string>();
  for await (const { logGroups = [] } of paginateDescribeLogGroups({ client }, { logGroupNamePrefix })) {
    for (const { logGroupName = '' } of logGroups) {
      const lines: string[] = [];
      for await (const { events = [] } of paginateFilterLogEvents({ client }, { logGroupName }))
        lines.push(...events.map(({ message = '' }) => message));
      texts.set(logGroupName, lines.join('\n'));
    }
  }
  client.destroy();
  return texts;
}

/** What the programs of the local cloud printed. */
function partLogs(folder: string): [string, string][] {
  return readdirSync(folder).map((file) => [file, readFileSync(join(folder, file), 'utf8')]);
}

/** Every text in a secret that is no mere name of something. */
async function secrets(url: string): Promise<Map<string, string>> {
  const client = new SecretsManagerClient(clientOptions(url, 'e2e'));
  const found = new Map<string, string>();
  for await (const { SecretList = [] } of paginateListSecrets({ client }, {})) {
    for (const { Name = '', ARN } of SecretList) {
      const { SecretString = '' } = await client.send(new GetSecretValueCommand({ SecretId: ARN }));
      const members = Members.safeParse(parse(SecretString));
      if (members.success) for (const [key, value] of Object.entries(members.data)) found.set(`${Name} ${key}`, value);
      else found.set(Name, SecretString);
    }
  }
  client.destroy();
  // Names and addresses are in many texts by right; what is secret was made by a generator and is long.
  return new Map([...found].filter(([, value]) => value.length >= 16));
}

const Members = z.record(z.string(), z.coerce.string());

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A deployment as the ledger tells of it. Times are milliseconds since the epoch. */
export interface Told {
  readonly deployment: string;
  readonly version: string;
  readonly token: number;
  readonly began: number;
  /** Absent while it lasts, and for one that was aborted. */
  readonly ended?: { readonly at: number; readonly result: string };
}

const Began = z.object({ version: z.string(), token: z.int() });
const Recovery = z.object({ of: z.string(), token: z.int() });
const Ended = z.object({ result: z.string() });

function time(entry: Pick<Entry, 'at'>): number {
  return Date.parse(entry.at);
}

/** Deployments and recoveries, in the order of their beginnings. */
export function told({ ledger: { entries } }: Run): Told[] {
  const deployments: Told[] = [];
  for (const entry of entries) {
    const { deployment, facts, type } = entry;
    if (type === 'deployment began') deployments.push({ deployment, began: time(entry), ...Began.parse(facts) });
    if (type === 'recovery began') {
      const { of, token } = Recovery.parse(facts);
      const version = deployments.find((one) => one.deployment === of)?.version ?? '';
      deployments.push({ deployment, began: time(entry), version, token });
    }
    const index = deployments.findIndex((one) => one.deployment === deployment);
    const begun = deployments[index];
    if (type === 'deployment ended' && begun)
      deployments[index] = { ...begun, ended: { at: time(entry), ...Ended.parse(facts) } };
  }
  return deployments;
}

const Promoted = z.object({ version: z.string(), slot: Slot });

/** What the ledger called live, from when on. */
export function lives({ ledger: { entries } }: Run): { at: number; deployment: string; version: string; slot: Slot }[] {
  return entries.flatMap((entry) =>
    entry.type === 'promoted'
      ? [{ at: time(entry), deployment: entry.deployment, ...Promoted.parse(entry.facts) }]
      : [],
  );
}

const IntentEntry = z.object(Intent.pick({ n: true, phase: true, slots: true, weights: true }).shape);
export type IntentTold = z.infer<typeof IntentEntry> & { readonly at: number; readonly deployment: string };

/** Intents in their order. */
export function intents({ ledger: { entries } }: Run): IntentTold[] {
  return entries.flatMap((entry) =>
    entry.type === 'intent'
      ? [{ at: time(entry), deployment: entry.deployment, ...IntentEntry.parse(entry.facts) }]
      : [],
  );
}

const FactTold = z.looseObject({ kind: z.string(), migrations: z.array(z.unknown()).optional() });

/** Kinds of facts that a deployment had proven at a moment; `to migrate` when its plan has migrations. */
export function factsOf({ ledger: { entries } }: Run, deployment: string, at: number): ReadonlySet<string> {
  const kinds = new Set<string>();
  for (const entry of entries) {
    if (entry.deployment !== deployment || time(entry) > at) continue;
    if (entry.type === 'approval decided' && entry.facts['outcome'] === 'approved') kinds.add('approval');
    if (entry.type !== 'fact') continue;
    const { kind, migrations = [] } = FactTold.parse(entry.facts);
    kinds.add(kind);
    if (migrations.length > 0) kinds.add('to migrate');
  }
  return kinds;
}

/** The last of `items` at or before a moment. */
export function lastAt<T extends { readonly at: number }>(items: readonly T[], at: number): T | undefined {
  return items.findLast((item) => item.at <= at);
}
