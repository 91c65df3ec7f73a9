import type { DescribeServicesResponse } from '@aws-sdk/client-ecs';
import { expect, onTestFinished, test } from 'vitest';
import { buildStage, container, NETWORK, registerDefinition, startPlane, until } from '../fixtures/data-plane.ts';

test('load on a target group adds tasks to its service', async () => {
  const plane = startPlane();
  onTestFinished(() => plane.close());
  const stage = await buildStage(plane);
  await plane.call('CreateService', {
    cluster: 'main',
    serviceName: 'web-blue',
    taskDefinition: await registerDefinition(plane, container()),
    desiredCount: 1,
    networkConfiguration: NETWORK,
    loadBalancers: [{ targetGroupArn: stage.blue.targetGroup, containerName: 'web', containerPort: 8000 }],
  });
  const target = {
    ServiceNamespace: 'ecs',
    ResourceId: 'service/main/web-blue',
    ScalableDimension: 'ecs:service:DesiredCount',
  };
  await plane.call('RegisterScalableTarget', { ...target, MinCapacity: 1, MaxCapacity: 2 });
  await plane.call('PutScalingPolicy', {
    ...target,
    PolicyName: 'requests',
    PolicyType: 'TargetTrackingScaling',
    TargetTrackingScalingPolicyConfiguration: {
      TargetValue: 1,
      PredefinedMetricSpecification: {
        PredefinedMetricType: 'ALBRequestCountPerTarget',
        ResourceLabel: `${stage.loadBalancer.split('loadbalancer/')[1]}/${stage.blue.targetGroup.split(':')[5]}`,
      },
    },
  });
  const service = await until('two tasks run', async () => {
    await fetch(stage.blue.url);
    const { services } = await plane.call<DescribeServicesResponse>('DescribeServices', {
      cluster: 'main',
      services: ['web-blue'],
    });
    return services?.[0]?.runningCount === 2 && services[0];
  });
  expect(service).toMatchObject({ desiredCount: 2, deployments: [{ desiredCount: 2, status: 'PRIMARY' }] });
});
