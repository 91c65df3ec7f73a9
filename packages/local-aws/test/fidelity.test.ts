import type { DescribeServicesResponse, DescribeTasksResponse, RunTaskResponse } from '@aws-sdk/client-ecs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Clock } from '../src/clock.ts';
import { createLateness } from '../src/fidelity.ts';
import {
  buildStage,
  container,
  NETWORK,
  registerDefinition,
  type Stage,
  startPlane,
  type TestPlane,
  until,
} from './fixtures/data-plane.ts';

let plane: TestPlane;
let stage: Stage;
beforeEach(async () => {
  plane = startPlane({ fidelity: 'like-aws', seed: 7 });
  stage = await buildStage(plane);
});
afterEach(() => plane.close());

test('a task just started may not be seen yet, but is soon', async () => {
  const taskDefinition = await registerDefinition(plane, container());
  const { tasks } = await plane.call<RunTaskResponse>('RunTask', {
    cluster: 'main',
    taskDefinition,
    networkConfiguration: NETWORK,
  });
  const task = tasks?.[0]?.taskArn;
  const look = (): Promise<DescribeTasksResponse> => plane.call('DescribeTasks', { cluster: 'main', tasks: [task] });
  expect(await look()).toMatchObject({ tasks: [], failures: [{ arn: task, reason: 'MISSING' }] });
  await until('seen', async () => (await look()).tasks?.[0]?.lastStatus === 'RUNNING');
});

test('a service is described as it was a moment ago, and in the end as it is', async () => {
  const taskDefinition = await registerDefinition(plane, container());
  await plane.call('CreateService', {
    cluster: 'main',
    serviceName: 'web-blue',
    taskDefinition,
    desiredCount: 1,
    networkConfiguration: NETWORK,
    loadBalancers: [{ targetGroupArn: stage.blue.targetGroup, containerName: 'web', containerPort: 8000 }],
  });
  const look = async (): Promise<number | undefined> => {
    const { services } = await plane.call<DescribeServicesResponse>('DescribeServices', {
      cluster: 'main',
      services: ['web-blue'],
    });
    return services?.[0]?.desiredCount;
  };
  await until('seen', async () => (await look()) === 1);
  await plane.call('UpdateService', { cluster: 'main', service: 'web-blue', desiredCount: 0 });
  expect(await look()).not.toBe(0);
  await until('the new count', async () => (await look()) === 0);
});

test('new weights reach the nodes of the load balancer one after the other', async () => {
  const rule = (StatusCode: string): object => ({ Type: 'fixed-response', FixedResponseConfig: { StatusCode } });
  await plane.call('ModifyListener', { ListenerArn: stage.listener, DefaultActions: [rule('200')] });
  const statuses = async (): Promise<Set<number>> => {
    const answers = Array.from({ length: 12 }, () => fetch(stage.url, { headers: { connection: 'close' } }));
    return new Set((await Promise.all(answers)).map(({ status }) => status));
  };
  const last = await until('every node knows', async () => {
    const seen = await statuses();
    return !seen.has(503) && seen;
  });
  expect([...last]).toEqual([200]);
});

test('what is drawn by lot is fixed by the seed, and bounded', () => {
  const clock: Clock = { now: () => 0, real: (seconds) => seconds * 1000, after: () => () => undefined };
  const draw = (seed: number): number[] => {
    const lateness = createLateness('like-aws', clock, seed);
    return [...lateness.nodeDelays(), lateness.metricsDelay()];
  };
  expect(draw(3)).toEqual(draw(3));
  expect(draw(3)).not.toEqual(draw(4));
  for (const delay of draw(5).slice(0, 3)) expect(delay).toBeLessThanOrEqual(10_000);
});
