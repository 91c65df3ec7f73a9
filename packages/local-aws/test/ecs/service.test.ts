import type {
  DescribeServicesResponse,
  DescribeTasksResponse,
  ListTasksResponse,
  Service,
  Task,
} from '@aws-sdk/client-ecs';
import type { DescribeTargetHealthOutput } from '@aws-sdk/client-elastic-load-balancing-v2';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  buildStage,
  container,
  NETWORK,
  registerDefinition,
  type Stage,
  startPlane,
  type TestPlane,
  until,
} from '../fixtures/data-plane.ts';

let plane: TestPlane;
let stage: Stage;

beforeEach(async () => {
  plane = startPlane();
  stage = await buildStage(plane);
});
afterEach(() => plane.close());

async function service(): Promise<Service> {
  const { services } = await plane.call<DescribeServicesResponse>('DescribeServices', {
    cluster: 'main',
    services: ['web-blue'],
  });
  const [found] = services ?? [];
  if (!found) throw new Error('no service');
  return found;
}

async function tasks(desiredStatus: 'RUNNING' | 'STOPPED'): Promise<Task[]> {
  const { taskArns } = await plane.call<ListTasksResponse>('ListTasks', {
    cluster: 'main',
    serviceName: 'web-blue',
    desiredStatus,
  });
  if (!taskArns?.length) return [];
  const described = await plane.call<DescribeTasksResponse>('DescribeTasks', { cluster: 'main', tasks: taskArns });
  return described.tasks ?? [];
}

async function health(): Promise<string[]> {
  const answer = await plane.call<DescribeTargetHealthOutput>('DescribeTargetHealth', {
    TargetGroupArn: stage.blue.targetGroup,
  });
  return (answer.TargetHealthDescriptions ?? []).map(({ TargetHealth }) => TargetHealth?.State ?? '');
}

function create(taskDefinition: string, more: object = {}): Promise<object> {
  return plane.call('CreateService', {
    cluster: 'main',
    serviceName: 'web-blue',
    taskDefinition,
    desiredCount: 2,
    launchType: 'FARGATE',
    networkConfiguration: NETWORK,
    loadBalancers: [{ targetGroupArn: stage.blue.targetGroup, containerName: 'web', containerPort: 8000 }],
    deploymentConfiguration: { deploymentCircuitBreaker: { enable: true, rollback: false } },
    ...more,
  });
}

const completed = async (): Promise<Service | false> => {
  const found = await service();
  return found.deployments?.length === 1 && found.deployments[0]?.rolloutState === 'COMPLETED' && found;
};

describe('a service', () => {
  test('starts its tasks, registers them, and is steady when their targets are healthy', async () => {
    await create(await registerDefinition(plane, container()));
    const found = await until('deployment completed', completed);
    expect(found).toMatchObject({ status: 'ACTIVE', desiredCount: 2, runningCount: 2, pendingCount: 0 });
    expect(await health()).toEqual(['healthy', 'healthy']);
    expect(
      found.events?.map(({ message }) => message?.replace(/[0-9a-f]{32}/g, '<task>').replace(/\d{19}/g, '<n>')),
    ).toEqual([
      '(service web-blue) has reached a steady state.',
      '(service web-blue) (deployment ecs-svc/<n>) deployment completed.',
      `(service web-blue) registered 1 targets in (target-group ${stage.blue.targetGroup})`,
      `(service web-blue) registered 1 targets in (target-group ${stage.blue.targetGroup})`,
      '(service web-blue) has started 2 tasks: (task <task>) (task <task>).',
    ]);
    const [task] = await tasks('RUNNING');
    expect(task).toMatchObject({
      lastStatus: 'RUNNING',
      desiredStatus: 'RUNNING',
      group: 'service:web-blue',
      startedBy: found.deployments?.[0]?.id,
      containers: [{ name: 'web', lastStatus: 'RUNNING', imageDigest: `sha256:${'a'.repeat(64)}` }],
    });
    const answer = await fetch(`${stage.blue.url}/`);
    const body: unknown = await answer.json();
    expect(body).toMatchObject({ version: 'v1.0.0' });
  });

  test('replaces its tasks for a new deployment without losing a request', async () => {
    await create(await registerDefinition(plane, container('v1.0.0')));
    await until('deployment completed', completed);
    const seen = new Map<string, number>();
    const stop = new AbortController();
    const load = Array.from({ length: 8 }, async () => {
      while (!stop.signal.aborted) {
        const answer = await fetch(`${stage.blue.url}/?ms=20`).catch(() => undefined);
        const version = answer?.status === 200 ? String(Object(await answer.json()).version) : `lost ${answer?.status}`;
        seen.set(version, (seen.get(version) ?? 0) + 1);
      }
    });
    const next = await registerDefinition(plane, container('v1.1.0'));
    await plane.call('UpdateService', {
      cluster: 'main',
      service: 'web-blue',
      taskDefinition: next,
      forceNewDeployment: true,
    });
    expect((await service()).deployments?.map(({ status }) => status)).toEqual(['PRIMARY', 'ACTIVE']);
    await until('new deployment completed', completed);
    stop.abort();
    await Promise.all(load);
    expect([...seen.keys()].toSorted()).toEqual(['v1.0.0', 'v1.1.0']);
    const stopped = await tasks('STOPPED');
    expect(stopped).toHaveLength(2);
    for (const task of stopped)
      expect(task).toMatchObject({
        lastStatus: 'STOPPED',
        stopCode: 'ServiceSchedulerInitiated',
        stoppedReason: expect.stringMatching(/^Scaling activity initiated by \(deployment ecs-svc\/\d{19}\)$/),
        containers: [{ lastStatus: 'STOPPED', exitCode: 0 }],
      });
  });

  test('fails a deployment of crashing tasks by its circuit breaker and says why each stopped', async () => {
    const crashing = container('v1.0.0', { command: [process.execPath, 'server.js', 'exit', '3'] });
    await create(await registerDefinition(plane, crashing));
    const failed = await until('deployment failed', async () => {
      const found = await service();
      return found.deployments?.[0]?.rolloutState === 'FAILED' && found;
    });
    expect(failed.deployments?.[0]).toMatchObject({
      status: 'PRIMARY',
      rolloutStateReason: 'ECS deployment circuit breaker: tasks failed to start.',
    });
    expect(failed.deployments?.[0]?.failedTasks).toBeGreaterThanOrEqual(3);
    const stopped = await tasks('STOPPED');
    expect(stopped.length).toBeGreaterThanOrEqual(3);
    for (const task of stopped)
      expect(task).toMatchObject({
        stopCode: 'EssentialContainerExited',
        stoppedReason: 'Essential container in task exited',
        containers: [{ exitCode: 3 }],
      });
    const log = [...plane.logs.values()][0];
    expect(log?.toSorted()).toEqual(['about to exit', 'with a last word']);
    await until('no task is left', async () => (await tasks('RUNNING')).length === 0);
    expect((await service()).deployments?.[0]?.rolloutState).toBe('FAILED');
  });

  test('replaces a task whose target is unhealthy', async () => {
    const sick = container('v1.0.0', { environment: [{ name: 'HEALTH', value: '500' }] });
    await create(await registerDefinition(plane, sick), { desiredCount: 1 });
    const [task] = await until('a stopped task', async () => {
      const stopped = await tasks('STOPPED');
      return stopped.length > 0 && stopped;
    });
    expect(task).toMatchObject({
      stopCode: 'ServiceSchedulerInitiated',
      stoppedReason: `Task failed ELB health checks in (target-group ${stage.blue.targetGroup})`,
    });
    const messages = (await service()).events?.map(({ message }) => message ?? '') ?? [];
    expect(messages.find((message) => message.includes('is unhealthy in'))).toMatch(
      /\(port \d+\) is unhealthy in \(target-group blue\) due to \(reason Health checks failed with these codes: \[500\]\)$/,
    );
  });

  test('starts a crashed task again without a new deployment', async () => {
    await create(await registerDefinition(plane, container()), { desiredCount: 1 });
    const before = await until('deployment completed', completed);
    const [task] = await tasks('RUNNING');
    await plane.call('StopTask', { cluster: 'main', task: task?.taskArn, reason: 'a test' });
    const [after] = await until('another healthy task', async () => {
      const running = await tasks('RUNNING');
      return (
        running[0]?.taskArn !== task?.taskArn &&
        (await health()).includes('healthy') &&
        running[0]?.lastStatus === 'RUNNING' &&
        running
      );
    });
    expect(after?.startedBy).toBe(before.deployments?.[0]?.id);
    const stopped = await until('task stopped', async () =>
      (await tasks('STOPPED')).find(({ lastStatus }) => lastStatus === 'STOPPED'),
    );
    expect(stopped).toMatchObject({ stopCode: 'UserInitiated', stoppedReason: 'a test' });
  });

  test('changes its count without a deployment and is complete at zero at once', async () => {
    await create(await registerDefinition(plane, container()));
    const { deployments } = await until('deployment completed', completed);
    await plane.call('UpdateService', { cluster: 'main', service: 'web-blue', desiredCount: 0 });
    expect((await service()).deployments?.map(({ id, rolloutState }) => ({ id, rolloutState }))).toEqual([
      { id: deployments?.[0]?.id, rolloutState: 'COMPLETED' },
    ]);
    await until('nothing registered', async () => (await health()).length === 0);
    await plane.call('UpdateService', { cluster: 'main', service: 'web-blue', forceNewDeployment: true });
    await until('deployment completed', completed);
    await plane.call('DeleteService', { cluster: 'main', service: 'web-blue' });
    await until('inactive', async () => (await service()).status === 'INACTIVE');
    await expect(plane.call('UpdateService', { cluster: 'main', service: 'web-blue' })).rejects.toMatchObject({
      code: 'ServiceNotActiveException',
    });
  });

  test('refuses what AWS refuses', async () => {
    const definition = await registerDefinition(plane, container());
    const refused = (operation: string, params: object): Promise<unknown> =>
      plane.call(operation, params).then(
        () => 'accepted',
        (error: unknown) => error,
      );
    expect(await refused('DescribeServices', { cluster: 'other', services: ['x'] })).toMatchObject({
      code: 'ClusterNotFoundException',
    });
    expect(await refused('UpdateService', { cluster: 'main', service: 'x' })).toMatchObject({
      code: 'ServiceNotFoundException',
    });
    expect(
      await refused('CreateService', {
        cluster: 'main',
        serviceName: 'x',
        taskDefinition: 'none',
        desiredCount: 0,
      }),
    ).toMatchObject({
      code: 'ClientException',
      message: 'TaskDefinition not found.',
    });
    await create(definition, { desiredCount: 0 });
    await expect(create(definition)).rejects.toMatchObject({ message: 'Creation of service was not idempotent.' });
    expect(await refused('RunTask', { cluster: 'main', taskDefinition: definition })).toMatchObject({
      message: "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
    });
    const unused = await plane.call<{ TargetGroups: [{ TargetGroupArn: string }] }>('CreateTargetGroup', {
      Name: 'unused',
      Port: 1,
    });
    const loadBalancers = [
      { targetGroupArn: unused.TargetGroups[0].TargetGroupArn, containerName: 'web', containerPort: 8000 },
    ];
    await expect(create(definition, { serviceName: 'y', loadBalancers })).rejects.toMatchObject({
      code: 'InvalidParameterException',
      message: expect.stringContaining('does not have an associated load balancer'),
    });
    const { failures } = await plane.call<DescribeServicesResponse>('DescribeServices', {
      cluster: 'main',
      services: ['none'],
    });
    expect(failures).toEqual([{ arn: 'arn:aws:ecs:us-east-1:000000000000:service/main/none', reason: 'MISSING' }]);
  });
});
