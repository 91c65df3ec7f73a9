import type {
  CreateLoadBalancerInput,
  CreateLoadBalancerOutput,
  DeleteLoadBalancerInput,
  DescribeLoadBalancerAttributesInput,
  DescribeLoadBalancerAttributesOutput,
  DescribeLoadBalancersInput,
  DescribeLoadBalancersOutput,
  LoadBalancerAttribute,
  ModifyLoadBalancerAttributesInput,
  ModifyLoadBalancerAttributesOutput,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Context } from '../context.ts';
import { arn, hexId } from '../identity.ts';
import { Statistics } from '../load-balancer/statistics.ts';
import { need, operation, page } from '../operation.ts';
import { AwsError, type Operation } from '../protocol/service.ts';
import type { Elbv2State, LoadBalancerRecord } from './state.ts';

const IDLE = 'idle_timeout.timeout_seconds';
/** Defaults of an Application Load Balancer's attributes that mean something here. */
const DEFAULTS: readonly (readonly [string, string])[] = [
  ['deletion_protection.enabled', 'false'],
  [IDLE, '60'],
  ['routing.http2.enabled', 'true'],
  ['routing.http.drop_invalid_header_fields.enabled', 'false'],
];

/** Real milliseconds that connections may be idle; never scaled, because requests do not get faster. */
export function idleOf({ attributes }: LoadBalancerRecord): number {
  return Number(attributes.get(IDLE) ?? 60) * 1000;
}

export function loadBalancerOperations(state: Elbv2State, context: Context): Record<string, Operation> {
  return {
    CreateLoadBalancer: operation((input: CreateLoadBalancerInput): CreateLoadBalancerOutput => {
      const name = need(input.Name, 'Name', 'ValidationError');
      if ((input.Type ?? 'application') !== 'application')
        throw new AwsError(
          'InvalidConfigurationRequest',
          `Load balancer type '${input.Type}' is not supported locally`,
        );
      if ([...state.loadBalancers.values()].some(({ shape }) => shape.LoadBalancerName === name))
        throw new AwsError('DuplicateLoadBalancerName', `A load balancer with the same name '${name}' exists`);
      const record = createRecord(input, name, context);
      state.loadBalancers.set(record.arn, record);
      state.setTags(record.arn, input.Tags);
      return { LoadBalancers: [record.shape] };
    }),

    DescribeLoadBalancers: operation((input: DescribeLoadBalancersInput): DescribeLoadBalancersOutput => {
      const arns = input.LoadBalancerArns;
      const chosen = arns
        ? arns.map((one) => state.loadBalancer(one).shape)
        : [...state.loadBalancers.values()]
            .map(({ shape }) => shape)
            .filter(({ LoadBalancerName }) => !input.Names || input.Names.includes(LoadBalancerName ?? ''));
      for (const name of input.Names ?? [])
        if (!chosen.some(({ LoadBalancerName }) => LoadBalancerName === name))
          throw new AwsError('LoadBalancerNotFound', `Load balancers '[${name}]' not found`);
      const { items, next } = page(chosen, ({ LoadBalancerArn = '' }) => LoadBalancerArn, {
        size: input.PageSize ?? 400,
        token: input.Marker,
        error: 'ValidationError',
      });
      return { LoadBalancers: items, ...(next === undefined ? {} : { NextMarker: next }) };
    }),

    DeleteLoadBalancer: operation(async (input: DeleteLoadBalancerInput): Promise<object> => {
      const record = state.loadBalancers.get(input.LoadBalancerArn ?? '');
      if (!record) return {};
      if (record.attributes.get('deletion_protection.enabled') === 'true')
        throw new AwsError(
          'OperationNotPermitted',
          `Load balancer '${record.arn}' cannot be deleted because deletion protection is enabled`,
        );
      state.loadBalancers.delete(record.arn);
      state.refreshUse();
      await Promise.all([...record.listeners.values()].map(({ server }) => server.close()));
      return {};
    }),

    DescribeLoadBalancerAttributes: operation(
      (input: DescribeLoadBalancerAttributesInput): DescribeLoadBalancerAttributesOutput => ({
        Attributes: attributeList(state.loadBalancer(input.LoadBalancerArn ?? '').attributes),
      }),
    ),

    ModifyLoadBalancerAttributes: operation(
      (input: ModifyLoadBalancerAttributesInput): ModifyLoadBalancerAttributesOutput => {
        const record = state.loadBalancer(input.LoadBalancerArn ?? '');
        for (const { Key, Value } of input.Attributes ?? [])
          if (Key !== undefined) record.attributes.set(Key, Value ?? '');
        for (const { arn: groupArn, group } of state.targetGroups.values())
          if (state.users(groupArn).includes(record)) group.idle = idleOf(record);
        return { Attributes: attributeList(record.attributes) };
      },
    ),
  };
}

/** Attributes as the API lists them. */
export function attributeList(attributes: ReadonlyMap<string, string>): LoadBalancerAttribute[] {
  return [...attributes].map(([Key, Value]) => ({ Key, Value }));
}

function createRecord(input: CreateLoadBalancerInput, name: string, context: Context): LoadBalancerRecord {
  const path = `app/${name}/${hexId(8)}`;
  const subnets = input.Subnets ?? input.SubnetMappings?.map(({ SubnetId }) => SubnetId ?? '') ?? [];
  const record: LoadBalancerRecord = {
    arn: arn(context, 'elasticloadbalancing', `loadbalancer/${path}`),
    path,
    shape: {
      LoadBalancerArn: arn(context, 'elasticloadbalancing', `loadbalancer/${path}`),
      // The only name under which a listener of this machine can be reached.
      DNSName: '127.0.0.1',
      CanonicalHostedZoneId: 'Z35SXDOTRQ7X7K',
      CreatedTime: new Date(context.clock.now()),
      LoadBalancerName: name,
      Scheme: input.Scheme ?? 'internet-facing',
      VpcId: 'vpc-local',
      State: { Code: 'active' },
      Type: 'application',
      AvailabilityZones: subnets.map((SubnetId, index) => ({
        SubnetId,
        ZoneName: `${context.region}${'abc'[index % 3]}`,
      })),
      SecurityGroups: input.SecurityGroups ?? [],
      IpAddressType: input.IpAddressType ?? 'ipv4',
    },
    attributes: new Map(DEFAULTS),
    listeners: new Map(),
    statistics: new Statistics(),
    period: new Statistics(),
  };
  return record;
}
