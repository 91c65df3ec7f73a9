import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SSMClient } from '@aws-sdk/client-ssm';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { DynamoLedger } from '#aws/dynamo-ledger.ts';
import { SsmSettings } from '#aws/ssm-settings.ts';
import type { Ledger } from '#core/ports.ts';
import { ORCHESTRATOR } from '../../infra/names.ts';
import type { Targets } from '../run/ports.ts';
import type { Terminal } from '../terminal.ts';
import { clientConfig } from './clients.ts';

/** The ledger, to be read. */
export function ledgerOf(region: string | undefined): Ledger {
  const client = DynamoDBDocumentClient.from(new DynamoDBClient(clientConfig(region)));
  return new DynamoLedger(client, ORCHESTRATOR.table, {
    now: () => new Date().toISOString(),
    sleep: (ms) => sleep(ms),
  });
}

/** The published targets; of one whose settings do not parse it is told. */
export function targetsOf(region: string | undefined, terminal: Terminal): Targets {
  const store = new SsmSettings(new SSMClient(clientConfig(region)));
  const ledger = ledgerOf(region);
  return {
    async published() {
      const all = await store.all();
      return all.flatMap((one) => {
        if ('settings' in one) return [one.settings];
        terminal.tell(`The settings of ${one.target} are wrong, and it is left out: ${one.error}`);
        return [];
      });
    },
    head: (target) => ledger.head(target),
  };
}
