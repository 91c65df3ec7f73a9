import type { DescribeScalingActivitiesResponse } from '@aws-sdk/client-application-auto-scaling';
import { beforeEach, expect, test } from 'vitest';
import { ApplicationAutoScaling } from '../../src/application-autoscaling/service.ts';
import type { Clock } from '../../src/clock.ts';
import { createLateness } from '../../src/fidelity.ts';
import { CALLER } from '../fixtures/data-plane.ts';

const TARGET = {
  ServiceNamespace: 'ecs',
  ResourceId: 'service/main/web-blue',
  ScalableDimension: 'ecs:service:DesiredCount',
};
const LABEL = 'app/web/1/targetgroup/blue/2';

let now: number;
let scalable: { desiredCount: number; deploying: boolean };
let autoscaling: ApplicationAutoScaling;

beforeEach(() => {
  now = Date.parse('2026-01-01T00:00:00Z');
  scalable = { desiredCount: 2, deploying: false };
  const clock: Clock = { now: () => now, real: (seconds) => seconds * 1000, after: () => () => undefined };
  autoscaling = new ApplicationAutoScaling(
    {
      accountId: '000000000000',
      region: 'us-east-1',
      clock,
      lateness: createLateness('exact', clock, 1),
      emit: () => undefined,
    },
    (path) =>
      path === 'main/web-blue'
        ? { ...scalable, setDesiredCount: (count) => void (scalable.desiredCount = count) }
        : undefined,
  );
});

async function call(operation: string, params: object): Promise<object> {
  const run = autoscaling.service.operations[operation];
  if (!run) throw new Error(`no operation ${operation}`);
  return run({ ...TARGET, ...params }, CALLER);
}

/** Lets minutes pass in each of which every target got `requests`. */
function minutes(count: number, requests: number | undefined): void {
  for (let minute = 0; minute < count; minute += 1) {
    now += 60_000;
    autoscaling.scaling.evaluate((label) => (label === LABEL ? requests : undefined));
  }
}

async function track(more: object = {}): Promise<void> {
  await call('RegisterScalableTarget', { MinCapacity: 2, MaxCapacity: 6, ...more });
  await call('PutScalingPolicy', {
    PolicyName: 'requests',
    PolicyType: 'TargetTrackingScaling',
    TargetTrackingScalingPolicyConfiguration: {
      TargetValue: 1000,
      PredefinedMetricSpecification: { PredefinedMetricType: 'ALBRequestCountPerTarget', ResourceLabel: LABEL },
    },
  });
}

test('load adds tasks after three minutes, in proportion and at most up to the maximum', async () => {
  await track();
  minutes(2, 1800);
  expect(scalable.desiredCount).toBe(2);
  minutes(1, 1800);
  expect(scalable.desiredCount).toBe(4);
  minutes(4, 3000);
  expect(scalable.desiredCount).toBe(4);
  minutes(1, 3000);
  expect(scalable.desiredCount).toBe(6);
});

test('low load removes tasks after fifteen minutes, never below the minimum; no data removes none', async () => {
  scalable.desiredCount = 5;
  await track();
  minutes(60, undefined);
  expect(scalable.desiredCount).toBe(5);
  minutes(14, 100);
  expect(scalable.desiredCount).toBe(5);
  minutes(1, 100);
  expect(scalable.desiredCount).toBe(2);
});

test('nothing is removed while a deployment is in progress', async () => {
  scalable = { desiredCount: 5, deploying: true };
  await track();
  minutes(30, 100);
  expect(scalable.desiredCount).toBe(5);
  minutes(3, 1300);
  expect(scalable.desiredCount).toBe(6);
});

test('every registration moves the count into its bounds, suspended or not', async () => {
  await track();
  scalable.desiredCount = 0;
  await call('RegisterScalableTarget', {
    SuspendedState: { DynamicScalingInSuspended: true, DynamicScalingOutSuspended: true },
  });
  expect(scalable.desiredCount).toBe(2);
  minutes(10, 5000);
  expect(scalable.desiredCount).toBe(2);
  await call('RegisterScalableTarget', { MinCapacity: 0, MaxCapacity: 1 });
  expect(scalable.desiredCount).toBe(1);
  const { ScalingActivities } = (await call('DescribeScalingActivities', {})) as DescribeScalingActivitiesResponse;
  expect(ScalingActivities?.map(({ Cause }) => Cause)).toEqual([
    'maximum capacity was set to 1',
    'minimum capacity was set to 2',
  ]);
});

test('a count set out of bounds stays until a policy acts', async () => {
  await track();
  scalable.desiredCount = 1;
  minutes(20, 100);
  expect(scalable.desiredCount).toBe(1);
  minutes(3, 1100);
  expect(scalable.desiredCount).toBe(2);
});

test('errors are those of AWS', async () => {
  await expect(
    call('PutScalingPolicy', { PolicyName: 'x', PolicyType: 'TargetTrackingScaling' }),
  ).rejects.toMatchObject({
    code: 'ObjectNotFoundException',
  });
  await expect(call('RegisterScalableTarget', { MinCapacity: 1 })).rejects.toMatchObject({
    code: 'ValidationException',
  });
  await expect(
    call('RegisterScalableTarget', { ResourceId: 'service/main/none', MinCapacity: 1, MaxCapacity: 2 }),
  ).rejects.toMatchObject({
    code: 'ValidationException',
  });
});
