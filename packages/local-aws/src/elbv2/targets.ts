import type {
  DeregisterTargetsInput,
  DescribeTargetHealthInput,
  DescribeTargetHealthOutput,
  RegisterTargetsInput,
  TargetDescription,
  TargetHealthDescription,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Context } from '../context.ts';
import type { Tracked } from '../fidelity.ts';
import { type Endpoint, type TargetHealth, targetKey } from '../load-balancer/target.ts';
import { operation } from '../operation.ts';
import type { Operation } from '../protocol/service.ts';
import type { Elbv2State, TargetGroupRecord } from './state.ts';

type Listed = { address: Endpoint; health: TargetHealth };

export function targetOperations(state: Elbv2State, context: Context): Record<string, Operation> {
  const views = new Map<string, Tracked<Listed[]>>();
  const view = (record: TargetGroupRecord): Listed[] => {
    let tracked = views.get(record.arn);
    if (!tracked) {
      tracked = context.lateness.track(() =>
        record.group.targets.map((target) => ({ address: target, health: target.health })),
      );
      views.set(record.arn, tracked);
    }
    return tracked.read() ?? [];
  };
  return {
    RegisterTargets: operation((input: RegisterTargetsInput): object => {
      const record = state.targetGroup(input.TargetGroupArn ?? '');
      for (const target of input.Targets ?? []) record.group.register(address(record, target));
      return {};
    }),

    DeregisterTargets: operation((input: DeregisterTargetsInput): object => {
      const record = state.targetGroup(input.TargetGroupArn ?? '');
      for (const target of input.Targets ?? []) void record.group.deregister(address(record, target));
      return {};
    }),

    DescribeTargetHealth: operation((input: DescribeTargetHealthInput): DescribeTargetHealthOutput => {
      const record = state.targetGroup(input.TargetGroupArn ?? '');
      const listed = view(record);
      if (!input.Targets) return { TargetHealthDescriptions: listed.map((one) => describe(one, record)) };
      return {
        TargetHealthDescriptions: input.Targets.map((target) => {
          const wanted = address(record, target);
          const known = listed.find((one) => targetKey(one.address) === targetKey(wanted));
          const gone: Listed = {
            address: wanted,
            health: {
              state: 'unused',
              reason: 'Target.NotRegistered',
              description: 'Target is not registered to the target group',
            },
          };
          return describe(known ?? gone, record);
        }),
      };
    }),
  };
}

function address(record: TargetGroupRecord, { Id = '', Port }: TargetDescription): Endpoint {
  return { host: Id, port: Port ?? record.shape.Port ?? 80 };
}

function describe({ address, health }: Listed, record: TargetGroupRecord): TargetHealthDescription {
  return {
    Target: { Id: address.host, Port: address.port },
    HealthCheckPort:
      record.shape.HealthCheckPort === 'traffic-port' ? String(address.port) : record.shape.HealthCheckPort,
    TargetHealth: {
      State: health.state,
      ...(health.reason === undefined ? {} : { Reason: health.reason }),
      ...(health.description === undefined ? {} : { Description: health.description }),
    },
  };
}
