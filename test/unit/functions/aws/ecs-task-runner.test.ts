import { ListTasksCommand } from '@aws-sdk/client-ecs';
import { expect, test } from 'vitest';
import { EcsTaskRunner } from '#aws/ecs-task-runner.ts';
import type { Version } from '#core/contract/release.ts';
import type { Settings } from '#core/contract/settings.ts';
import type { TaskStatus } from '#core/ports.ts';
import { NETWORK, until } from '../../../../packages/local-aws/test/fixtures/data-plane.ts';
import { ecsCloud, exit, SERVE, settingsIn } from './ecs-cloud.ts';
import { release } from './releases.ts';

const started = ecsCloud();
const runner = () => new EcsTaskRunner(started().ecs, started().logs);

let environments = 0;
/** Settings of a target that no other test has. */
function target(): Settings {
  environments += 1;
  return settingsIn(`env-${environments}`);
}

function start(settings: Settings, command: string[], token = 'migrate-1', version: Version = 'v1.0.0') {
  return runner().start({
    settings,
    release: release(version, { migrate: command, migrationPlan: command }),
    purpose: 'migrate',
    token,
    startedBy: `web-${settings.environment}-${version.replaceAll('.', '_')}-1`,
  });
}

async function startedTask(...request: Parameters<typeof start>): Promise<string> {
  const answer = await start(...request);
  if ('reason' in answer) throw new Error(answer.reason);
  return answer.taskArn;
}

function state(settings: Settings, taskArn: string, wanted: TaskStatus['state']) {
  return until(`${taskArn} ${wanted}`, async () => {
    const status = await runner().status(settings, taskArn);
    return status.state === wanted && status;
  });
}

/** Tasks of the target's migrations, whatever became of them. */
async function count({ environment }: Settings): Promise<number> {
  const family = `web-${environment}-migrate`;
  const lists = await Promise.all(
    (['RUNNING', 'STOPPED'] as const).map((desiredStatus) =>
      started().ecs.send(new ListTasksCommand({ cluster: 'main', family, desiredStatus })),
    ),
  );
  return new Set(lists.flatMap(({ taskArns = [] }) => taskArns)).size;
}

test.each([0, 3])('a task runs to its end: exit code %i, times, last lines', async (code) => {
  const settings = target();
  const taskArn = await startedTask(settings, exit(code));
  const end = await state(settings, taskArn, 'stopped');
  expect(end).toMatchObject({ exitCode: code, started: true, stopped: expect.stringMatching(/^\d{4}-.*Z$/) });
  expect(end).toMatchObject({ reason: expect.stringContaining('Essential container in task exited') });
  const lines = await until('both lines', async () => {
    const status = await runner().status(settings, taskArn);
    return status.state === 'stopped' && status.lastLines.length === 2 && status.lastLines;
  });
  expect(lines.toSorted()).toEqual(['about to exit', 'with a last word']);
});

test('the same token is the same task, also for a new task definition and after the task has ended', async () => {
  const settings = target();
  const first = await startedTask(settings, exit(0));
  expect(await startedTask(settings, exit(0))).toBe(first);
  await state(settings, first, 'stopped');
  expect(await startedTask(settings, exit(0))).toBe(first);
  expect(await count(settings)).toBe(1);
  expect(await startedTask(settings, exit(0), 'migrate-2')).not.toBe(first);
  expect(await count(settings)).toBe(2);
});

test.each([{ reset: false }, { reset: true }])(
  'an answer that got lost starts nothing twice: $reset',
  async ({ reset }) => {
    const settings = target();
    started().gateway.faults.add({ operation: 'RunTask', effect: { kind: 'fail-after', reset } });
    const taskArn = await startedTask(settings, exit(0));
    expect(await count(settings)).toBe(1);
    expect(await state(settings, taskArn, 'stopped')).toMatchObject({ exitCode: 0 });
  },
);

test('answers that are lost for good leave a task that the next call finds', async () => {
  const settings = target();
  started().gateway.faults.add({ operation: 'RunTask', times: 2, effect: { kind: 'fail-after' } });
  await expect(start(settings, exit(0))).rejects.toThrow('injected fault');
  const taskArn = await startedTask(settings, exit(0));
  expect(await count(settings)).toBe(1);
  await state(settings, taskArn, 'stopped');
});

test('targets that share a cluster share no token', async () => {
  const [one, other] = [target(), target()];
  expect(await startedTask(one, exit(0))).not.toBe(await startedTask(other, exit(0)));
});

test('what RunTask is given keeps to its limits', async () => {
  const settings = target();
  const called = Promise.withResolvers<Readonly<Record<string, unknown>>>();
  const end = started().gateway.onCall(({ operation, params }) => operation === 'RunTask' && called.resolve(params));
  await startedTask(settings, exit(0), 'x'.repeat(64));
  end();
  const params = await called.promise;
  expect(params['clientToken']).toMatch(/^[\x21-\x7e]{1,64}$/);
  expect(params['startedBy']).toMatch(/^[\w/-]{1,128}$/);
  expect(params).toMatchObject({ count: 1, launchType: 'FARGATE' });
  expect(params).not.toHaveProperty('overrides');
});

test('a command that the release does not have is a mistake of the caller', async () => {
  const request = {
    settings: target(),
    release: release('v1.0.0', { migrationPlan: null }),
    purpose: 'plan' as const,
    token: 'plan-1',
    startedBy: 'web',
  };
  await expect(runner().start(request)).rejects.toThrow('v1.0.0 has no command to plan');
});

test('an image that cannot be pulled ends without an exit code, and says so', async () => {
  const settings = target();
  const nowhere = { ...settings, infrastructure: { ...settings.infrastructure, repositoryUri: 'registry/missing' } };
  const end = await state(settings, await startedTask(nowhere, exit(0)), 'stopped');
  expect(end).toMatchObject({ started: false, lastLines: [], reason: expect.stringContaining('CannotPullContainer') });
  expect(end).not.toHaveProperty('exitCode');
});

test('a task that ECS could not place comes as the reason', async () => {
  const { ecs } = started();
  // In place of the transport, since the local data plane always has room.
  ecs.middlewareStack.add(
    (next, { commandName }) =>
      async (args) =>
        commandName === 'RunTaskCommand'
          ? {
              output: { $metadata: {}, tasks: [], failures: [{ reason: 'RESOURCE:ENI', detail: 'none is left' }] },
              response: {},
            }
          : next(args),
    { step: 'initialize' },
  );
  const answer = await new EcsTaskRunner(ecs, started().logs).start({
    settings: target(),
    release: release('v1.0.0', { migrate: exit(0) }),
    purpose: 'migrate',
    token: 'migrate-1',
    startedBy: 'web',
  });
  expect(answer).toEqual({ reason: 'ECS could not start the migrate task: RESOURCE:ENI none is left' });
});

test('a task that ECS does not show is missing', async () => {
  const unknown = `arn:aws:ecs:us-east-1:000000000000:task/main/${'0'.repeat(32)}`;
  expect(await runner().status(target(), unknown)).toEqual({ state: 'missing' });
});

test('a running migration is found until it has stopped, and stops when told', async () => {
  const settings = target();
  expect(await runner().migrationsRunning(settings)).toEqual([]);
  const taskArn = await startedTask(settings, SERVE);
  const running = await until('its container runs', async () => {
    const status = await runner().status(settings, taskArn);
    return status.state === 'running' && status.since !== undefined && status;
  });
  expect(running.since).toMatch(/^\d{4}-.*Z$/);
  expect(await runner().migrationsRunning(settings)).toEqual([taskArn]);
  await runner().stop(settings, taskArn, `longer than settings.migrate.timeout ${'.'.repeat(2000)}`);
  await runner().stop(settings, taskArn, 'told twice');
  expect(await state(settings, taskArn, 'stopped')).toMatchObject({
    exitCode: expect.any(Number),
    reason: expect.stringContaining('longer than settings.migrate.timeout'),
  });
  expect(await runner().migrationsRunning(settings)).toEqual([]);
});

test('a running migration is found behind more stopped ones than ECS lists at once', async () => {
  const settings = target();
  const { plane } = started();
  const taskArn = await startedTask(settings, SERVE);
  const { taskDefinition } = await plane.call<{ taskDefinition: { taskDefinitionArn: string } }>(
    'RegisterTaskDefinition',
    { family: `web-${settings.environment}-migrate`, containerDefinitions: [{ name: 'app', image: 'missing' }] },
  );
  for (let tens = 0; tens < 12; tens += 1)
    await plane.call('RunTask', {
      cluster: 'main',
      taskDefinition: taskDefinition.taskDefinitionArn,
      count: 10,
      networkConfiguration: NETWORK,
    });
  expect(
    await until('all but one to stop', async () => {
      const running = await runner().migrationsRunning(settings);
      return running.length === 1 && running;
    }),
  ).toEqual([taskArn]);
  await runner().stop(settings, taskArn, 'the test is over');
});
