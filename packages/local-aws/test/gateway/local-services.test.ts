import {
  ApplicationAutoScalingClient,
  DescribeScalableTargetsCommand,
  RegisterScalableTargetCommand,
} from '@aws-sdk/client-application-auto-scaling';
import {
  DescribeServicesCommand,
  ECSClient,
  ListClustersCommand,
  paginateListTasks,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs';
import {
  DescribeLoadBalancersCommand,
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
  ModifyRuleCommand,
  paginateDescribeTargetGroups,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { GetFunctionCommand, InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { describe, expect, test } from 'vitest';
import { AwsError, type Caller, type LocalService, type Operation } from '../../src/protocol/service.ts';
import { testGateway } from '../fixtures/gateway.ts';

const at = new Date('2026-01-02T03:04:05.678Z');

function service(name: string, operations: Readonly<Record<string, Operation>>): LocalService {
  return { service: name, operations };
}

describe('ecs (JSON)', () => {
  test('parameters arrive, results leave, the caller is known', async () => {
    const seen: { params: Record<string, unknown>; caller: Caller }[] = [];
    const gateway = await testGateway({
      services: [
        service('ecs', {
          UpdateService(params, caller) {
            seen.push({ params, caller });
            return {
              service: { serviceName: 's', desiredCount: 2, createdAt: at, deployments: [], status: undefined },
            };
          },
        }),
      ],
    });
    const client = new ECSClient(gateway.client);
    const { service: updated } = await client.send(new UpdateServiceCommand({ service: 's', desiredCount: 2 }));
    expect(updated).toEqual({ serviceName: 's', desiredCount: 2, createdAt: at, deployments: [] });
    expect(seen).toEqual([{ params: { service: 's', desiredCount: 2 }, caller: { id: 'local-aws-test' } }]);
  });

  test('pages', async () => {
    const gateway = await testGateway({
      services: [
        service('ecs', {
          ListTasks: ({ nextToken }) =>
            nextToken === undefined ? { taskArns: ['a', 'b'], nextToken: 'more' } : { taskArns: ['c'] },
        }),
      ],
    });
    const arns: string[] = [];
    for await (const page of paginateListTasks({ client: new ECSClient(gateway.client) }, { cluster: 'c' }))
      arns.push(...(page.taskArns ?? []));
    expect(arns).toEqual(['a', 'b', 'c']);
  });

  test('errors: of the service, of the validation, of an operation that is not there, of a mistake', async () => {
    const gateway = await testGateway({
      services: [
        service('ecs', {
          UpdateService() {
            throw new AwsError('ServiceNotFoundException', 'Service not found.');
          },
          DescribeServices: () => ({ services: [{ nonsense: 1 }] }),
        }),
      ],
    });
    const client = new ECSClient(gateway.client);
    await expect(client.send(new UpdateServiceCommand({ service: 's' }))).rejects.toMatchObject({
      name: 'ServiceNotFoundException',
      message: 'Service not found.',
      $metadata: { httpStatusCode: 400 },
    });
    await expect(client.send(new UpdateServiceCommand({ service: undefined }))).rejects.toMatchObject({
      name: 'InvalidParameterException',
      message:
        "1 validation error detected: Value null at 'service' failed to satisfy constraint: Member must not be null",
    });
    await expect(client.send(new DescribeServicesCommand({ services: ['s'] }))).rejects.toMatchObject({
      name: 'InternalFailure',
      $metadata: { httpStatusCode: 500 },
    });
    expect(gateway.problems.join()).toContain('ecs.DescribeServices.services[0].nonsense: Service has no such member');
    const records = await gateway.records();
    expect(records.map(({ operation, status, error }) => [operation, status, error?.code])).toEqual([
      ['UpdateService', 400, 'ServiceNotFoundException'],
      ['UpdateService', 400, 'InvalidParameterException'],
      ['DescribeServices', 500, 'InternalFailure'],
    ]);
  });
});

describe('elbv2 (query)', () => {
  test('lists both ways, empty lists, timestamps, text that XML has to escape', async () => {
    const seen: unknown[] = [];
    const gateway = await testGateway({
      services: [
        service('elbv2', {
          ModifyRule(params) {
            seen.push(params);
            return {
              Rules: [{ RuleArn: 'r', Priority: '1', IsDefault: false, Actions: params['Actions'], Conditions: [] }],
            };
          },
          DescribeLoadBalancers: () => ({ LoadBalancers: [{ LoadBalancerName: '<a> & "b"\n', CreatedTime: at }] }),
          DescribeTargetHealth: () => ({ TargetHealthDescriptions: [] }),
        }),
      ],
    });
    const client = new ElasticLoadBalancingV2Client(gateway.client);
    const Actions = [
      {
        Type: 'forward' as const,
        ForwardConfig: {
          TargetGroups: [
            { TargetGroupArn: 'blue', Weight: 0 },
            { TargetGroupArn: 'green', Weight: 100 },
          ],
        },
      },
    ];
    const { Rules: rules } = await client.send(new ModifyRuleCommand({ RuleArn: 'r', Actions }));
    expect(seen).toEqual([{ RuleArn: 'r', Actions }]);
    expect(rules).toEqual([{ RuleArn: 'r', Priority: '1', IsDefault: false, Actions, Conditions: [] }]);
    const { LoadBalancers: balancers } = await client.send(new DescribeLoadBalancersCommand());
    expect(balancers).toEqual([{ LoadBalancerName: '<a> & "b"\n', CreatedTime: at }]);
    const health = await client.send(new DescribeTargetHealthCommand({ TargetGroupArn: 'blue' }));
    expect(health.TargetHealthDescriptions).toEqual([]);
  });

  test('pages, and an error by its code on the wire', async () => {
    const gateway = await testGateway({
      services: [
        service('elbv2', {
          DescribeTargetGroups({ Marker, Names }) {
            if (Names !== undefined)
              throw new AwsError('TargetGroupNotFoundException', 'One or more target groups not found');
            return Marker === undefined
              ? { TargetGroups: [{ TargetGroupName: 'a' }], NextMarker: 'm' }
              : { TargetGroups: [{ TargetGroupName: 'b' }] };
          },
        }),
      ],
    });
    const client = new ElasticLoadBalancingV2Client(gateway.client);
    const names: unknown[] = [];
    for await (const page of paginateDescribeTargetGroups({ client }, {}))
      names.push(...(page.TargetGroups ?? []).map((group) => group.TargetGroupName));
    expect(names).toEqual(['a', 'b']);
    // The model's name ends in Exception, the wire's code does not: SDKs know both.
    await expect(client.send(new DescribeTargetGroupsCommand({ Names: ['x'] }))).rejects.toMatchObject({
      name: 'TargetGroupNotFoundException',
      $metadata: { httpStatusCode: 400 },
    });
    await expect(client.send(new DescribeTargetGroupsCommand({ PageSize: 0 }))).rejects.toMatchObject({
      name: 'ValidationError',
    });
  });
});

test('application-autoscaling (JSON) keeps absent and empty apart', async () => {
  const gateway = await testGateway({
    services: [
      service('application-autoscaling', {
        RegisterScalableTarget: () => ({ ScalableTargetARN: 'arn' }),
        DescribeScalableTargets: () => ({ ScalableTargets: [] }),
      }),
    ],
  });
  const client = new ApplicationAutoScalingClient(gateway.client);
  const target = {
    ServiceNamespace: 'ecs',
    ScalableDimension: 'ecs:service:DesiredCount',
    ResourceId: 'service/c/s',
  } as const;
  const registered = await client.send(
    new RegisterScalableTargetCommand({ ...target, MinCapacity: 0, MaxCapacity: 4 }),
  );
  expect(registered.ScalableTargetARN).toBe('arn');
  const described = await client.send(new DescribeScalableTargetsCommand({ ServiceNamespace: 'ecs' }));
  expect(described.ScalableTargets).toEqual([]);
  expect(described.NextToken).toBeUndefined();
  const [record] = await gateway.records();
  expect(record?.params).toEqual({ ...target, MinCapacity: 0, MaxCapacity: 4 });
});

test('lambda (rest-json): members in headers, status and body', async () => {
  const gateway = await testGateway({
    services: [
      service('lambda', {
        Invoke: ({ Payload }) => ({ StatusCode: 200, FunctionError: 'Unhandled', Payload }),
        GetFunction() {
          throw new AwsError('ResourceNotFoundException', 'Function not found: f', 404);
        },
      }),
    ],
  });
  const client = new LambdaClient(gateway.client);
  const answer = await client.send(new InvokeCommand({ FunctionName: 'f', Payload: Buffer.from('{"a":1}') }));
  expect(answer).toMatchObject({ StatusCode: 200, FunctionError: 'Unhandled' });
  expect(Buffer.from(answer.Payload ?? []).toString()).toBe('{"a":1}');
  await expect(client.send(new GetFunctionCommand({ FunctionName: 'f' }))).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
    message: 'Function not found: f',
    $metadata: { httpStatusCode: 404 },
  });
});

test('a route to a local service that is not there is refused at the start', async () => {
  await expect(testGateway({ routes: { ecs: 'local' } })).rejects.toThrow('no local service ecs to route to');
  await expect(testGateway({ routes: { nonsense: 'upstream' } })).rejects.toThrow('botocore has no service nonsense');
});

test('beside the upstream, the local service has its own operations alone', async () => {
  const gateway = await testGateway({
    services: [service('ecs', { ListClusters: () => ({ clusterArns: ['local'] }) })],
    routes: { ecs: 'beside' },
  });
  const client = new ECSClient(gateway.client);
  expect(await client.send(new ListClustersCommand({}))).toMatchObject({ clusterArns: ['local'] });
  await expect(client.send(new UpdateServiceCommand({ service: 's' }))).rejects.toMatchObject({
    name: 'ServiceUnavailable',
  });
});

test('an operation that the local service does not have is said to be missing', async () => {
  const gateway = await testGateway({ services: [service('ecs', {})] });
  await expect(new ECSClient(gateway.client).send(new UpdateServiceCommand({ service: 's' }))).rejects.toMatchObject({
    name: 'NotImplemented',
    message: 'the local ecs has no UpdateService',
  });
});
