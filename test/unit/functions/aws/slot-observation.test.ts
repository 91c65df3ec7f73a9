import type { Deployment, Service, Task } from '@aws-sdk/client-ecs';
import type { Rule, TargetHealth, TargetHealthDescription } from '@aws-sdk/client-elastic-load-balancing-v2';
import { describe, expect, test } from 'vitest';
import { dimensionOf } from '#aws/elb-arn.ts';
import { readCrashes, readRule, readService, readTasks, readUnhealthyReasons } from '#aws/slot-observation.ts';
import { SETTINGS } from '../../../fixtures/settings.ts';
import { digestOf } from './releases.ts';

const { infrastructure } = SETTINGS;
const { blue, green } = infrastructure.slots;

describe('a service', () => {
  const service: Service = {
    status: 'ACTIVE',
    taskDefinition: 'web:3',
    desiredCount: 2,
    runningCount: 1,
    pendingCount: 1,
    events: ['newest', 'second', 'third', 'fourth'].map((message) => ({ message })),
    deployments: [{ status: 'PRIMARY', rolloutState: 'IN_PROGRESS' }],
  };

  test('is told by its counts and latest words', () => {
    expect(readService(service)).toEqual({
      taskDefinition: 'web:3',
      desired: 2,
      running: 1,
      pending: 1,
      failed: false,
      events: ['newest', 'second', 'third'],
    });
  });

  test.each([undefined, 'DRAINING', 'INACTIVE'])('that is %s does not count as one', (status) => {
    expect(readService(status === undefined ? undefined : { ...service, status })).toBeNull();
  });

  test.each<[string, Deployment[], boolean]>([
    ['its newest deployment', [{ status: 'PRIMARY', rolloutState: 'FAILED' }, { status: 'ACTIVE' }], true],
    [
      'an older one',
      [
        { status: 'ACTIVE', rolloutState: 'FAILED' },
        { status: 'PRIMARY', rolloutState: 'IN_PROGRESS' },
      ],
      false,
    ],
    ['none', [{ status: 'PRIMARY', rolloutState: 'COMPLETED' }], false],
  ])('has failed when ECS gave up %s', (_which, deployments, failed) => {
    expect(readService({ ...service, deployments })?.failed).toBe(failed);
  });
});

function task(address: string | undefined, more: Partial<Task> = {}): Task {
  return {
    taskDefinitionArn: 'web:3',
    lastStatus: 'RUNNING',
    containers: [{ name: 'app', imageDigest: digestOf('v1.0.0') }],
    ...(address === undefined
      ? {}
      : {
          attachments: [{ type: 'ElasticNetworkInterface', details: [{ name: 'privateIPv4Address', value: address }] }],
        }),
    ...more,
  };
}

function health(Id: string, State: TargetHealth['State'], more: Partial<TargetHealth> = {}): TargetHealthDescription {
  return { Target: { Id, Port: 8000 }, TargetHealth: { ...(State === undefined ? {} : { State }), ...more } };
}

describe('tasks', () => {
  test('are healthy when the load balancer says so of their address', () => {
    const tasks = readTasks(
      [task('10.0.0.1'), task('10.0.0.2'), task('10.0.0.3'), task(undefined, { lastStatus: 'PROVISIONING' })],
      [health('10.0.0.1', 'healthy'), health('10.0.0.2', 'initial'), health('10.0.0.9', 'healthy')],
    );
    expect(tasks.map(({ running, healthy }) => [running, healthy])).toEqual([
      [true, true],
      [true, false],
      [true, false],
      [false, false],
    ]);
  });

  test.each(['draining', 'unhealthy', 'unhealthy.draining', 'unused', 'unavailable', 'initial'] as const)(
    'whose target is %s are not healthy',
    (state) => {
      expect(readTasks([task('10.0.0.1')], [health('10.0.0.1', state)])).toMatchObject([{ healthy: false }]);
    },
  );

  test('are found by the address of their container as well', () => {
    const bare = task(undefined, {
      containers: [{ name: 'app', networkInterfaces: [{ privateIpv4Address: '10.0.0.1' }] }],
    });
    expect(readTasks([bare], [health('10.0.0.1', 'healthy')])).toMatchObject([{ healthy: true, digest: undefined }]);
  });

  test('show the digest of what runs, and nothing that is not a digest', () => {
    const containers = (imageDigest: string) => ({
      containers: [
        { name: 'sidecar', imageDigest: digestOf('other') },
        { name: 'app', imageDigest },
      ],
    });
    expect(readTasks([task('a', containers(digestOf('v2'))), task('b', containers('latest'))], [])).toMatchObject([
      { digest: digestOf('v2') },
      { digest: undefined },
    ]);
  });

  test('that have stopped are none; those that are stopping still are', () => {
    const stopping = ['DEACTIVATING', 'STOPPING', 'DEPROVISIONING'].map((lastStatus) => task('a', { lastStatus }));
    expect(readTasks([...stopping, task('a', { lastStatus: 'STOPPED' })], [])).toHaveLength(3);
    expect(readTasks(stopping, []).every(({ running }) => !running)).toBe(true);
  });
});

describe('crashes', () => {
  const stopped = (more: Partial<Task>) => task(undefined, { lastStatus: 'STOPPED', ...more });

  test.each<[Task['stopCode'], string, boolean]>([
    ['EssentialContainerExited', 'Essential container in task exited', true],
    ['TaskFailedToStart', 'CannotPullContainerError', true],
    ['ServiceSchedulerInitiated', '(service web) (port 8000) is unhealthy: failed ELB health checks', true],
    ['ServiceSchedulerInitiated', 'Scaling activity initiated by deployment ecs-svc/1', false],
    ['UserInitiated', 'stopped by a person', false],
    ['SpotInterruption', 'spot', false],
    [undefined, 'unknown', false],
  ])('%s for %s: %s', (stopCode, stoppedReason, crashed) => {
    const read = readCrashes([stopped({ ...(stopCode === undefined ? {} : { stopCode }), stoppedReason })]);
    expect(read).toHaveLength(crashed ? 1 : 0);
  });

  test('are told newest first, with the exit code of the container that counts', () => {
    const at = (time: string) => ({ stopCode: 'EssentialContainerExited' as const, stoppedAt: new Date(time) });
    const containers = [
      { name: 'sidecar', exitCode: 0 },
      { name: 'app', exitCode: 3 },
    ];
    expect(
      readCrashes([
        stopped({ ...at('2026-11-23T18:00:00Z'), stoppedReason: 'first' }),
        stopped({ ...at('2026-11-23T18:02:00Z'), stoppedReason: 'third', containers }),
        stopped({ ...at('2026-11-23T18:01:00Z') }),
      ]),
    ).toEqual([
      { taskDefinition: 'web:3', reason: 'third (exit code 3).', at: '2026-11-23T18:02:00.000Z' },
      { taskDefinition: 'web:3', reason: 'no reason given.', at: '2026-11-23T18:01:00.000Z' },
      { taskDefinition: 'web:3', reason: 'first.', at: '2026-11-23T18:00:00.000Z' },
    ]);
  });

  test('are none while a task is still on its way out', () => {
    expect(readCrashes([task('a', { lastStatus: 'STOPPING', stopCode: 'EssentialContainerExited' })])).toEqual([]);
  });
});

test('targets that are not healthy are told with their reason, those on their way out are not', () => {
  expect(
    readUnhealthyReasons([
      health('a', 'healthy'),
      health('b', 'unhealthy', { Reason: 'Target.Timeout', Description: 'Request timed out' }),
      health('c', 'initial', { Reason: 'Elb.RegistrationInProgress' }),
      health('d', 'unused', { Reason: 'Target.NotInUse', Description: 'Zone not enabled' }),
      health('e', 'draining', { Reason: 'Target.DeregistrationInProgress' }),
      health('f', 'unhealthy.draining'),
      health('g', undefined),
    ]),
  ).toEqual([
    'the load balancer says Target.Timeout: Request timed out',
    'the load balancer says Elb.RegistrationInProgress: no description',
    'the load balancer says Target.NotInUse: Zone not enabled',
    'the load balancer says nothing: no description',
  ]);
});

describe('the production rule', () => {
  function rule(more: Partial<Rule> = {}, stickiness = false): Rule {
    return {
      RuleArn: 'rule',
      Priority: '1',
      IsDefault: false,
      Conditions: [{ Field: 'path-pattern', Values: ['/*'], PathPatternConfig: { Values: ['/*'] } }],
      Actions: [
        {
          Type: 'forward',
          ForwardConfig: {
            TargetGroups: [
              { TargetGroupArn: blue.targetGroup, Weight: 90 },
              { TargetGroupArn: green.targetGroup, Weight: 10 },
            ],
            TargetGroupStickinessConfig: { Enabled: stickiness },
          },
        },
      ],
      ...more,
    };
  }

  const forward = (...groups: [arn: string, weight?: number][]): Partial<Rule> => ({
    Actions: [
      {
        Type: 'forward',
        ForwardConfig: {
          TargetGroups: groups.map(([TargetGroupArn, Weight]) => ({
            TargetGroupArn,
            ...(Weight === undefined ? {} : { Weight }),
          })),
        },
      },
    ],
  });

  test('is the one with its priority, and shows its weights by slot', () => {
    const others = [rule({ RuleArn: 'other', Priority: '2' }), rule({ RuleArn: 'default', Priority: 'default' })];
    expect(readRule([...others, rule()], infrastructure)).toEqual({
      arn: 'rule',
      weights: { blue: 90, green: 10 },
      foreign: null,
    });
    expect(readRule(others, infrastructure)).toBeNull();
    expect(readRule([], infrastructure)).toBeNull();
  });

  test('is read as Farol writes it when the condition comes without its configuration', () => {
    expect(
      readRule([rule({ Conditions: [{ Field: 'path-pattern', Values: ['/*'] }] })], infrastructure)?.foreign,
    ).toBeNull();
  });

  test.each<[Rule, string]>([
    [rule({ Actions: [{ Type: 'redirect' }] }), 'its action is redirect instead of one forward'],
    [rule({ Actions: [] }), 'its action is none instead of one forward'],
    [
      rule({ Actions: [{ Type: 'authenticate-oidc' }, { Type: 'forward' }] }),
      'its action is authenticate-oidc, forward instead of one forward',
    ],
    [rule(forward([blue.targetGroup, 50], ['arn:foreign', 50])), 'it forwards to arn:foreign'],
    [rule(forward([blue.targetGroup, 1], [green.targetGroup, 0])), 'its weights are 1 and 0'],
    [rule(forward([blue.targetGroup])), 'its weights are 0 and 0'],
    [rule({}, true), 'it keeps each client with one target group'],
    [rule({ Conditions: [] }), 'it does not hold for every request'],
    [
      rule({ Conditions: [{ Field: 'path-pattern', PathPatternConfig: { Values: ['/shop/*'] } }] }),
      'it does not hold for every request',
    ],
    [
      rule({ Conditions: [...(rule().Conditions ?? []), { Field: 'source-ip' }] }),
      'it does not hold for every request',
    ],
  ])('made outside Farol: %#', (made, foreign) => {
    expect(readRule([made], infrastructure)).toMatchObject({ arn: 'rule', foreign });
  });
});

test("CloudWatch's names of load balancer and target group are the ends of their ARNs", () => {
  expect(dimensionOf(infrastructure.loadBalancer)).toBe('app/web-production/50dc6c495c0c9188');
  expect(dimensionOf(blue.targetGroup)).toBe('targetgroup/web-production-blue/1111111111111111');
});
