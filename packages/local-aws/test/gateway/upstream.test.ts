import { randomBytes } from 'node:crypto';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { DescribeImagesCommand, ECRClient, GetDownloadUrlForLayerCommand } from '@aws-sdk/client-ecr';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import { expect, test } from 'vitest';
import { fakeUpstream, testGateway } from '../fixtures/gateway.ts';

test('a call goes on as it came, and is recorded as an SDK reads it', async () => {
  const got: { headers: NodeJS.Dict<string | string[]>; body: string }[] = [];
  const upstream = await fakeUpstream((request, body, response) => {
    got.push({ headers: request.headers, body: body.toString() });
    response.setHeader('content-type', 'application/x-amz-json-1.0');
    response.end(JSON.stringify({ TableNames: ['t'], Unknown: 1 }));
  });
  const gateway = await testGateway({ upstream });
  const answer = await new DynamoDBClient(gateway.client).send(new ListTablesCommand({ Limit: 5 }));
  expect(answer.TableNames).toEqual(['t']);
  expect(got).toHaveLength(1);
  expect(got[0]).toMatchObject({ headers: { 'x-amz-target': 'DynamoDB_20120810.ListTables' }, body: '{"Limit":5}' });
  expect(await gateway.records()).toEqual([
    {
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      caller: 'local-aws-test',
      agent: expect.stringContaining('app/local-aws-test'),
      service: 'dynamodb',
      operation: 'ListTables',
      params: { Limit: 5 },
      status: 200,
      response: { TableNames: ['t'] },
      ms: expect.any(Number),
    },
  ]);
});

test('XML of the upstream', async () => {
  const upstream = await fakeUpstream((_, body, response) => {
    if (body.includes('Name=bad')) {
      response
        .writeHead(400)
        .end(
          '<ErrorResponse><Error><Code>InvalidParameter</Code><Message>no &amp; no</Message></Error></ErrorResponse>',
        );
    } else {
      response.end(
        '<CreateTopicResponse><CreateTopicResult><TopicArn>arn</TopicArn></CreateTopicResult></CreateTopicResponse>',
      );
    }
  });
  const gateway = await testGateway({ upstream });
  const client = new SNSClient(gateway.client);
  expect(await client.send(new CreateTopicCommand({ Name: 'good' }))).toMatchObject({ TopicArn: 'arn' });
  await expect(client.send(new CreateTopicCommand({ Name: 'bad' }))).rejects.toMatchObject({ message: 'no & no' });
  expect(await gateway.records()).toMatchObject([
    { status: 200, response: { TopicArn: 'arn' } },
    { status: 400, response: null, error: { code: 'InvalidParameter', message: 'no & no' } },
  ]);
});

test('objects of any size pass as a stream, their calls are recorded without the content', async () => {
  const objects = new Map<string, Buffer>();
  const upstream = await fakeUpstream((request, body, response) => {
    const path = (request.url ?? '').replace(/\?.*/, '');
    if (request.method === 'PUT') objects.set(path, body);
    response.end(request.method === 'GET' ? objects.get(path) : undefined);
  });
  const gateway = await testGateway({ upstream });
  const client = new S3Client({ ...gateway.client, requestChecksumCalculation: 'WHEN_REQUIRED', forcePathStyle: true });
  const content = randomBytes(6 * 1024 * 1024);
  await client.send(new PutObjectCommand({ Bucket: 'bucket', Key: 'a b/c', Body: content }));
  const { Body: body } = await client.send(new GetObjectCommand({ Bucket: 'bucket', Key: 'a b/c' }));
  expect(Buffer.from((await body?.transformToByteArray()) ?? []).equals(content)).toBe(true);
  expect(await gateway.records()).toMatchObject([
    { service: 's3', operation: 'PutObject', params: { Bucket: 'bucket', Key: 'a b/c' }, status: 200, response: null },
    { service: 's3', operation: 'GetObject', params: { Bucket: 'bucket', Key: 'a b/c' }, status: 200, response: null },
  ]);
});

test('the address of a layer leads to the gateway, and the gateway to the layer', async () => {
  const upstream = await fakeUpstream((request, _, response) => {
    if (request.url === '/v2/app/blobs/sha256:1') response.end('layer');
    else
      response.end(
        JSON.stringify({ downloadUrl: 'https://registry.example/v2/app/blobs/sha256:1', layerDigest: 'sha256:1' }),
      );
  });
  const gateway = await testGateway({ upstream });
  const layer = { repositoryName: 'app', layerDigest: 'sha256:1' };
  const { downloadUrl = '' } = await new ECRClient(gateway.client).send(new GetDownloadUrlForLayerCommand(layer));
  expect(downloadUrl).toBe(`${gateway.url}/v2/app/blobs/sha256:1`);
  expect(await (await fetch(downloadUrl)).text()).toBe('layer');
});

test('an image that is not there is an error, as on AWS', async () => {
  const upstream = await fakeUpstream((_, _body, response) => response.end('{"imageDetails":[]}'));
  const gateway = await testGateway({ upstream });
  const client = new ECRClient(gateway.client);
  const missing = new DescribeImagesCommand({ repositoryName: 'app', imageIds: [{ imageTag: 'v9' }] });
  await expect(client.send(missing)).rejects.toMatchObject({ name: 'ImageNotFoundException' });
  expect(await client.send(new DescribeImagesCommand({ repositoryName: 'app' }))).toMatchObject({ imageDetails: [] });
});

test('what AWS would refuse does not reach the upstream', async () => {
  let reached = 0;
  const upstream = await fakeUpstream((_, _body, response) => {
    reached += 1;
    response.end('{}');
  });
  const gateway = await testGateway({ upstream });
  const client = new ECRClient(gateway.client);
  await expect(client.send(new DescribeImagesCommand({ repositoryName: undefined }))).rejects.toMatchObject({
    name: 'InvalidParameterException',
  });
  const answer = await fetch(gateway.url, {
    method: 'POST',
    headers: { 'x-amz-target': 'DynamoDB_20120810.Fly' },
    body: '{}',
  });
  expect([answer.status, await answer.json()]).toEqual([
    400,
    { __type: 'UnknownOperationException', message: 'The action Fly is not valid for dynamodb' },
  ]);
  expect(reached).toBe(0);
});

test('an upstream that is not there', async () => {
  const gateway = await testGateway({});
  await expect(new DynamoDBClient(gateway.client).send(new ListTablesCommand({}))).rejects.toMatchObject({
    name: 'ServiceUnavailable',
    $metadata: { httpStatusCode: 503 },
  });
  expect((await fetch(`${gateway.url}/v2/`)).status).toBe(502);
});

test('what no model knows passes without a record', async () => {
  const upstream = await fakeUpstream((request, _, response) => {
    response.writeHead(418, { 'x-host': request.headers.host ?? '' }).end(request.url);
  });
  const gateway = await testGateway({ upstream });
  const answer = await fetch(`${gateway.url}/_emulator/page?a=1`);
  expect([answer.status, await answer.text()]).toEqual([418, '/_emulator/page?a=1']);
  expect(answer.headers.get('x-host')).toBe(new URL(gateway.url).host);
  expect(await gateway.records()).toEqual([]);
});
