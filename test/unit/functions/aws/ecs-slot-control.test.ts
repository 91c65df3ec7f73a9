import { ApplicationAutoScalingClient } from '@aws-sdk/client-application-auto-scaling';
import { DescribeServicesCommand, DescribeTasksCommand, ListTaskDefinitionsCommand } from '@aws-sdk/client-ecs';
import {
  DescribeRulesCommand,
  DescribeTargetGroupAttributesCommand,
  DescribeTargetGroupsCommand,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { EcsSlotControl } from '#aws/ecs-slot-control.ts';
import type { Version } from '#core/contract/release.ts';
import type { Settings } from '#core/contract/settings.ts';
import type { Slot } from '#core/contract/slot.ts';
import type { Action } from '#core/domain/converge-plan.ts';
import type { Observed } from '#core/domain/observed.ts';
import { CHANGE_LASTS_SECONDS } from '#core/domain/repair.ts';
import { buildStage, type Stage, until } from '../../../../packages/local-aws/test/fixtures/data-plane.ts';
import { ecsCloud, exit, SERVE, settingsIn } from './ecs-cloud.ts';
import { digestOf, release } from './releases.ts';

const started = ecsCloud();
let stage: Stage;

beforeAll(async () => {
  stage = await buildStage(started().plane, { 'deregistration_delay.timeout_seconds': '10' });
});

const loadBalancing = () => new ElasticLoadBalancingV2Client(started().client);

function control(): EcsSlotControl {
  const { client, ecs, logs } = started();
  const autoScaling = new ApplicationAutoScalingClient(client);
  return new EcsSlotControl({ ecs, logs, autoScaling, loadBalancing: loadBalancing() });
}

let environments = 0;
/** Settings of a target that no other test has; all share the load balancer, each with a rule of its own priority. */
function target(environment: Record<string, string> = {}): Settings {
  environments += 1;
  const settings = settingsIn(`env-${environments}`, stage);
  const [service] = settings.services;
  if (service === undefined) throw new Error('settings have a service');
  return {
    ...settings,
    services: [{ ...service, environment }],
    infrastructure: { ...settings.infrastructure, rulePriority: environments },
  };
}

async function register(settings: Settings, slot: Slot = 'blue', start = SERVE, version: Version = 'v1.0.0') {
  return control().registerTaskDefinition(settings, release(version, { start }), slot, `web-${version}`);
}

function observed(settings: Settings, what: string, seen: (observed: Observed) => boolean | undefined) {
  return until(what, async () => {
    const now = await control().observe(settings);
    return seen(now) === true && now;
  });
}

/** A slot's service with one task that is on its way. */
async function filled(settings: Settings, slot: Slot, start?: string[]): Promise<string> {
  const taskDefinition = await register(settings, slot, start);
  await control().apply(settings, { do: 'create service', slot, taskDefinition });
  await control().apply(settings, { do: 'fill slot', slot, taskDefinition, desired: 1 });
  return taskDefinition;
}

async function empty(settings: Settings, slot: Slot): Promise<void> {
  await control().apply(settings, { do: 'empty slot', slot });
  await observed(
    settings,
    `${slot} to be empty`,
    ({ slots }) => slots[slot].tasks.length === 0 && slots[slot].registeredTargets === 0,
  );
}

test('a target that was never deployed has nothing', async () => {
  const nothing = { service: null, tasks: [], registeredTargets: 0, unhealthyReasons: [], scaling: null, crashes: [] };
  expect(await control().observe(target())).toEqual({ rule: null, slots: { blue: nothing, green: nothing } });
});

test('a slot is made, filled, found healthy, scaled and emptied', async () => {
  const settings = target();
  const taskDefinition = await register(settings);
  expect(taskDefinition).toMatch(/:task-definition\/web-env-\d+-web:1$/);
  await control().apply(settings, { do: 'create service', slot: 'blue', taskDefinition });
  const made = await observed(settings, 'the service', ({ slots }) => slots.blue.service !== null);
  expect(made.slots.blue.service).toMatchObject({ taskDefinition, desired: 0, running: 0, pending: 0, failed: false });
  expect(made.slots.green.service).toBeNull();

  const bounds = { min: 0, max: 3, scaleIn: false, scaleOut: true };
  await control().apply(settings, { do: 'register scalable target', slot: 'blue', ...bounds });
  expect((await control().observe(settings)).slots.blue.scaling).toEqual({ ...bounds, targetValue: null });
  await control().apply(settings, { do: 'put scaling policy', slot: 'blue' });
  await control().apply(settings, { do: 'put scaling policy', slot: 'blue' });
  expect((await control().observe(settings)).slots.blue.scaling).toEqual({
    ...bounds,
    targetValue: settings.capacity.requestsPerTarget,
  });
  expect((await control().observe(settings)).slots.green.scaling).toBeNull();

  const health = { ...settings.health, interval: '20s', healthy: 3 };
  await control().apply(settings, { do: 'set health check', slot: 'blue', health });
  await control().apply(settings, { do: 'set drain', slot: 'blue', deregistration: '7s' });
  const { targetGroup: TargetGroupArn } = settings.infrastructure.slots.blue;
  const { TargetGroups } = await loadBalancing().send(
    new DescribeTargetGroupsCommand({ TargetGroupArns: [TargetGroupArn] }),
  );
  expect(TargetGroups).toMatchObject([
    {
      HealthCheckPath: '/livez',
      HealthCheckIntervalSeconds: 20,
      HealthCheckTimeoutSeconds: 5,
      HealthyThresholdCount: 3,
      UnhealthyThresholdCount: 2,
      Matcher: { HttpCode: '200' },
    },
  ]);
  const { Attributes } = await loadBalancing().send(new DescribeTargetGroupAttributesCommand({ TargetGroupArn }));
  expect(Attributes).toContainEqual({ Key: 'deregistration_delay.timeout_seconds', Value: '7' });

  await control().apply(settings, { do: 'fill slot', slot: 'blue', taskDefinition, desired: 1 });
  const healthy = await observed(settings, 'a healthy task', ({ slots }) =>
    slots.blue.tasks.some((task) => task.healthy),
  );
  expect(healthy.slots.blue).toMatchObject({
    service: { taskDefinition, desired: 1, running: 1 },
    tasks: [{ taskDefinition, digest: digestOf('v1.0.0'), running: true, healthy: true }],
    registeredTargets: 1,
    unhealthyReasons: [],
    crashes: [],
  });
  await control().apply(settings, { do: 'resize slot', slot: 'blue', desired: 2 });
  await observed(settings, 'two tasks', ({ slots }) => slots.blue.tasks.length === 2);
  await empty(settings, 'blue');
  expect((await control().observe(settings)).slots.blue).toMatchObject({
    service: { desired: 0, running: 0, pending: 0 },
    crashes: [],
  });
});

test('a fill with another release changes task definition and count at once, and starts a deployment', async () => {
  const settings = target();
  await filled(settings, 'blue');
  await observed(settings, 'a task', ({ slots }) => slots.blue.tasks.length === 1);
  await empty(settings, 'blue');
  const taskDefinition = await register(settings, 'blue', SERVE, 'v1.1.0');
  await control().apply(settings, { do: 'fill slot', slot: 'blue', taskDefinition, desired: 1 });
  const refilled = await observed(settings, 'a task of v1.1.0', ({ slots }) =>
    slots.blue.tasks.some(({ running }) => running),
  );
  expect(refilled.slots.blue.tasks).toMatchObject([{ taskDefinition, digest: digestOf('v1.1.0') }]);
  await empty(settings, 'blue');
});

test.each([{ reset: false }, { reset: true }])(
  'a service whose making was answered to nobody is made once: $reset',
  async ({ reset }) => {
    const settings = target();
    const taskDefinition = await register(settings);
    started().gateway.faults.add({ operation: 'CreateService', effect: { kind: 'fail-after', reset } });
    await control().apply(settings, { do: 'create service', slot: 'blue', taskDefinition });
    await control().apply(settings, { do: 'create service', slot: 'blue', taskDefinition });
    const { services } = await started().ecs.send(
      new DescribeServicesCommand({ cluster: 'main', services: [`web-${settings.environment}-blue`] }),
    );
    expect(services).toMatchObject([{ status: 'ACTIVE', desiredCount: 0 }]);
    expect(services?.[0]?.deploymentConfiguration?.deploymentCircuitBreaker).toMatchObject({
      enable: true,
      rollback: false,
    });
  },
);

test('a service that cannot be made is an error', async () => {
  const settings = target();
  const taskDefinition = await register(settings);
  const elsewhere = { ...settings, infrastructure: { ...settings.infrastructure, cluster: 'no-such' } };
  const making = control().apply(elsewhere, { do: 'create service', slot: 'blue', taskDefinition });
  await expect(making).rejects.toMatchObject({ name: 'ClusterNotFoundException' });
});

test('the production rule is made once, shows its weights, and goes once', async () => {
  const settings = target();
  const weights = { blue: 100, green: 0 };
  started().gateway.faults.add({ operation: 'CreateRule', effect: { kind: 'fail-after' } });
  await control().apply(settings, { do: 'create rule', weights });
  await control().apply(settings, { do: 'create rule', weights: { blue: 0, green: 100 } });
  const { rule } = await control().observe(settings);
  expect(rule).toEqual({ arn: expect.stringContaining(':listener-rule/'), weights, foreign: null });
  const arn = rule?.arn ?? '';
  started().gateway.faults.add({ operation: 'ModifyRule', effect: { kind: 'fail-after' } });
  await control().apply(settings, { do: 'set weights', rule: arn, weights: { blue: 25, green: 75 } });
  expect((await control().observe(settings)).rule).toEqual({ arn, weights: { blue: 25, green: 75 }, foreign: null });
  const { Rules } = await loadBalancing().send(new DescribeRulesCommand({ RuleArns: [arn] }));
  expect(Rules?.[0]?.Actions?.[0]?.ForwardConfig?.TargetGroupStickinessConfig).toMatchObject({ Enabled: false });
  started().gateway.faults.add({ operation: 'DeleteRule', effect: { kind: 'fail-after' } });
  await control().apply(settings, { do: 'delete rule', rule: arn });
  await control().apply(settings, { do: 'delete rule', rule: arn });
  expect((await control().observe(settings)).rule).toBeNull();
});

test('a release that ends by itself shows as crashes with its exit code, and its last lines can be read', async () => {
  const settings = target();
  const taskDefinition = await filled(settings, 'blue', exit(3));
  const crashed = await observed(settings, 'a crash', ({ slots }) => slots.blue.crashes.length > 0);
  expect(crashed.slots.blue.crashes[0]).toEqual({
    taskDefinition,
    reason: 'Essential container in task exited (exit code 3).',
    at: expect.stringMatching(/^\d{4}-.*Z$/),
  });
  const lines = await until('last lines', async () => {
    const read = await control().lastLines(settings, taskDefinition);
    return read.length > 0 && read;
  });
  expect(lines).toContain('about to exit');
  expect(await control().lastLines(settings, `${taskDefinition}0`)).toEqual([]);
  await empty(settings, 'blue');
});

test('a release that fails its health checks is told in the words of the load balancer', async () => {
  const settings = target({ HEALTH: '500' });
  await filled(settings, 'green');
  const unhealthy = await observed(settings, 'a failed check', ({ slots }) =>
    slots.green.unhealthyReasons.some((reason) => reason.includes('500')),
  );
  expect(unhealthy.slots.green.unhealthyReasons[0]).toMatch(
    /^the load balancer says Target\.ResponseCodeMismatch: .*500/,
  );
  expect(unhealthy.slots.green.tasks.filter(({ healthy }) => healthy)).toEqual([]);
  await empty(settings, 'green');
});

test('a task is given what the release and the settings say, and nothing by overrides', async () => {
  const settings = target({ ALLOWED_HOSTS: 'shop.example' });
  const taskDefinition = await filled(settings, 'green');
  const up = await observed(settings, 'a task', ({ slots }) => slots.green.tasks.some(({ healthy }) => healthy));
  expect(up.slots.green.tasks[0]?.taskDefinition).toBe(taskDefinition);
  const answer = await fetch(`${stage.green.url}/anything`);
  const { version, environment } = JSON.parse(await answer.text());
  expect(version).toBe('v1.0.0');
  expect(environment).toEqual(expect.arrayContaining(['ALLOWED_HOSTS', 'FAROL_DIGEST', 'FAROL_COMMIT', 'FAROL_SLOT']));
  await empty(settings, 'green');
  const { taskArns } = await started().plane.call<{ taskArns: string[] }>('ListTasks', {
    cluster: 'main',
    family: `web-${settings.environment}-web`,
    desiredStatus: 'STOPPED',
  });
  const { tasks } = await started().ecs.send(new DescribeTasksCommand({ cluster: 'main', tasks: taskArns }));
  expect(tasks?.[0]?.overrides?.containerOverrides).toEqual([]);
});

test('a cluster may be named by its ARN', async () => {
  const settings = target();
  const byArn = {
    ...settings,
    infrastructure: { ...settings.infrastructure, cluster: 'arn:aws:ecs:us-east-1:000000000000:cluster/main' },
  };
  await control().apply(byArn, { do: 'create service', slot: 'blue', taskDefinition: await register(byArn) });
  await control().apply(byArn, {
    do: 'register scalable target',
    slot: 'blue',
    min: 0,
    max: 2,
    scaleIn: true,
    scaleOut: false,
  });
  expect((await control().observe(byArn)).slots.blue.scaling).toMatchObject({ min: 0, max: 2 });
});

test('a task definition without a port serves no slot', async () => {
  const settings = target();
  await started().plane.call('RegisterTaskDefinition', {
    family: 'portless',
    containerDefinitions: [{ name: 'app', image: 'registry/web' }],
  });
  const { taskDefinitionArns: [taskDefinition = ''] = [] } = await started().ecs.send(
    new ListTaskDefinitionsCommand({ familyPrefix: 'portless' }),
  );
  const making = control().apply(settings, { do: 'create service', slot: 'blue', taskDefinition });
  await expect(making).rejects.toThrow('opens no port');
});

test.each<Action>([
  { do: 'create service', slot: 'blue', taskDefinition: 'web:1' },
  { do: 'fill slot', slot: 'blue', taskDefinition: 'web:1', desired: 1 },
  { do: 'resize slot', slot: 'blue', desired: 1 },
  { do: 'empty slot', slot: 'blue' },
  { do: 'register scalable target', slot: 'blue', min: 1, max: 2, scaleIn: true, scaleOut: true },
  { do: 'put scaling policy', slot: 'blue' },
  { do: 'create rule', weights: { blue: 100, green: 0 } },
  { do: 'set weights', rule: 'arn', weights: { blue: 100, green: 0 } },
  { do: 'delete rule', rule: 'arn' },
])('a change ends with its time: $do', async (action) => {
  const timeout = vi.spyOn(AbortSignal, 'timeout').mockReturnValue(AbortSignal.abort());
  onTestFinished(() => timeout.mockRestore());
  const calls: string[] = [];
  onTestFinished(started().gateway.onCall(({ operation }) => calls.push(operation)));
  await expect(control().apply(target(), action)).rejects.toMatchObject({ name: 'AbortError' });
  expect(timeout).toHaveBeenCalledExactlyOnceWith((CHANGE_LASTS_SECONDS - 1) * 1000);
  expect(calls).toEqual([]);
});

test.each(['DescribeServices', 'DescribeRules', 'DescribeTargetHealth', 'DescribeScalableTargets'])(
  'a look that is refused by %s is an error, never "nothing there"',
  async (operation) => {
    const effect = { kind: 'fail-before' as const, status: 400, code: 'AccessDeniedException', message: 'not yours' };
    started().gateway.faults.add({ operation, effect });
    await expect(control().observe(target())).rejects.toThrow('not yours');
  },
);
