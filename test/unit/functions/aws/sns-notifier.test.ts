import { CreateTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import { expect, test } from 'vitest';
import { SnsNotifier } from '#aws/sns-notifier.ts';
import { cloud } from '../../../../packages/local-aws/test/fixtures/cloud.ts';

const started = cloud();

/** Publishes and gives back what Publish was called with. */
async function publish(subject: string, text: string) {
  const client = new SNSClient(started().client);
  const { TopicArn = '' } = await client.send(new CreateTopicCommand({ Name: 'deployments' }));
  const called = Promise.withResolvers<Readonly<Record<string, unknown>>>();
  const end = started().gateway.onCall(({ operation, params, status }) => {
    if (operation === 'Publish') called.resolve({ ...params, status });
  });
  await new SnsNotifier(client, TopicArn).publish(subject, text);
  end();
  return called.promise;
}

test('a message goes to the topic as it is', async () => {
  expect(await publish('web/production: live', 'v1.0.0 is live. Olá.')).toMatchObject({
    TopicArn: 'arn:aws:sns:us-east-1:000000000000:deployments',
    Subject: 'web/production: live',
    Message: 'v1.0.0 is live. Olá.',
    status: 200,
  });
});

test('a subject keeps to one line of fewer than 100 characters', async () => {
  const { Subject } = await publish(`rolled back:\r\n\tbecause ${'é'.repeat(200)}`, 'text');
  expect(Subject).toBe(`rolled back: because ${'é'.repeat(78)}`);
});

test('a message is cut to what SNS takes in bytes, at a whole character', async () => {
  const { Message } = await publish('long', `x${'é'.repeat(200_000)}`);
  expect(Message).toBe(`x${'é'.repeat(131_071)}`);
  expect(await publish('as long as may be', 'y'.repeat(262_144))).toMatchObject({ status: 200 });
});

test('a topic that is gone is an error', async () => {
  const client = new SNSClient(started().client);
  const gone = new SnsNotifier(client, 'arn:aws:sns:us-east-1:000000000000:gone');
  await expect(gone.publish('a', 'b')).rejects.toMatchObject({ name: 'NotFoundException' });
});
