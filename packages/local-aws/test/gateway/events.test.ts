import type { IncomingMessage, ServerResponse } from 'node:http';
import { BatchDeleteImageCommand, ECRClient, PutImageCommand } from '@aws-sdk/client-ecr';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { expect, test } from 'vitest';
import { fakeUpstream, testGateway } from '../fixtures/gateway.ts';

interface Rule {
  readonly name: string;
  readonly matches: boolean;
  readonly targets: readonly object[];
  readonly state?: string;
}

const receiver = 'arn:aws:lambda:us-east-1:000000000000:function:receive-push';
const digest = `sha256:${'a'.repeat(64)}`;

/** An emulator with an event bus, a registry that takes every manifest, and functions that answer as told. */
async function bus(rules: readonly Rule[], invokeStatus: () => number = () => 202) {
  const invoked: { readonly url: string; readonly type: unknown; readonly event: unknown }[] = [];
  const messages: unknown[] = [];
  const upstream = await fakeUpstream((request, body, response) => {
    const { url = '' } = request;
    if (url.startsWith('/v2/')) return void response.writeHead(201, { 'docker-content-digest': digest }).end();
    if (url.startsWith('/2015-03-31/functions/')) {
      const status = invokeStatus();
      if (status < 300)
        invoked.push({ url, type: request.headers['x-amz-invocation-type'], event: JSON.parse(body.toString()) });
      return void response.writeHead(status).end('{}');
    }
    return answer(request, JSON.parse(body.toString()), response);
  });

  function answer(request: IncomingMessage, params: Record<string, string>, response: ServerResponse): void {
    const operation = String(request.headers['x-amz-target']).split('.')[1];
    const rule = rules.find(({ name }) => name === params['Rule'] || `"${name}"` === params['EventPattern']);
    const answers: Record<string, unknown> = {
      // One rule a page.
      ListRules: page(Number(params['NextToken'] ?? 0)),
      TestEventPattern: { Result: rule?.matches },
      ListTargetsByRule: { Targets: rule?.targets },
      PutParameter: { Version: params['Value'] === 'first' ? 1 : 2 },
      GetQueueUrl: { QueueUrl: `queue:${params['QueueName']}` },
      SendMessage: {},
      PutImage: { image: { repositoryName: 'app', imageId: { imageDigest: digest, imageTag: 'v2.0.0' } } },
      BatchDeleteImage: { imageIds: [{ imageDigest: digest, imageTag: 'v1.0.0' }] },
    };
    if (operation === 'SendMessage') messages.push(params);
    response.end(JSON.stringify(answers[operation ?? '']));
  }

  function page(at: number) {
    const { name, state = 'ENABLED' } = rules[at] ?? { name: '' };
    const more = at + 1 < rules.length ? { NextToken: String(at + 1) } : {};
    return { Rules: name === '' ? [] : [{ Name: name, EventPattern: `"${name}"`, State: state }], ...more };
  }

  const gateway = await testGateway({ upstream });
  const push = (reference: string) =>
    fetch(`${gateway.url}/v2/app/manifests/${reference}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/vnd.oci.image.manifest.v1+json' },
      body: JSON.stringify({ config: { mediaType: 'application/vnd.oci.image.config.v1+json' } }),
    });
  return { gateway, push, invoked, messages };
}

const toReceiver = [{ Id: '1', Arn: receiver }];

test('a push becomes the event of AWS, at the functions of the rules that match', async () => {
  const { gateway, push, invoked } = await bus([
    { name: 'other', matches: false, targets: toReceiver },
    { name: 'off', matches: true, targets: toReceiver, state: 'DISABLED' },
    { name: 'push', matches: true, targets: toReceiver },
  ]);
  expect((await push('v1.0.0')).status).toBe(201);
  await gateway.settled();
  expect(invoked).toEqual([
    {
      url: `/2015-03-31/functions/${encodeURIComponent(receiver)}/invocations`,
      type: 'Event',
      event: {
        version: '0',
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        'detail-type': 'ECR Image Action',
        source: 'aws.ecr',
        account: '000000000000',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
        region: 'us-east-1',
        resources: [],
        detail: {
          'action-type': 'PUSH',
          result: 'SUCCESS',
          'repository-name': 'app',
          'image-digest': digest,
          'image-tag': 'v1.0.0',
          'manifest-media-type': 'application/vnd.oci.image.manifest.v1+json',
          'artifact-media-type': 'application/vnd.oci.image.config.v1+json',
        },
      },
    },
  ]);
});

test('a push by digest has no tag; the API pushes and deletes too', async () => {
  const { gateway, push, invoked } = await bus([{ name: 'push', matches: true, targets: toReceiver }]);
  await push(digest);
  await gateway.settled();
  const client = new ECRClient(gateway.client);
  await client.send(new PutImageCommand({ repositoryName: 'app', imageManifest: '{}', imageTag: 'v2.0.0' }));
  await gateway.settled();
  await client.send(new BatchDeleteImageCommand({ repositoryName: 'app', imageIds: [{ imageTag: 'v1.0.0' }] }));
  await gateway.settled();
  const details = invoked.map(({ event }) => event);
  expect(details).toMatchObject([
    { detail: { 'action-type': 'PUSH', 'image-digest': digest } },
    { detail: { 'action-type': 'PUSH', 'image-tag': 'v2.0.0' } },
    { detail: { 'action-type': 'DELETE', 'image-tag': 'v1.0.0' } },
  ]);
  expect(details[0]).not.toHaveProperty('detail.image-tag');
});

test('what a function does not accept is tried again', async () => {
  const statuses = [500, 429, 202];
  const { gateway, push, invoked } = await bus(
    [{ name: 'push', matches: true, targets: toReceiver }],
    () => statuses.shift() ?? 202,
  );
  await push('v1.0.0');
  await gateway.settled();
  expect(invoked).toHaveLength(1);
  expect(gateway.problems).toEqual([]);
});

test('what is never accepted goes to the dead letters and is told', async () => {
  const DeadLetterConfig = { Arn: 'arn:aws:sqs:us-east-1:000000000000:dead' };
  const { gateway, push, messages } = await bus(
    [{ name: 'push', matches: true, targets: [{ Id: '1', Arn: receiver, DeadLetterConfig }] }],
    () => 404,
  );
  await push('v1.0.0');
  await gateway.settled();
  expect(gateway.problems).toEqual([expect.stringContaining('the target 1 of the rule push did not accept an event')]);
  expect(messages).toEqual([{ QueueUrl: 'queue:dead', MessageBody: expect.stringContaining('"image-tag":"v1.0.0"') }]);
});

test('targets that are not reached from here are told', async () => {
  const { gateway, push, invoked } = await bus([
    {
      name: 'push',
      matches: true,
      targets: [
        { Id: '1', Arn: 'arn:aws:sns:us-east-1:000000000000:topic' },
        { Id: '2', Arn: receiver, InputPath: '$.detail' },
        { Id: '3', Arn: receiver, Input: '{"constant":true}' },
      ],
    },
  ]);
  await push('v1.0.0');
  await gateway.settled();
  expect(gateway.problems).toHaveLength(2);
  expect(invoked.map(({ event }) => event)).toEqual([{ constant: true }]);
});

test('an event given over HTTP is delivered; a malformed one is refused', async () => {
  const { gateway, invoked } = await bus([{ name: 'push', matches: true, targets: toReceiver }]);
  const event = {
    id: 'again',
    'detail-type': 'ECR Image Action',
    source: 'aws.ecr',
    account: '000000000000',
    time: '2026-01-01T00:00:00Z',
    region: 'us-east-1',
    detail: { 'action-type': 'PUSH' },
  };
  const post = (body: object) =>
    fetch(`${gateway.url}/_local-aws/events`, { method: 'POST', body: JSON.stringify(body) });
  expect((await post(event)).status).toBe(202);
  await gateway.settled();
  expect(invoked).toMatchObject([{ event }]);
  expect((await post({ id: 'x' })).status).toBe(400);
});

test("a parameter's change becomes the event of AWS; one that was refused does not", async () => {
  const { gateway, invoked } = await bus([{ name: 'settings', matches: true, targets: toReceiver }]);
  const client = new SSMClient(gateway.client);
  const put = (Value: string) =>
    client.send(new PutParameterCommand({ Name: '/shop/production', Value, Type: 'String' }));
  await put('first');
  await gateway.settled();
  await put('second');
  await gateway.settled();
  await expect(client.send(new PutParameterCommand({ Name: '', Value: 'x', Type: 'String' }))).rejects.toThrow(
    /at 'name'/,
  );
  await gateway.settled();
  expect(invoked.map(({ event }) => event)).toEqual(
    ['Create', 'Update'].map((operation) => ({
      version: '0',
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      'detail-type': 'Parameter Store Change',
      source: 'aws.ssm',
      account: '000000000000',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      region: 'us-east-1',
      resources: ['arn:aws:ssm:us-east-1:000000000000:parameter/shop/production'],
      detail: { operation, name: '/shop/production', type: 'String' },
    })),
  );
});
