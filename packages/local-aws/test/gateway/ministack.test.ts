import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CloudWatchClient, GetMetricDataCommand, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { CreateTableCommand, DynamoDBClient, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { BatchGetImageCommand, CreateRepositoryCommand, ECRClient } from '@aws-sdk/client-ecr';
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { CreateFunctionCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { zipSync } from 'fflate';
import { expect, onTestFinished, test } from 'vitest';
import { emulatorSocket, startMinistack } from '../../src/ministack.ts';
import { Supervisor } from '../../src/supervisor.ts';
import { fakeUpstream, pythonEnvironment, temporaryFolder, testGateway } from '../fixtures/gateway.ts';

/** botocore's own verdict on a record: exit code 0 when every call fits its model. */
const botocoreCheck = `
import json, sys
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator
loader, bad = Loader(), []
for line in open(sys.argv[1]):
    call = json.loads(line)
    model = ServiceModel(loader.load_service_model(call['service'], 'service-2'), call['service'])
    shape = model.operation_model(call['operation']).input_shape
    report = ParamValidator().validate(call['params'], shape) if shape else None
    if report and report.has_errors(): bad.append(call['operation'] + ': ' + report.generate_report())
sys.exit('\\n'.join(bad) or 0)
`;

async function cloud() {
  const folder = temporaryFolder();
  const socket = emulatorSocket();
  const gateway = await testGateway({ upstream: new URL(`unix:${socket}`) });
  const supervisor = new Supervisor(join(folder, 'logs'));
  const ministack = await startMinistack(supervisor, {
    python: pythonEnvironment,
    socket,
    endpointUrl: gateway.url,
    dataDir: join(folder, 'data'),
  });
  onTestFinished(() => ministack.stop());
  return gateway;
}

function digestOf(bytes: string): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

test('MiniStack behind the gateway: data, a push that calls a function, a record that botocore accepts', {
  timeout: 60_000,
}, async () => {
  const gateway = await cloud();
  const dynamodb = new DynamoDBClient(gateway.client);
  await dynamodb.send(
    new CreateTableCommand({
      TableName: 'ledger',
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      BillingMode: 'PAY_PER_REQUEST',
    }),
  );
  const put = new TransactWriteItemsCommand({
    TransactItems: [
      { Put: { TableName: 'ledger', Item: { pk: { S: 'a' } }, ConditionExpression: 'attribute_not_exists(pk)' } },
    ],
  });
  await dynamodb.send(put);
  await expect(dynamodb.send(put)).rejects.toMatchObject({
    name: 'TransactionCanceledException',
    CancellationReasons: [{ Code: 'ConditionalCheckFailed' }],
  });

  const ssm = new SSMClient(gateway.client);
  await ssm.send(new PutParameterCommand({ Name: '/s', Value: 'hidden value', Type: 'SecureString' }));
  const { Parameter: parameter } = await ssm.send(new GetParameterCommand({ Name: '/s', WithDecryption: true }));
  expect(parameter?.Value).toBe('hidden value');

  // The namespace is AWS's own: on AWS only the load balancer puts there, here the local one does.
  const cloudwatch = new CloudWatchClient(gateway.client);
  const metric = { Namespace: 'AWS/ApplicationELB', MetricName: 'RequestCount' };
  await cloudwatch.send(
    new PutMetricDataCommand({
      Namespace: metric.Namespace,
      MetricData: [{ MetricName: metric.MetricName, Value: 3 }],
    }),
  );
  const { MetricDataResults: results } = await cloudwatch.send(
    new GetMetricDataCommand({
      StartTime: new Date(Date.now() - 600_000),
      EndTime: new Date(Date.now() + 60_000),
      MetricDataQueries: [{ Id: 'count', MetricStat: { Metric: metric, Period: 60, Stat: 'Sum' } }],
    }),
  );
  expect(results?.[0]?.Values).toEqual([3]);

  const received = Promise.withResolvers<{ detail: object; node: string }>();
  const listener = await fakeUpstream((_, body, response) => {
    received.resolve(JSON.parse(body.toString()));
    response.end();
  });
  const code = `export const handler = (event) => fetch('${listener.href}', { method: 'POST', body: JSON.stringify({ ...event, node: process.version }) }).then(() => null);`;
  const { FunctionArn: functionArn } = await new LambdaClient(gateway.client).send(
    new CreateFunctionCommand({
      FunctionName: 'receive',
      Runtime: 'nodejs22.x',
      Handler: 'index.handler',
      Role: 'arn:aws:iam::000000000000:role/receive',
      Code: { ZipFile: zipSync({ 'index.mjs': Buffer.from(code) }) },
    }),
  );
  const events = new EventBridgeClient(gateway.client);
  const pattern = { source: ['aws.ecr'], 'detail-type': ['ECR Image Action'], detail: { 'action-type': ['PUSH'] } };
  await events.send(new PutRuleCommand({ Name: 'push', EventPattern: JSON.stringify(pattern) }));
  await events.send(new PutTargetsCommand({ Rule: 'push', Targets: [{ Id: '1', Arn: functionArn }] }));

  const ecr = new ECRClient(gateway.client);
  await ecr.send(new CreateRepositoryCommand({ repositoryName: 'app', imageTagMutability: 'IMMUTABLE' }));
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = JSON.stringify({ schemaVersion: 2, mediaType, config: { mediaType: 'x/config' }, layers: [] });
  const pushed = await fetch(`${gateway.url}/v2/app/manifests/v1.0.0`, {
    method: 'PUT',
    headers: { 'content-type': mediaType },
    body: manifest,
  });
  expect(pushed.status).toBe(201);
  const event = await received.promise;
  expect(event.detail).toMatchObject({ 'image-tag': 'v1.0.0', 'image-digest': digestOf(manifest) });
  expect(event.node).toBe(process.version);
  const { images } = await ecr.send(
    new BatchGetImageCommand({ repositoryName: 'app', imageIds: [{ imageTag: 'v1.0.0' }] }),
  );
  expect(images?.[0]?.imageManifest).toBe(manifest);
  expect(gateway.problems).toEqual([]);

  expect((await gateway.records()).length).toBeGreaterThan(10);
  const python = join(pythonEnvironment, 'bin', 'python');
  const checked = await promisify(execFile)(python, ['-c', botocoreCheck, gateway.recordFile]);
  expect(checked.stderr).toBe('');
});
