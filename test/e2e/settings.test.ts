import {
  ApplicationAutoScalingClient,
  DescribeScalableTargetsCommand,
  DescribeScalingPoliciesCommand,
} from '@aws-sdk/client-application-auto-scaling';
import { DescribeTaskDefinitionCommand, ECSClient } from '@aws-sdk/client-ecs';
import {
  DescribeTargetGroupAttributesCommand,
  DescribeTargetGroupsCommand,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { clientOptions } from '@farol/local-aws/aws-side.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Placement } from '#core/contract/ledger.ts';
import { otherSlot, type Slot } from '#core/contract/slot.ts';
import { settingsHash } from '#core/domain/ledger-chain.ts';
import { arrivalOf, refusals, stackPolicy } from '../../infra/environments/immutable-settings.ts';
import localEnvironments from '../../local/environments.ts';
import { serviceTemplate, withSetting } from '../infra/service-template.ts';
import { eventually } from './eventually.ts';
import { type Stage, startStage } from './harness.ts';
import { testInvariants } from './invariants.ts';
import { answerAs, makeUser } from './people.ts';
import { changesOfWeights } from './timeline.ts';

const RATE = 40;
const VERSION = 'v1.0.0';
/** Calls that change what serves. */
const CHANGING = /^(?:Create|Update|Delete|Put|Register|Deregister|Run|Start|Stop|Modify|Set|Add|Remove)/;
const SERVING = ['ecs', 'elbv2', 'application-autoscaling'];

let stage: Stage;
/** The environments module as it was changed so far, and the template that the stack was updated to last. */
let environments: object;
let template: unknown;
beforeAll(async () => {
  stage = await startStage({ name: 'settings', rungs: ['first-release'] });
  const { infrastructure, health } = stage.cloud.settings;
  const port = (address: string): number => Number(new URL(address).port);
  const production = port(stage.cloud.applicationUrl);
  const ports = {
    production,
    blue: port(infrastructure.slots.blue.preview),
    green: port(infrastructure.slots.green.preview),
  };
  environments = [
    withSetting('loadBalancer.ports', ports),
    withSetting('address', `http://127.0.0.1:${production}`),
    withSetting('health.path', health.path),
  ].reduce<object>((value, change) => change(value), localEnvironments);
  template = serviceTemplate(environments);
  await stage.deploy(VERSION);
  await stage.startLoad(RATE, [...stage.cloud.paths, '/version']);
}, 180_000);
afterAll(() => stage?.close(), 60_000);

/** Calls that a stack update made, in words. */
async function callsOf(update: () => Promise<unknown>): Promise<string[]> {
  const before = stage.timeline.calls.length;
  await update();
  return stage.timeline.calls
    .slice(before)
    .filter(({ caller, operation }) => caller === 'cloudformation' && CHANGING.test(operation))
    .map(({ service, operation }) => `${service} ${operation}`);
}

/** Updates the stack by one setting, under its policy. @returns what CloudFormation called to change anything */
async function set(path: string, value: unknown): Promise<string[]> {
  const changed = withSetting(path, value)(environments);
  const next = serviceTemplate(changed);
  let denied: string[] = [];
  const calls = await callsOf(async () => {
    denied = await stage.cloud.serviceStack.update(next, stackPolicy(template));
  });
  expect(denied, path).toEqual([]);
  environments = changed;
  template = next;
  return calls;
}

async function live(): Promise<Placement> {
  const { head } = await stage.ledger();
  if (head.live === undefined) throw new Error('nothing is live');
  return head.live;
}

/** What AWS shows of a slot that settings decide. */
async function slotOf(slot: Slot, taskDefinition: string) {
  const options = clientOptions(stage.cloud.gateway.url, 'e2e');
  const [ecs, elb, scaling] = [
    new ECSClient(options),
    new ElasticLoadBalancingV2Client(options),
    new ApplicationAutoScalingClient(options),
  ];
  const TargetGroupArn = stage.cloud.settings.infrastructure.slots[slot].targetGroup;
  const ResourceId = `service/web-production/web-production-${slot}`;
  const [defined, groups, attributes, targets, policies] = await Promise.all([
    ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition })),
    elb.send(new DescribeTargetGroupsCommand({ TargetGroupArns: [TargetGroupArn] })),
    elb.send(new DescribeTargetGroupAttributesCommand({ TargetGroupArn })),
    scaling.send(new DescribeScalableTargetsCommand({ ServiceNamespace: 'ecs', ResourceIds: [ResourceId] })),
    scaling.send(new DescribeScalingPoliciesCommand({ ServiceNamespace: 'ecs', ResourceId })),
  ]);
  const [container] = defined.taskDefinition?.containerDefinitions ?? [];
  const [group] = groups.TargetGroups ?? [];
  const [target] = targets.ScalableTargets ?? [];
  return {
    cpu: defined.taskDefinition?.cpu,
    memory: defined.taskDefinition?.memory,
    environment: container?.environment?.find(({ name }) => name === 'FEATURE')?.value,
    stopTimeout: container?.stopTimeout,
    path: group?.HealthCheckPath,
    interval: group?.HealthCheckIntervalSeconds,
    timeout: group?.HealthCheckTimeoutSeconds,
    healthy: group?.HealthyThresholdCount,
    unhealthy: group?.UnhealthyThresholdCount,
    deregistration: attributes.Attributes?.find(({ Key }) => Key?.startsWith('deregistration'))?.Value,
    min: target?.MinCapacity,
    max: target?.MaxCapacity,
    targetValue: policies.ScalingPolicies?.[0]?.TargetTrackingScalingPolicyConfiguration?.TargetValue,
  };
}

/** Each group is changed setting by setting; one deployment, or the one after it, carries what came together. */
const GROUPS: Readonly<
  Record<string, { readonly changes: Readonly<Record<string, unknown>>; readonly shows: object }>
> = {
  'what tasks are': {
    changes: {
      'service.name': 'server',
      'service.memory': 1024,
      'service.cpu': 512,
      'service.environment': { FEATURE: 'on' },
    },
    shows: { cpu: '512', memory: '1024', environment: 'on' },
  },
  'health and drain': {
    changes: {
      'health.path': '/readyz',
      'health.interval': '12s',
      'health.timeout': '6s',
      'health.healthy': 3,
      'health.unhealthy': 3,
      'drain.deregistration': '35s',
      'drain.stopTimeout': '25s',
      'drain.settle': '35s',
    },
    shows: {
      path: '/readyz',
      interval: 12,
      timeout: 6,
      healthy: 3,
      unhealthy: 3,
      deregistration: '35',
      stopTimeout: 25,
    },
  },
  capacity: {
    changes: { 'capacity.max': 5, 'capacity.min': 3, 'capacity.requestsPerTarget': 7000 },
    shows: { min: 3, max: 5, targetValue: 7000 },
  },
  'how a deployment goes': {
    changes: {
      'migrate.timeout': '20m',
      'migrate.lockTimeout': '4s',
      'migrate.attempts': 2,
      'migrate.incompatible': 'allow',
      'migrate.unknown': 'allow',
      'candidate.timeout': '9m',
      'candidate.crashes': 4,
      'provenance.timeout': '9m',
      'scan.block': 'HIGH',
      'scan.timeout': '9m',
      'scan.accept': [{ cve: 'CVE-2023-45853', reason: 'not in what is used', until: '2027-01-31' }],
      'analysis.maxErrorShare': 0.02,
      'analysis.minRequests': 30,
      'analysis.period': '120s',
      warm: '50m',
      poll: '300ms',
      traffic: [
        { weight: 25, bake: '60s', checkEvery: '60s' },
        { weight: 100, bake: '60s', checkEvery: '60s' },
      ],
    },
    shows: {},
  },
};

describe('a setting of what runs', () => {
  test.each(Object.entries(GROUPS))('%s: the update only publishes, a deployment brings it', async (_name, group) => {
    const former = await live();
    const servedBefore = await slotOf(former.slot, former.taskDefinition);
    for (const [path, value] of Object.entries(group.changes)) {
      expect(arrivalOf(path), path).toBe('deployment');
      expect(await set(path, value), path).toEqual(['ssm PutParameter']);
    }
    const deployment = await stage.inForce(stage.cloud.serviceStack.settings);
    const { entries, head } = await stage.ledger();
    const own = entries.filter((entry) => entry.deployment === deployment);
    expect(own.find(({ type }) => type === 'deployment began')?.cause).toMatch(/^settings changed/);
    const facts = own.filter(({ type }) => type === 'fact').map(({ facts: { kind } }) => kind);
    expect(facts).toEqual(expect.arrayContaining(['provenance', 'migration-plan', 'task-definition', 'smoke']));
    expect(own.map(({ type }) => type)).toContain('promoted');
    expect(head.live).toMatchObject({ deployable: { version: VERSION } });
    const now = await live();
    expect(await slotOf(now.slot, now.taskDefinition)).toMatchObject({ ...servedBefore, ...group.shows });
  });

  test('the traffic goes the way that the settings say', () => {
    const shares = changesOfWeights(stage.timeline.moments).map(({ weights }) => weights.blue);
    expect(shares.slice(-2).map((share) => Math.min(share, 100 - share))).toEqual([25, 0]);
  });

  test('an approval is asked for by the very deployment that brings it, of those whom it names', async () => {
    const approvers = ['bo@example.com', 'arn:aws:iam::000000000000:user/ana'];
    expect(await set('approval', { timeout: '1h', approvers })).toEqual(['ssm PutParameter']);
    const [ana, bo] = [await makeUser(stage, 'ana'), await makeUser(stage, 'bo@example.com')];
    const deployment = await eventually('a deployment of the settings', 30, async () => {
      const { lock } = await stage.ledger();
      return lock?.deployment === undefined ? { saw: lock } : { found: lock.deployment };
    });
    await stage.inState(deployment, ['Approve']);
    // An IAM user who is called like the user of Identity Center that is asked.
    expect(await answerAs(stage, bo, 'approve', deployment)).toEqual({
      done: false,
      sentence: expect.stringContaining('user/bo@example.com is not among those who are asked'),
    });
    await eventually('the question', 60, async () => {
      const answer = await answerAs(stage, ana, 'approve', deployment);
      return answer.done ? { found: answer } : { saw: answer };
    });
    expect(await stage.inForce(stage.cloud.serviceStack.settings)).toBe(deployment);
    expect(await set('approval', undefined)).toEqual(['ssm PutParameter']);
    await stage.inForce(stage.cloud.serviceStack.settings);
  });
});

test('settings that fail are rolled back: live keeps its own, and they are not tried again', async () => {
  const former = await live();
  const before = await slotOf(former.slot, former.taskDefinition);
  const good = environments;
  const calls = await callsOf(async () => {
    await set('service.environment', { FEATURE: 'off', ALLOWED_HOSTS: 'nobody.example' });
    await set('health.interval', '20s');
    await set('capacity.min', 4);
  });
  expect(calls).toEqual(['ssm PutParameter', 'ssm PutParameter', 'ssm PutParameter']);
  const failed = await eventually('the end of the failing deployment', 90, async () => {
    const { entries, lock, claims } = await stage.ledger();
    const carrier = claims.get(settingsHash(stage.cloud.serviceStack.settings));
    const ended = entries.find(({ type, deployment }) => type === 'deployment ended' && deployment === carrier);
    return ended !== undefined && lock?.deployment === undefined ? { found: ended } : { saw: { carrier, lock } };
  });
  expect(failed.facts['result']).toBe('rolled back');
  expect(failed.facts['sentence']).toMatch(/^v1\.0\.0 with the changed settings was not made live; v1\.0\.0 serves/);
  const after = await live();
  expect(after).toEqual(former);
  expect(await slotOf(after.slot, after.taskDefinition)).toEqual(before);
  const { size } = stage.names;
  environments = good;
  template = serviceTemplate(good);
  await stage.cloud.serviceStack.update(template);
  expect(await stage.inForce(stage.cloud.serviceStack.settings)).toBe(former.deployment);
  expect(stage.names.size).toBe(size);
  expect(await slotOf(otherSlot(after.slot), after.taskDefinition)).toMatchObject({ interval: 20 });
});

describe('a setting of the place', () => {
  test.each([
    ['orchestrator.logRetention', 3, ['logs PutRetentionPolicy']],
    ['database.storageGiB', 30, []],
    ['database.multiZone', true, []],
    ['database.backupDays', 3, []],
    ['alarms.lostRequests', 9, []],
  ])('%s is changed by the update alone', async (path, value, expected) => {
    const { size } = stage.names;
    expect(new Set(await set(path, value))).toEqual(new Set(expected));
    expect(stage.names.size).toBe(size);
  });

  test.each([
    ['drain.idle', '65s'],
    ['service.insights', false],
    ['service.port', 9000],
    ['loadBalancer.ports.blue', 9081],
    ['network.cidr', '10.30.0.0/16'],
    ['network.zones', ['us-east-1a', 'us-east-1b', 'us-east-1c']],
    ['network.egress', { by: 'nat', gateways: 1 }],
    ['database.name', 'shop'],
    ['database.version', '17'],
    ['orchestrator.deletionProtection', true],
  ])('%s is fixed once made: refused, and nothing is called', async (path, value) => {
    const published = stage.cloud.serviceStack.settings;
    const next = serviceTemplate(withSetting(path, value)(environments));
    let denied: string[] = [];
    const calls = await callsOf(async () => {
      denied = await stage.cloud.serviceStack.update(next, stackPolicy(template));
    });
    expect(denied).not.toEqual([]);
    expect(calls).toEqual([]);
    expect(refusals(template, next).join(' ')).toContain('fixed once made');
    expect(stage.cloud.serviceStack.settings).toEqual(published);
  });
});

test('no update of the stack changed anything of ECS, ELBv2 or scaling', () => {
  const made = stage.timeline.calls.filter(
    ({ caller, service, operation }) =>
      caller === 'cloudformation' && SERVING.includes(service) && CHANGING.test(operation),
  );
  expect(made).toEqual([]);
});

testInvariants(() => stage);
