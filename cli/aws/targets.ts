import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SSMClient } from '@aws-sdk/client-ssm';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { DynamoApprovals } from '#aws/dynamo-approvals.ts';
import { DynamoLedger } from '#aws/dynamo-ledger.ts';
import { SsmSettings } from '#aws/ssm-settings.ts';
import { systemClock } from '#aws/system-clock.ts';
import type { Approvals, Ledger } from '#core/ports.ts';
import { ORCHESTRATOR } from '../../infra/names.ts';
import type { Targets } from '../run/ports.ts';
import type { Terminal } from '../terminal.ts';
import { clientConfig } from './clients.ts';

function tableClient(region: string | undefined): DynamoDBDocumentClient {
  return DynamoDBDocumentClient.from(new DynamoDBClient(clientConfig(region)));
}

/** The ledger, to be read. */
export function ledgerOf(region: string | undefined): Ledger {
  return new DynamoLedger(tableClient(region), ORCHESTRATOR.ledger, systemClock);
}

/** Questions to people, to be read. */
export function approvalsOf(region: string | undefined): Approvals {
  return new DynamoApprovals(tableClient(region), ORCHESTRATOR.ledger, systemClock);
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
        terminal.log(`The settings of ${one.target} are wrong, and it is left out: ${one.error}`);
        return [];
      });
    },
    head: (target) => ledger.head(target),
  };
}
