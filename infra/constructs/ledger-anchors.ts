import { RemovalPolicy } from 'aws-cdk-lib';
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { EventSourceMapping, type Function, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { ORCHESTRATOR } from '../names.ts';

export interface LedgerAnchorsProps {
  /** The table of entries. */
  readonly entries: TableV2;
  /** Writes the anchors; nothing else may. */
  readonly function: Function;
  readonly deadLetterQueue: IQueue;
  /** Refuses deletion of the anchors, and keeps them when the stack goes. */
  readonly deletionProtection: boolean;
}

/**
 * What happened to the ledger's entries, outside the ledger: DynamoDB tells one function of every change of the table, and
 * that function alone writes into a log group that is kept for ever. A batch that fails is tried again until the stream
 * forgets it, after a day; then the queue has its place.
 */
export class LedgerAnchors extends Construct {
  constructor(scope: Construct, id: string, props: LedgerAnchorsProps) {
    super(scope, id);
    new LogGroup(this, 'Log', {
      logGroupName: ORCHESTRATOR.anchors,
      retention: RetentionDays.INFINITE,
      deletionProtectionEnabled: props.deletionProtection,
      removalPolicy: props.deletionProtection ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    const { tableStreamArn } = props.entries;
    if (tableStreamArn === undefined) throw new TypeError('the table of entries has no stream');
    new EventSourceMapping(this, 'Entries', {
      target: props.function,
      eventSourceArn: tableStreamArn,
      // From the first entry on, also of those that are written before Lambda listens.
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: 100,
      bisectBatchOnError: true,
      onFailure: new SqsDlq(props.deadLetterQueue),
    });
  }
}
