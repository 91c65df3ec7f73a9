import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { CreateFunctionCommand, InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { zipSync } from 'fflate';
import { expect, test } from 'vitest';
import { cloud } from '../fixtures/cloud.ts';

const started = cloud();

/** Makes a function; what it answers is there when all that it wrote is in its log group. */
async function made(name: string, code: string) {
  const { client } = started();
  const lambda = new LambdaClient(client);
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName: name,
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      Role: 'arn:aws:iam::000000000000:role/test',
      Timeout: 2,
      Code: { ZipFile: zipSync({ 'index.mjs': Buffer.from(code) }) },
    }),
  );
  return {
    invoke: (payload: string) => lambda.send(new InvokeCommand({ FunctionName: name, Payload: Buffer.from(payload) })),
    /** The lines with these words in each stream: a stream is one invocation here. */
    async lines(words: string) {
      const { events = [] } = await new CloudWatchLogsClient(client).send(
        new FilterLogEventsCommand({ logGroupName: `/aws/lambda/${name}`, filterPattern: `"${words}"` }),
      );
      return [...Map.groupBy(events, ({ logStreamName }) => logStreamName).values()].map((stream) =>
        stream.map(({ message }) => message),
      );
    },
  };
}

test('all that an invocation writes is logged with it, however much it is', async () => {
  const talkative = await made(
    'talkative',
    `export const handler = async (n) => {
      for (let line = 0; line < 50_000; line++) console.info('one of many lines');
      console.info('last line of ' + n);
    };`,
  );
  for (const n of ['1', '2', '3']) await talkative.invoke(n);
  expect(await talkative.lines('last line')).toEqual([['last line of 1'], ['last line of 2'], ['last line of 3']]);
});

test('a line without an end is logged too', async () => {
  const curt = await made(
    'curt',
    `export const handler = async (n) => void process.stdout.write('only line of ' + n);`,
  );
  for (const n of ['1', '2']) await curt.invoke(n);
  expect(await curt.lines('only line')).toEqual([['only line of 1'], ['only line of 2']]);
});

test.each([
  ['fails', `throw new Error('enough')`],
  ['exits', 'process.exit(3)'],
  ['never answers', 'await new Promise(() => setInterval(() => {}, 1000))'],
])('so is what was written by an invocation that %s', async (how, end) => {
  const failing = await made(
    how.replaceAll(' ', '-'),
    `export const handler = async (n) => { console.info('last line of ' + n); ${end}; };`,
  );
  for (const n of ['1', '2']) expect(await failing.invoke(n)).toMatchObject({ FunctionError: 'Unhandled' });
  expect(await failing.lines('last line')).toEqual([['last line of 1'], ['last line of 2']]);
});
