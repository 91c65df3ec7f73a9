import type { DescribeTasksResponse, ListTasksResponse, RunTaskResponse, Task } from '@aws-sdk/client-ecs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { container, NETWORK, registerDefinition, startPlane, type TestPlane, until } from '../fixtures/data-plane.ts';

let plane: TestPlane;
beforeEach(async () => {
  plane = startPlane();
  await plane.call('CreateCluster', { clusterName: 'main' });
});
afterEach(() => plane.close());

async function describeTask(task: string | undefined): Promise<Task> {
  const { tasks } = await plane.call<DescribeTasksResponse>('DescribeTasks', { cluster: 'main', tasks: [task] });
  const [found] = tasks ?? [];
  if (!found) throw new Error('no task');
  return found;
}

async function run(web: Parameters<typeof container>[1], more: object = {}): Promise<string | undefined> {
  const taskDefinition = await registerDefinition(plane, container('v1.0.0', web), 'migrate');
  const { tasks } = await plane.call<RunTaskResponse>('RunTask', {
    cluster: 'main',
    taskDefinition,
    networkConfiguration: NETWORK,
    ...more,
  });
  expect(tasks?.[0]).toMatchObject({ desiredStatus: 'RUNNING', group: 'family:migrate' });
  return tasks?.[0]?.taskArn;
}

const stopped = (task: string | undefined): Promise<Task> =>
  until('the task has stopped', async () => {
    const found = await describeTask(task);
    return found.lastStatus === 'STOPPED' && found;
  });

test.each([0, 1, 75])('a task that ends with exit code %i says so, its last lines already in its log', async (code) => {
  const task = await run({ command: [process.execPath, 'server.js', 'exit', String(code)] });
  const found = await stopped(task);
  expect(found).toMatchObject({
    stopCode: 'EssentialContainerExited',
    stoppedReason: 'Essential container in task exited',
    containers: [{ exitCode: code, lastStatus: 'STOPPED' }],
  });
  expect(found.startedAt).toBeInstanceOf(Date);
  const id = task?.split('/').at(-1);
  expect(plane.logs.get(`/shop/web blue/web/${id}`)?.toSorted()).toEqual(['about to exit', 'with a last word']);
});

test('states are passed in order', async () => {
  const task = await run({ command: [process.execPath, 'server.js', 'exit', '0'] });
  await stopped(task);
  expect(plane.events.flatMap((event) => (event.type === 'task' ? [event.status] : []))).toEqual([
    'PROVISIONING',
    'PENDING',
    'RUNNING',
    'STOPPING',
    'DEPROVISIONING',
    'STOPPED',
  ]);
});

test.each([
  ['an image that is not there', { image: 'registry/missing@sha256:0' }, /^CannotPullContainerError: .*not found$/],
  ['a command that is not there', { command: ['no-such-program'] }, /^CannotStartContainerError: .*ENOENT$/],
  [
    'a secret that cannot be read',
    { secrets: [{ name: 'SECRET_KEY', valueFrom: 'arn:aws:secretsmanager:us-east-1:0:secret:missing' }] },
    /^ResourceInitializationError: unable to pull secrets or registry auth: .*missing from secrets manager: ResourceNotFound/,
  ],
])('%s stops the task before it starts', async (_, web, reason) => {
  const found = await stopped(await run(web));
  expect(found.stopCode).toBe('TaskFailedToStart');
  expect(found.stoppedReason).toMatch(reason);
  expect(found.startedAt).toBeUndefined();
  expect(found.containers?.[0]?.exitCode).toBeUndefined();
});

test('StopTask ends a task with SIGTERM, and with SIGKILL after its stop timeout', async () => {
  const graceful = await run({});
  const stubborn = await run({ environment: [{ name: 'STOP', value: 'never' }], stopTimeout: 2 });
  await until(
    'both serve',
    () => [...plane.logs.values()].filter((lines) => lines.some((line) => /listening/.test(line))).length === 2,
  );
  for (const task of [graceful, stubborn]) await plane.call('StopTask', { cluster: 'main', task, reason: 'enough' });
  const user = { stopCode: 'UserInitiated', stoppedReason: 'enough', desiredStatus: 'STOPPED' };
  expect(await stopped(graceful)).toMatchObject({ ...user, containers: [{ exitCode: 0 }] });
  expect(await stopped(stubborn)).toMatchObject({ ...user, containers: [{ exitCode: 137 }] });
});

test('a container is given the environment of its image and its task, its secrets, and nothing else', async () => {
  process.env['OF_THIS_MACHINE'] = 'secret';
  const task = await run({
    environment: [
      { name: 'PORT', value: '8000' },
      { name: 'FROM_TASK', value: 'yes' },
    ],
    secrets: [{ name: 'SECRET_KEY', valueFrom: 'arn:aws:secretsmanager:us-east-1:0:secret:key' }],
  });
  const id = task?.split('/').at(-1);
  const line = await until('it listens', () => plane.logs.get(`/shop/web blue/web/${id}`)?.[0]);
  const port = /listening on (\d+)/.exec(line)?.[1];
  const answer = await fetch(`http://127.0.0.1:${port}/`);
  const { environment } = Object(await answer.json());
  expect(environment.toSorted()).toEqual(['FROM_IMAGE', 'FROM_TASK', 'HOST', 'PATH', 'PORT', 'SECRET_KEY']);
});

test('one client token starts one task', async () => {
  const taskDefinition = await registerDefinition(plane, container());
  const request = {
    cluster: 'main',
    taskDefinition,
    networkConfiguration: NETWORK,
    clientToken: 'once',
    startedBy: 'shop',
  };
  const answers = await Promise.all([1, 2, 3].map(() => plane.call<RunTaskResponse>('RunTask', request)));
  expect(new Set(answers.map(({ tasks }) => tasks?.[0]?.taskArn)).size).toBe(1);
  await expect(plane.call('RunTask', { ...request, startedBy: 'other' })).rejects.toMatchObject({
    code: 'ConflictException',
  });
});

test('ListTasks filters and pages', async () => {
  const taskDefinition = await registerDefinition(plane, container());
  const start = (count: number, startedBy: string): Promise<RunTaskResponse> =>
    plane.call('RunTask', { cluster: 'main', taskDefinition, networkConfiguration: NETWORK, count, startedBy });
  await start(5, 'shop');
  await start(2, 'someone');
  const seen: string[] = [];
  let nextToken: string | undefined;
  do {
    const page: ListTasksResponse = await plane.call('ListTasks', {
      cluster: 'main',
      startedBy: 'shop',
      maxResults: 2,
      nextToken,
    });
    expect(page.taskArns?.length).toBeLessThanOrEqual(2);
    seen.push(...(page.taskArns ?? []));
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  expect(new Set(seen).size).toBe(5);
  expect(await plane.call('ListTasks', { cluster: 'main', family: 'other' })).toEqual({ taskArns: [] });
  await expect(plane.call('ListTasks', { cluster: 'main', nextToken: 'x' })).rejects.toMatchObject({
    code: 'InvalidParameterException',
  });
  await expect(plane.call('ListTasks', { cluster: 'main', serviceName: 'x' })).rejects.toMatchObject({
    code: 'ServiceNotFoundException',
  });
});
