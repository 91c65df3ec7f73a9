import type {
  DescribeRulesOutput,
  DescribeTagsOutput,
  DescribeTargetGroupsOutput,
  DescribeTargetHealthOutput,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { buildStage, type Stage, startPlane, type TestPlane, until } from '../fixtures/data-plane.ts';

let plane: TestPlane;
let stage: Stage;
beforeEach(async () => {
  plane = startPlane();
  stage = await buildStage(plane);
});
afterEach(() => plane.close());

const ARN = 'arn:aws:elasticloadbalancing:us-east-1:000000000000';
const ALL = [{ Field: 'path-pattern', Values: ['/*'] }];

function refused(operation: string, params: object): Promise<unknown> {
  return plane.call(operation, params).then(
    () => 'accepted',
    (error: unknown) => error,
  );
}

async function createRule(Priority: number, Actions: object[]): Promise<string> {
  const { Rules } = await plane.call<{ Rules: [{ RuleArn: string }] }>('CreateRule', {
    ListenerArn: stage.listener,
    Priority,
    Conditions: ALL,
    Actions,
  });
  return Rules[0].RuleArn;
}

const weighted = (blue: number, green: number): object => ({
  Type: 'forward',
  ForwardConfig: {
    TargetGroups: [
      { TargetGroupArn: stage.blue.targetGroup, Weight: blue },
      { TargetGroupArn: stage.green.targetGroup, Weight: green },
    ],
  },
});

test('ARNs have the form of AWS', async () => {
  expect(stage.loadBalancer).toMatch(new RegExp(`^${ARN}:loadbalancer/app/web/[0-9a-f]{16}$`));
  expect(stage.listener).toMatch(new RegExp(`^${ARN}:listener/app/web/[0-9a-f]{16}/[0-9a-f]{16}$`));
  expect(stage.blue.targetGroup).toMatch(new RegExp(`^${ARN}:targetgroup/blue/[0-9a-f]{16}$`));
  expect(await createRule(10, [weighted(100, 0)])).toMatch(
    new RegExp(`^${ARN}:listener-rule/app/web/[0-9a-f]{16}/[0-9a-f]{16}/[0-9a-f]{16}$`),
  );
});

test('rules are made, read, changed, ordered and deleted', async () => {
  expect((await fetch(stage.url)).status).toBe(503);
  expect(await (await fetch(stage.url)).text()).toBe('no release yet');
  const second = await createRule(20, [weighted(90, 10)]);
  const first = await createRule(10, [
    { Type: 'fixed-response', FixedResponseConfig: { StatusCode: '200', MessageBody: 'first' } },
  ]);
  const rules = await plane.call<DescribeRulesOutput>('DescribeRules', { ListenerArn: stage.listener });
  expect(rules.Rules?.map(({ RuleArn, Priority }) => [RuleArn, Priority])).toEqual([
    [first, '10'],
    [second, '20'],
    [expect.any(String), 'default'],
  ]);
  expect(rules.Rules?.[1]?.Actions?.[0]?.ForwardConfig).toEqual({
    TargetGroups: [
      { TargetGroupArn: stage.blue.targetGroup, Weight: 90 },
      { TargetGroupArn: stage.green.targetGroup, Weight: 10 },
    ],
    TargetGroupStickinessConfig: { Enabled: false },
  });
  expect(await (await fetch(stage.url)).text()).toBe('first');
  await plane.call('SetRulePriorities', { RulePriorities: [{ RuleArn: first, Priority: 30 }] });
  expect(await (await fetch(stage.url)).text()).toContain('503 Service Temporarily Unavailable');
  await plane.call('DeleteRule', { RuleArn: second });
  expect(await (await fetch(stage.url)).text()).toBe('first');
  await plane.call('AddTags', { ResourceArns: [first], Tags: [{ Key: 'a', Value: 'b' }] });
  const tags = await plane.call<DescribeTagsOutput>('DescribeTags', { ResourceArns: [first] });
  expect(tags.TagDescriptions).toEqual([{ ResourceArn: first, Tags: [{ Key: 'a', Value: 'b' }] }]);
});

test('errors are those of AWS', async () => {
  const rule = await createRule(10, [weighted(100, 0)]);
  const create = { ListenerArn: stage.listener, Priority: 10, Conditions: ALL, Actions: [weighted(1, 0)] };
  expect(await refused('CreateRule', create)).toMatchObject({
    code: 'PriorityInUse',
    message: "Priority '10' is currently in use",
  });
  expect(await refused('ModifyRule', { RuleArn: `${rule}x`, Actions: [weighted(1, 1)] })).toMatchObject({
    code: 'RuleNotFound',
  });
  expect(await refused('DescribeRules', { ListenerArn: 'none' })).toMatchObject({ code: 'ListenerNotFound' });
  expect(await refused('DescribeTargetHealth', { TargetGroupArn: 'none' })).toMatchObject({
    code: 'TargetGroupNotFound',
  });
  expect(await refused('DescribeLoadBalancers', { Names: ['none'] })).toMatchObject({ code: 'LoadBalancerNotFound' });
  expect(
    await refused('ModifyRule', { RuleArn: rule, Actions: [{ Type: 'forward', TargetGroupArn: 'none' }] }),
  ).toMatchObject({
    code: 'TargetGroupNotFound',
  });
  expect(await refused('ModifyRule', { RuleArn: rule, Actions: [weighted(1000, 0)] })).toMatchObject({
    code: 'ValidationError',
  });
  expect(await refused('DeleteTargetGroup', { TargetGroupArn: stage.blue.targetGroup })).toMatchObject({
    code: 'ResourceInUse',
  });
  expect(await refused('CreateTargetGroup', { Name: 'blue', Port: 1 })).toMatchObject({
    code: 'DuplicateTargetGroupName',
  });
  const { LoadBalancers } = await plane.call<{ LoadBalancers: [{ LoadBalancerArn: string }] }>('CreateLoadBalancer', {
    Name: 'two',
  });
  expect(
    await refused('CreateListener', {
      LoadBalancerArn: LoadBalancers[0].LoadBalancerArn,
      Protocol: 'HTTP',
      Port: 0,
      DefaultActions: [{ Type: 'forward', TargetGroupArn: stage.blue.targetGroup }],
    }),
  ).toMatchObject({ code: 'TargetGroupAssociationLimit' });
});

test('targets of a group are checked while any listener names it, and unused otherwise', async () => {
  const { TargetGroups } = await plane.call<{ TargetGroups: [{ TargetGroupArn: string }] }>('CreateTargetGroup', {
    Name: 'third',
    Port: 1,
    TargetType: 'ip',
  });
  const TargetGroupArn = TargetGroups[0].TargetGroupArn;
  const health = async (Targets?: object[]): Promise<unknown> => {
    const answer = await plane.call<DescribeTargetHealthOutput>('DescribeTargetHealth', { TargetGroupArn, Targets });
    return answer.TargetHealthDescriptions?.[0]?.TargetHealth;
  };
  await plane.call('RegisterTargets', { TargetGroupArn, Targets: [{ Id: '127.0.0.1', Port: 1 }] });
  expect(await health()).toMatchObject({ State: 'unused', Reason: 'Target.NotInUse' });
  const rule = await createRule(10, [{ Type: 'forward', TargetGroupArn }]);
  expect(await health()).toMatchObject({ State: 'initial', Reason: 'Elb.RegistrationInProgress' });
  await until('unhealthy', async () => Object(await health()).State === 'unhealthy');
  expect(await health()).toMatchObject({ Reason: 'Target.FailedHealthChecks' });
  await plane.call('DeleteRule', { RuleArn: rule });
  expect(await health()).toMatchObject({ State: 'unused', Reason: 'Target.NotInUse' });
  await plane.call('DeregisterTargets', { TargetGroupArn, Targets: [{ Id: '127.0.0.1', Port: 1 }] });
  expect(await health([{ Id: '127.0.0.9', Port: 2 }])).toMatchObject({
    State: 'unused',
    Reason: 'Target.NotRegistered',
  });
});

test('descriptions page', async () => {
  for (const Name of ['a', 'b', 'c']) await plane.call('CreateTargetGroup', { Name, Port: 80 });
  const seen: string[] = [];
  let Marker: string | undefined;
  do {
    const page: DescribeTargetGroupsOutput = await plane.call('DescribeTargetGroups', { PageSize: 2, Marker });
    seen.push(...(page.TargetGroups ?? []).map(({ TargetGroupName = '' }) => TargetGroupName));
    Marker = page.NextMarker;
  } while (Marker !== undefined);
  expect(seen.toSorted()).toEqual(['a', 'b', 'blue', 'c', 'green']);
});

test('metrics have the names, dimensions and gaps of AWS', async () => {
  await fetch(stage.url);
  await fetch(stage.blue.url);
  const path = stage.loadBalancer.split('loadbalancer/')[1];
  const targetGroup = stage.blue.targetGroup.split(':')[5];
  // The two requests may fall into two periods.
  const sums = (): Map<string, number> => {
    const sum = new Map<string, number>();
    for (const { MetricName, Value = 0, Dimensions } of plane.metrics.flatMap(({ data }) => data)) {
      const key = [MetricName, ...(Dimensions ?? []).map((dimension) => dimension.Value)].join(' ');
      sum.set(key, (sum.get(key) ?? 0) + Value);
    }
    return sum;
  };
  await until('both requests', () => sums().get(`RequestCount ${path}`) === 2);
  for (const { Timestamp } of plane.metrics.flatMap(({ data }) => data)) expect(Number(Timestamp) % 1000).toBe(0);
  expect(new Set(plane.metrics.map(({ namespace }) => namespace))).toEqual(new Set(['AWS/ApplicationELB']));
  expect(Object.fromEntries(sums())).toEqual({
    [`RequestCount ${path}`]: 2,
    [`HTTPCode_ELB_5XX_Count ${path}`]: 1,
    [`HTTPCode_ELB_503_Count ${path}`]: 1,
    [`HTTP_Fixed_Response_Count ${path}`]: 1,
    [`RequestCount ${targetGroup} ${path}`]: 1,
  });
});
