import {
  ApplicationAutoScalingClient,
  DescribeScalableTargetsCommand,
  DescribeScalingActivitiesCommand,
  DescribeScalingPoliciesCommand,
  PutScalingPolicyCommand,
  RegisterScalableTargetCommand,
} from '@aws-sdk/client-application-auto-scaling';
import {
  CreateServiceCommand,
  DescribeClustersCommand,
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  ECSClient,
  ListTagsForResourceCommand,
  ListTaskDefinitionsCommand,
  ListTasksCommand,
  RunTaskCommand,
  waitUntilServicesStable,
} from '@aws-sdk/client-ecs';
import {
  CreateRuleCommand,
  DescribeListenersCommand,
  DescribeLoadBalancerAttributesCommand,
  DescribeLoadBalancersCommand,
  DescribeRulesCommand,
  DescribeTagsCommand,
  DescribeTargetGroupAttributesCommand,
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
  ModifyRuleCommand,
  waitUntilTargetInService,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { expect, onTestFinished, test } from 'vitest';
import { buildStage, container, NETWORK, registerDefinition, startPlane } from './fixtures/data-plane.ts';
import { testGateway } from './fixtures/gateway.ts';

test('every answer fits the models of AWS and reaches the SDK', async () => {
  const plane = startPlane();
  onTestFinished(() => plane.close());
  const gateway = await testGateway({ services: plane.services });
  const ecs = new ECSClient(gateway.client);
  const elb = new ElasticLoadBalancingV2Client(gateway.client);
  const scaling = new ApplicationAutoScalingClient(gateway.client);
  const stage = await buildStage(plane);
  const taskDefinition = await registerDefinition(plane, container());

  const rule = await elb.send(
    new CreateRuleCommand({
      ListenerArn: stage.listener,
      Priority: 10,
      Conditions: [{ Field: 'path-pattern', PathPatternConfig: { Values: ['/*'] } }],
      Actions: [
        {
          Type: 'forward',
          ForwardConfig: {
            TargetGroups: [
              { TargetGroupArn: stage.blue.targetGroup, Weight: 100 },
              { TargetGroupArn: stage.green.targetGroup, Weight: 0 },
            ],
          },
        },
      ],
      Tags: [{ Key: 'shop:stage', Value: 'web/production' }],
    }),
  );
  const ruleArn = rule.Rules?.[0]?.RuleArn ?? '';
  await ecs.send(
    new CreateServiceCommand({
      cluster: 'main',
      serviceName: 'web-blue',
      taskDefinition,
      desiredCount: 1,
      launchType: 'FARGATE',
      networkConfiguration: { awsvpcConfiguration: { subnets: NETWORK.awsvpcConfiguration.subnets } },
      loadBalancers: [{ targetGroupArn: stage.blue.targetGroup, containerName: 'web', containerPort: 8000 }],
    }),
  );
  const wait = { maxWaitTime: 20, minDelay: 1, maxDelay: 1 };
  await waitUntilServicesStable({ client: ecs, ...wait }, { cluster: 'main', services: ['web-blue'] });
  await waitUntilTargetInService({ client: elb, ...wait }, { TargetGroupArn: stage.blue.targetGroup });

  // ECS calls a rollout completed some time after the load balancer calls the target healthy.
  const service = async () => {
    const { services } = await ecs.send(new DescribeServicesCommand({ cluster: 'main', services: ['web-blue'] }));
    return services?.[0];
  };
  await expect
    .poll(service, { timeout: 20_000 })
    .toMatchObject({ runningCount: 1, deployments: [{ rolloutState: 'COMPLETED', status: 'PRIMARY' }] });
  const { taskArns } = await ecs.send(new ListTasksCommand({ cluster: 'main', serviceName: 'web-blue' }));
  const { tasks } = await ecs.send(new DescribeTasksCommand({ cluster: 'main', tasks: taskArns }));
  const { TargetHealthDescriptions } = await elb.send(
    new DescribeTargetHealthCommand({ TargetGroupArn: stage.blue.targetGroup }),
  );
  expect(TargetHealthDescriptions?.[0]?.Target).toEqual({
    Id: tasks?.[0]?.containers?.[0]?.networkInterfaces?.[0]?.privateIpv4Address,
    Port: 8000,
  });
  expect(await (await fetch(`${stage.url}/any`)).json()).toMatchObject({ version: 'v1.0.0' });

  const run = {
    cluster: 'main',
    taskDefinition,
    clientToken: 'one',
    networkConfiguration: { awsvpcConfiguration: { subnets: ['s'] } },
  };
  const first = await ecs.send(new RunTaskCommand(run));
  const second = await ecs.send(new RunTaskCommand(run));
  expect(second.tasks?.[0]?.taskArn).toBe(first.tasks?.[0]?.taskArn);
  await expect(ecs.send(new RunTaskCommand({ ...run, startedBy: 'another' }))).rejects.toMatchObject({
    name: 'ConflictException',
    resourceIds: [first.tasks?.[0]?.taskArn],
  });

  const target = {
    ServiceNamespace: 'ecs',
    ScalableDimension: 'ecs:service:DesiredCount',
    ResourceId: 'service/main/web-blue',
  } as const;
  await scaling.send(new RegisterScalableTargetCommand({ ...target, MinCapacity: 2, MaxCapacity: 4 }));
  await scaling.send(
    new PutScalingPolicyCommand({
      ...target,
      PolicyName: 'requests',
      PolicyType: 'TargetTrackingScaling',
      TargetTrackingScalingPolicyConfiguration: {
        TargetValue: 100,
        PredefinedMetricSpecification: {
          PredefinedMetricType: 'ALBRequestCountPerTarget',
          ResourceLabel: `${stage.loadBalancer.split('loadbalancer/')[1]}/${stage.blue.targetGroup.split(':')[5]}`,
        },
      },
    }),
  );
  const { ScalableTargets } = await scaling.send(new DescribeScalableTargetsCommand({ ServiceNamespace: 'ecs' }));
  expect(ScalableTargets).toMatchObject([{ MinCapacity: 2, MaxCapacity: 4 }]);
  const { ScalingActivities } = await scaling.send(new DescribeScalingActivitiesCommand(target));
  expect(ScalingActivities).toMatchObject([{ Cause: 'minimum capacity was set to 2', StatusCode: 'Successful' }]);
  const { ScalingPolicies } = await scaling.send(new DescribeScalingPoliciesCommand({ ServiceNamespace: 'ecs' }));
  expect(ScalingPolicies).toHaveLength(1);

  const shown = [
    await ecs.send(new DescribeClustersCommand({ clusters: ['main'] })),
    await ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition, include: ['TAGS'] })),
    await ecs.send(new ListTaskDefinitionsCommand({})),
    await ecs.send(new ListTagsForResourceCommand({ resourceArn: (await service())?.serviceArn })),
    await elb.send(new DescribeLoadBalancersCommand({})),
    await elb.send(new DescribeLoadBalancerAttributesCommand({ LoadBalancerArn: stage.loadBalancer })),
    await elb.send(new DescribeListenersCommand({ LoadBalancerArn: stage.loadBalancer })),
    await elb.send(new DescribeTargetGroupsCommand({})),
    await elb.send(new DescribeTargetGroupAttributesCommand({ TargetGroupArn: stage.blue.targetGroup })),
    await elb.send(new DescribeTagsCommand({ ResourceArns: [ruleArn] })),
    await elb.send(
      new ModifyRuleCommand({
        RuleArn: ruleArn,
        Actions: [{ Type: 'forward', TargetGroupArn: stage.blue.targetGroup }],
      }),
    ),
    await elb.send(new DescribeRulesCommand({ ListenerArn: stage.listener })),
  ];
  expect(shown.at(-1)).toMatchObject({
    Rules: [
      { Priority: '10', IsDefault: false, Actions: [{ TargetGroupArn: stage.blue.targetGroup }] },
      { Priority: 'default', IsDefault: true },
    ],
  });
  expect(gateway.problems).toEqual([]);
});
