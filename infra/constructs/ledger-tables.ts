import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, Billing, StreamViewType, TableEncryptionV2, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';
import { LEDGER_PARTS, type LedgerPart, ledgerTable } from '#core/contract/ledger.ts';
import { ORCHESTRATOR } from '../names.ts';

export interface LedgerTablesProps {
  /** Refuses deletion of the tables, and keeps them when the stack goes. */
  readonly deletionProtection: boolean;
}

/**
 * The tables of the ledger, one for each part that functions are given rights on. Without a time to live: an item that
 * names its end would be deleted by DynamoDB, and a function that may put could delete.
 */
export class LedgerTables extends Construct {
  /** The chain's, which tells of every change. */
  readonly entries: TableV2;

  constructor(scope: Construct, id: string, props: LedgerTablesProps) {
    super(scope, id);
    const make = (part: LedgerPart) =>
      new TableV2(this, part, {
        tableName: ledgerTable(ORCHESTRATOR.ledger, part),
        partitionKey: { name: 'pk', type: AttributeType.STRING },
        sortKey: { name: 'sk', type: AttributeType.STRING },
        billing: Billing.onDemand(),
        encryption: TableEncryptionV2.dynamoOwnedKey(),
        ...(part === 'entries' && { dynamoStream: StreamViewType.NEW_IMAGE }),
        pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
        deletionProtection: props.deletionProtection,
        removalPolicy: props.deletionProtection ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
      });
    this.entries = make('entries');
    for (const part of LEDGER_PARTS) if (part !== 'entries') make(part);
  }
}
