import type {
  CreateTargetGroupInput,
  CreateTargetGroupOutput,
  DeleteTargetGroupInput,
  DescribeTargetGroupAttributesInput,
  DescribeTargetGroupAttributesOutput,
  DescribeTargetGroupsInput,
  DescribeTargetGroupsOutput,
  ModifyTargetGroupAttributesInput,
  ModifyTargetGroupAttributesOutput,
  ModifyTargetGroupInput,
  ModifyTargetGroupOutput,
  TargetGroup as TargetGroupShape,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Context } from '../context.ts';
import { arn, hexId } from '../identity.ts';
import { type HealthCheckSettings } from '../load-balancer/health-check.ts';
import { targetKey } from '../load-balancer/target.ts';
import { TargetGroup } from '../load-balancer/target-group.ts';
import { need, operation, page } from '../operation.ts';
import { AwsError, type Operation } from '../protocol/service.ts';
import { attributeList } from './load-balancers.ts';
import type { Elbv2State, TargetGroupRecord } from './state.ts';

const DELAY = 'deregistration_delay.timeout_seconds';
const DEFAULTS: readonly (readonly [string, string])[] = [
  ['stickiness.enabled', 'false'],
  [DELAY, '300'],
  ['load_balancing.algorithm.type', 'round_robin'],
  ['slow_start.duration_seconds', '0'],
  ['load_balancing.cross_zone.enabled', 'use_load_balancer_configuration'],
];
/** Values of attributes that the local load balancer has no other way for. */
const ONLY: Readonly<Record<string, string>> = {
  'stickiness.enabled': 'false',
  'load_balancing.algorithm.type': 'round_robin',
  'slow_start.duration_seconds': '0',
};

export function targetGroupOperations(state: Elbv2State, context: Context): Record<string, Operation> {
  const shape = (record: TargetGroupRecord): TargetGroupShape => ({
    ...record.shape,
    LoadBalancerArns: state.users(record.arn).map((user) => user.arn),
  });
  return {
    CreateTargetGroup: operation((input: CreateTargetGroupInput): CreateTargetGroupOutput => {
      const name = need(input.Name, 'Name', 'ValidationError');
      if ([...state.targetGroups.values()].some((group) => group.name === name))
        throw new AwsError(
          'DuplicateTargetGroupName',
          `A target group with the same name '${name}' exists, but with different settings`,
        );
      const record = createRecord(input, name, context);
      state.targetGroups.set(record.arn, record);
      state.setTags(record.arn, input.Tags);
      record.group.onHealth((target) => {
        const { state: health, reason } = target.health;
        context.emit({
          type: 'target',
          targetGroup: name,
          target: targetKey(target),
          state: health,
          ...(reason === undefined ? {} : { reason }),
          ...(target.version === undefined ? {} : { version: target.version }),
        });
      });
      return { TargetGroups: [shape(record)] };
    }),

    DescribeTargetGroups: operation((input: DescribeTargetGroupsInput): DescribeTargetGroupsOutput => {
      const all = [...state.targetGroups.values()];
      const chosen = input.TargetGroupArns ? input.TargetGroupArns.map((one) => state.targetGroup(one)) : all;
      const named = chosen.filter(({ name }) => !input.Names || input.Names.includes(name));
      for (const name of input.Names ?? [])
        if (!named.some((group) => group.name === name))
          throw new AwsError('TargetGroupNotFound', 'One or more target groups not found');
      const loadBalancer = input.LoadBalancerArn === undefined ? undefined : state.loadBalancer(input.LoadBalancerArn);
      const used = named.filter((group) => !loadBalancer || state.users(group.arn).includes(loadBalancer));
      const { items, next } = page(used, (group) => group.arn, {
        size: input.PageSize ?? 400,
        token: input.Marker,
        error: 'ValidationError',
      });
      return { TargetGroups: items.map(shape), ...(next === undefined ? {} : { NextMarker: next }) };
    }),

    ModifyTargetGroup: operation((input: ModifyTargetGroupInput): ModifyTargetGroupOutput => {
      const record = state.targetGroup(need(input.TargetGroupArn, 'TargetGroupArn', 'ValidationError'));
      Object.assign(record.shape, healthShape({ ...record.shape, ...definedMembers(input) }));
      record.group.settings.healthCheck = healthSettings(record.shape);
      return { TargetGroups: [shape(record)] };
    }),

    DeleteTargetGroup: operation((input: DeleteTargetGroupInput): object => {
      const record = state.targetGroups.get(input.TargetGroupArn ?? '');
      if (!record) return {};
      if (state.users(record.arn).length > 0)
        throw new AwsError('ResourceInUse', `Target group '${record.arn}' is currently in use by a listener or a rule`);
      state.targetGroups.delete(record.arn);
      record.group.close();
      return {};
    }),

    DescribeTargetGroupAttributes: operation(
      (input: DescribeTargetGroupAttributesInput): DescribeTargetGroupAttributesOutput => ({
        Attributes: attributeList(state.targetGroup(input.TargetGroupArn ?? '').attributes),
      }),
    ),

    ModifyTargetGroupAttributes: operation(
      (input: ModifyTargetGroupAttributesInput): ModifyTargetGroupAttributesOutput => {
        const record = state.targetGroup(input.TargetGroupArn ?? '');
        for (const { Key = '', Value = '' } of input.Attributes ?? []) {
          const only = ONLY[Key];
          if (only !== undefined && Value !== only)
            throw new AwsError(
              'InvalidConfigurationRequest',
              `${Key} '${Value}' is not supported by the local load balancer`,
            );
          record.attributes.set(Key, Value);
        }
        record.group.settings.deregistrationDelay = Number(record.attributes.get(DELAY));
        return { Attributes: attributeList(record.attributes) };
      },
    ),
  };
}

function createRecord(input: CreateTargetGroupInput, name: string, context: Context): TargetGroupRecord {
  if ((input.Protocol ?? 'HTTP') !== 'HTTP')
    throw new AwsError(
      'UnsupportedProtocol',
      `Protocol '${input.Protocol}' is not supported by the local load balancer`,
    );
  const groupArn = arn(context, 'elasticloadbalancing', `targetgroup/${name}/${hexId(8)}`);
  const shape: TargetGroupShape = {
    TargetGroupArn: groupArn,
    TargetGroupName: name,
    Protocol: 'HTTP',
    ProtocolVersion: 'HTTP1',
    Port: input.Port ?? 80,
    ...(input.VpcId === undefined ? {} : { VpcId: input.VpcId }),
    TargetType: input.TargetType ?? 'instance',
    IpAddressType: 'ipv4',
    ...healthShape(input),
  };
  const settings = { healthCheck: healthSettings(shape), deregistrationDelay: 300 };
  const group = new TargetGroup(groupArn, settings, context.clock);
  return { arn: groupArn, name, shape, attributes: new Map(DEFAULTS), group };
}

type HealthMembers = Pick<
  TargetGroupShape,
  | 'HealthCheckProtocol'
  | 'HealthCheckPort'
  | 'HealthCheckEnabled'
  | 'HealthCheckIntervalSeconds'
  | 'HealthCheckTimeoutSeconds'
  | 'HealthyThresholdCount'
  | 'UnhealthyThresholdCount'
  | 'HealthCheckPath'
  | 'Matcher'
>;

/** The health check with AWS's defaults (API reference, CreateTargetGroup) for what is not given. */
function healthShape(given: HealthMembers): HealthMembers {
  const interval = given.HealthCheckIntervalSeconds ?? 30;
  const timeout = given.HealthCheckTimeoutSeconds ?? 5;
  if (timeout >= interval)
    throw new AwsError(
      'ValidationError',
      `Health check timeout '${timeout}' must be smaller than the interval '${interval}'`,
    );
  return {
    HealthCheckProtocol: 'HTTP',
    HealthCheckPort: 'traffic-port',
    HealthCheckEnabled: true,
    HealthCheckIntervalSeconds: interval,
    HealthCheckTimeoutSeconds: timeout,
    HealthyThresholdCount: given.HealthyThresholdCount ?? 5,
    UnhealthyThresholdCount: given.UnhealthyThresholdCount ?? 2,
    HealthCheckPath: given.HealthCheckPath ?? '/',
    Matcher: { HttpCode: given.Matcher?.HttpCode ?? '200' },
  };
}

function healthSettings(shape: HealthMembers): HealthCheckSettings {
  return {
    path: shape.HealthCheckPath ?? '/',
    interval: shape.HealthCheckIntervalSeconds ?? 30,
    timeout: shape.HealthCheckTimeoutSeconds ?? 5,
    healthyThreshold: shape.HealthyThresholdCount ?? 5,
    unhealthyThreshold: shape.UnhealthyThresholdCount ?? 2,
    matcher: shape.Matcher?.HttpCode ?? '200',
  };
}

function definedMembers<T extends object>(input: T): Partial<T> {
  const members: Partial<T> = {};
  for (const key in input) if (input[key] !== undefined) members[key] = input[key];
  return members;
}
