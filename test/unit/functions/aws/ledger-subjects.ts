/** What the suite of the Ledger port runs on: the subjects, and what is written into them. */

import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { DynamoApprovals } from '#aws/dynamo-approvals.ts';
import { DynamoLedger } from '#aws/dynamo-ledger.ts';
import {
  type DeploymentPlan,
  Entry,
  LEDGER_PARTS,
  type LedgerPart,
  ledgerTable,
  type Placement,
} from '#core/contract/ledger.ts';
import type { Version } from '#core/contract/release.ts';
import type { Slot } from '#core/contract/slot.ts';
import type { Context } from '#core/contract/states.ts';
import type { IntentDraft } from '#core/domain/intent.ts';
import type { Approvals, Clock, Ledger, Proof } from '#core/ports.ts';
import { type Cloud } from '../../../../packages/local-aws/test/fixtures/cloud.ts';
import { FakeLedger } from '../../../fakes/ledger.ts';
import { MIGRATING_RELEASE_JSON } from '../../../fixtures/release-json.ts';
import { SETTINGS } from '../../../fixtures/settings.ts';
import { digestOf } from './releases.ts';

/** A ledger and what a test may see of it beside the port. */
export interface Subject {
  readonly ledger: Ledger;
  readonly approvals: Approvals;
  /** The target's entries, oldest first, as they are stored. */
  readonly entries: (target: string) => Promise<readonly Entry[]>;
}

const LEDGER = 'farol-ledger';

export function dynamo({ client }: Cloud) {
  return DynamoDBDocumentClient.from(new DynamoDBClient(client), {
    marshallOptions: { removeUndefinedValues: true },
  });
}

/** The ledger's tables, or some of them. */
export async function createTables(
  cloud: Cloud,
  ledger = LEDGER,
  parts: readonly LedgerPart[] = LEDGER_PARTS,
): Promise<void> {
  const client = new DynamoDBClient(cloud.client);
  for (const part of parts)
    await client.send(
      new CreateTableCommand({
        TableName: ledgerTable(ledger, part),
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
        AttributeDefinitions: [
          { AttributeName: 'pk', AttributeType: 'S' },
          { AttributeName: 'sk', AttributeType: 'S' },
        ],
        BillingMode: 'PAY_PER_REQUEST',
      }),
    );
}

export function fakeSubject(clock: Clock): Subject {
  const ledger = new FakeLedger(clock);
  return { ledger, approvals: ledger, entries: async () => ledger.entries };
}

export function dynamoSubject(clock: Clock, cloud: Cloud): Subject {
  const client = dynamo(cloud);
  return {
    ledger: new DynamoLedger(client, LEDGER, clock),
    approvals: new DynamoApprovals(client, LEDGER, clock),
    async entries(target) {
      const { Items = [] } = await client.send(
        new QueryCommand({
          TableName: ledgerTable(LEDGER, 'entries'),
          KeyConditionExpression: 'pk = :pk',
          ExpressionAttributeValues: { ':pk': `LEDGER#${target}` },
          ConsistentRead: true,
        }),
      );
      return Items.map(({ pk: _pk, sk: _sk, ...entry }) => Entry.parse(entry));
    },
  };
}

const deployable = (version: Version) => ({ digest: digestOf(version), version, settingsHash: '0123456789abcdef' });

export function placement(slot: Slot, version: Version): Placement {
  return {
    slot,
    deployable: deployable(version),
    taskDefinition: `web:${version}`,
    releaseJson: MIGRATING_RELEASE_JSON,
    deployment: `web-production-${version.replaceAll('.', '_')}-cccccccc-1`,
  };
}

export function plan(version: Version): DeploymentPlan {
  return {
    settings: SETTINGS,
    deployable: deployable(version),
    commit: 'c0ffee',
    author: 'Ana <ana@example.com>',
    build: 'web:1',
    releaseJson: MIGRATING_RELEASE_JSON,
    candidate: 'blue',
    capacity: 2,
    steps: [{ weight: 100, checks: 1, checkSeconds: 60, metricsSeconds: 0 }],
  };
}

export const SMOKE: Proof = {
  kind: 'smoke',
  deployable: deployable('v1.0.0'),
  detail: { checks: 3, slowest: 0.25 },
};
const EMPTY = { state: 'empty' } as const;
export const DRAFT: IntentDraft = {
  settingsOf: 'web-production-v1_0_0-cccccccc-1',
  phase: 'empty',
  slots: { blue: EMPTY, green: EMPTY },
  weights: null,
};

export function filled(slot: Slot, version: Version): IntentDraft {
  const one = {
    state: 'filled',
    role: 'live',
    deployable: deployable(version),
    taskDefinition: `web:${version}`,
    min: 1,
    max: 2,
    desired: 1,
    scaleIn: true,
    scaleOut: true,
  } as const;
  return {
    settingsOf: DRAFT.settingsOf,
    phase: 'restore',
    slots: slot === 'blue' ? { blue: one, green: EMPTY } : { blue: EMPTY, green: one },
    weights: slot === 'blue' ? { blue: 100, green: 0 } : { blue: 0, green: 100 },
  };
}

/** Every method that writes for a deployment. */
export const WRITES: Record<string, (ledger: Ledger, context: Context) => Promise<unknown>> = {
  endDeployment: (ledger, context) =>
    ledger.endDeployment(context, { result: 'live', sentence: 'It is live.', cause: 'all passed' }),
  savePlan: (ledger, context) => ledger.savePlan(context, plan('v1.0.0')),
  saveFact: (ledger, context) => ledger.saveFact(context, SMOKE, 'smoke checks'),
  writeIntent: (ledger, context) => ledger.writeIntent(context, DRAFT, 'a phase'),
  settle: (ledger, context) => ledger.settle(context, { n: 1 }),
  openChange: (ledger, context) =>
    ledger.openChange(context, { n: 2, intent: 1, call: 'set weights', action: { do: 'set weights' } }),
  closeChange: (ledger, context) => ledger.closeChange(context, 1, { traffic: { blue: 100, green: 0 } }),
  promote: (ledger, context) => ledger.promote(context, { live: placement('blue', 'v1.0.0') }, 'every step passed'),
  freeze: (ledger, context) => ledger.freeze(context, 'the live version is broken'),
  note: (ledger, context) => ledger.note(context, { type: 'roll back began', cause: 'a check failed' }),
};
