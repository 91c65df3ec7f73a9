import { CloudWatchLogsClient, CreateLogGroupCommand, GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { expect, test } from 'vitest';
import { LogAnchors } from '#aws/log-anchors.ts';
import { cloud } from '../../../../packages/local-aws/test/fixtures/cloud.ts';
import { TickingClock } from './releases.ts';

const started = cloud();
const LINE = { target: 'web/production', seq: 1, hash: 'a'.repeat(64) };

test('lines are added to the stream of their target, which is made when it is first needed', async () => {
  const client = new CloudWatchLogsClient(started().client);
  await client.send(new CreateLogGroupCommand({ logGroupName: '/farol/test' }));
  // CloudWatch takes no events that are older than two weeks.
  const clock = { now: () => new Date().toISOString(), sleep: () => Promise.resolve() };
  const anchors = new LogAnchors(client, '/farol/test', clock);
  await anchors.write('web/production', [LINE, { ...LINE, seq: 2 }]);
  await anchors.write('web/production', [{ ...LINE, seq: 3 }]);
  await anchors.write('no-target', [{ item: 'LEDGER#web x', trespass: 'no entry' }]);
  const lines = async (logStreamName: string) => {
    const { events = [] } = await client.send(
      new GetLogEventsCommand({ logGroupName: '/farol/test', logStreamName, startFromHead: true }),
    );
    return events.map(({ message = '' }) => JSON.parse(message));
  };
  expect(await lines('web/production')).toEqual([LINE, { ...LINE, seq: 2 }, { ...LINE, seq: 3 }]);
  expect(await lines('no-target')).toEqual([{ item: 'LEDGER#web x', trespass: 'no entry' }]);
});

test('without its group nothing is anchored, and that is an error', async () => {
  const client = new CloudWatchLogsClient(started().client);
  const anchors = new LogAnchors(client, '/farol/none', new TickingClock());
  await expect(anchors.write('web/production', [LINE])).rejects.toThrow('log group');
});
