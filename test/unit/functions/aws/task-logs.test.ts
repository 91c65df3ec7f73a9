import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  PutLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { beforeAll, expect, test } from 'vitest';
import { TaskLogs } from '#aws/task-logs.ts';
import { cloud } from '../../../../packages/local-aws/test/fixtures/cloud.ts';
import { fakeUpstream } from '../../../../packages/local-aws/test/fixtures/gateway.ts';

const started = cloud();
const GROUP = '/farol/web/production';
const task = (id: string) => `arn:aws:ecs:us-east-1:000000000000:task/web/${id}`;
const logs = (endpoint = started().client.endpoint) =>
  new TaskLogs(new CloudWatchLogsClient({ ...started().client, endpoint }));

async function write(id: string, lines: readonly string[]): Promise<void> {
  const client = new CloudWatchLogsClient(started().client);
  const stream = { logGroupName: GROUP, logStreamName: `farol/app/${id}` };
  await client.send(new CreateLogStreamCommand(stream));
  const now = Date.now();
  const logEvents = lines.map((message, index) => ({ message, timestamp: now - 1000 + index }));
  await client.send(new PutLogEventsCommand({ ...stream, logEvents }));
}

beforeAll(() => new CloudWatchLogsClient(started().client).send(new CreateLogGroupCommand({ logGroupName: GROUP })));

test('the last lines of a task, oldest first', async () => {
  const lines = Array.from({ length: 45 }, (_, n) => `line ${n}`);
  await write('long', lines);
  expect(await logs().tail(GROUP, 'app', task('long'))).toEqual(lines.slice(-20));
  expect(await logs().tail(GROUP, 'app', task('long'), 3)).toEqual(lines.slice(-3));
});

test('all of them when there are fewer', async () => {
  await write('short', ['first', 'last']);
  expect(await logs().tail(GROUP, 'app', task('short'))).toEqual(['first', 'last']);
});

test('none of a task that wrote none, or in a group that is not there', async () => {
  expect(await logs().tail(GROUP, 'app', task('silent'))).toEqual([]);
  expect(await logs().tail('/no/such', 'app', task('silent'))).toEqual([]);
});

test('an empty page is not the end', async () => {
  const pages = [
    { events: [], nextBackwardToken: 'b/1' },
    { events: [{ message: 'two' }, { message: 'three' }], nextBackwardToken: 'b/2' },
    { events: [], nextBackwardToken: 'b/3' },
    { events: [{ message: 'one' }], nextBackwardToken: 'b/4' },
    { events: [], nextBackwardToken: 'b/4' },
  ];
  const asked: unknown[] = [];
  const url = await fakeUpstream((_request, body, response) => {
    const { nextToken, limit } = JSON.parse(body.toString());
    const page = pages[asked.push([nextToken, limit]) - 1];
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(JSON.stringify({ ...page, nextForwardToken: 'f/0' }));
  });
  expect(await logs(url.origin).tail(GROUP, 'app', task('paged'), 5)).toEqual(['one', 'two', 'three']);
  expect(asked).toEqual([
    [undefined, 5],
    ['b/1', 5],
    ['b/2', 3],
    ['b/3', 3],
    ['b/4', 2],
  ]);
});

test('an error that is not about the stream is one', async () => {
  started().gateway.faults.add({
    operation: 'GetLogEvents',
    effect: { kind: 'fail-before', status: 400, code: 'AccessDeniedException', message: 'not yours' },
  });
  await expect(logs().tail(GROUP, 'app', task('denied'))).rejects.toThrow('not yours');
});
