import {
  CloudWatchLogsClient,
  GetLogEventsCommand,
  paginateDescribeLogStreams,
  ResourceNotFoundException,
} from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, paginateQuery } from '@aws-sdk/lib-dynamodb';
import { entriesOf } from '#core/contract/anchor.ts';
import { ledgerTable } from '#core/contract/ledger.ts';
import { Target } from '#core/contract/target.ts';
import { ORCHESTRATOR } from '../../infra/names.ts';
import type { LedgerReading } from '../verify-ledger/verify-ledger.ts';
import { clientConfig } from './clients.ts';

/** The ledger's entries and their anchors, read page by page. @param published the targets that are published */
export function ledgerReading(region: string | undefined, published: () => Promise<readonly Target[]>): LedgerReading {
  const dynamo = DynamoDBDocumentClient.from(new DynamoDBClient(clientConfig(region)));
  const logs = new CloudWatchLogsClient(clientConfig(region));
  return {
    async targets() {
      const names = new Set<Target>(await published());
      const pages = paginateDescribeLogStreams({ client: logs }, { logGroupName: ORCHESTRATOR.anchors });
      for await (const { logStreams = [] } of pages)
        for (const { logStreamName } of logStreams) {
          const { data: target } = Target.safeParse(logStreamName);
          if (target !== undefined) names.add(target);
        }
      return [...names].toSorted();
    },
    async *entries(target) {
      const pages = paginateQuery(
        { client: dynamo },
        {
          TableName: ledgerTable(ORCHESTRATOR.ledger, 'entries'),
          KeyConditionExpression: 'pk = :pk',
          ExpressionAttributeValues: { ':pk': entriesOf(target) },
          ConsistentRead: true,
        },
      );
      for await (const { Items = [] } of pages)
        for (const { pk: _pk, sk, ...item } of Items) yield { key: String(sk), item };
    },
    async *anchors(stream) {
      let nextToken: string | undefined;
      for (;;) {
        const page = await eventsOf(logs, stream, nextToken);
        if (page === undefined) return;
        for (const { message = '', ingestionTime = 0 } of page.events ?? [])
          yield { text: message, taken: ingestionTime };
        // Only the same token twice is the end (CloudWatch Logs API reference, GetLogEvents).
        if (page.nextForwardToken === undefined || page.nextForwardToken === nextToken) return;
        nextToken = page.nextForwardToken;
      }
    },
  };
}

/** `undefined`: there is no such stream, since nothing was ever anchored. */
async function eventsOf(logs: CloudWatchLogsClient, logStreamName: string, nextToken: string | undefined) {
  try {
    return await logs.send(
      new GetLogEventsCommand({
        logGroupName: ORCHESTRATOR.anchors,
        logStreamName,
        startFromHead: true,
        ...(nextToken !== undefined && { nextToken }),
      }),
    );
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
}
