import { randomUUID } from 'node:crypto';
import type {
  DeleteScalingPolicyRequest,
  DeregisterScalableTargetRequest,
  DescribeScalableTargetsRequest,
  DescribeScalableTargetsResponse,
  DescribeScalingActivitiesRequest,
  DescribeScalingActivitiesResponse,
  DescribeScalingPoliciesRequest,
  DescribeScalingPoliciesResponse,
  PutScalingPolicyRequest,
  PutScalingPolicyResponse,
  RegisterScalableTargetRequest,
  RegisterScalableTargetResponse,
  ScalableTarget,
} from '@aws-sdk/client-application-auto-scaling';
import type { Context } from '../context.ts';
import type { Tracked } from '../fidelity.ts';
import { arn } from '../identity.ts';
import { operation, page } from '../operation.ts';
import { AwsError, type LocalService, type Operation } from '../protocol/service.ts';
import { Scaling, type ScalingOptions } from './scaling.ts';
import { keyOf, policyKey, ScalingState, type TargetRecord } from './state.ts';

const DIMENSION = 'ecs:service:DesiredCount';
const METRIC = 'ALBRequestCountPerTarget';
const PAGE = 50;

/** Application Auto Scaling for ECS services: bounds, and target tracking on requests per target. */
export class ApplicationAutoScaling {
  readonly service: LocalService;
  readonly scaling: Scaling;

  constructor(context: Context, service: ScalingOptions['service']) {
    const state = new ScalingState();
    this.scaling = new Scaling({ state, context, service });
    this.service = {
      service: 'application-autoscaling',
      operations: { ...targetOperations(state, context, this.scaling), ...policyOperations(state, context) },
    };
  }
}

function targetOperations(state: ScalingState, context: Context, scaling: Scaling): Record<string, Operation> {
  const views = new Map<string, Tracked<ScalableTarget>>();
  return {
    RegisterScalableTarget: operation((input: RegisterScalableTargetRequest): RegisterScalableTargetResponse => {
      const known = state.targets.get(keyOf(input));
      const record = known ?? newTarget(context, input);
      const { shape } = record;
      const min = input.MinCapacity ?? shape.MinCapacity;
      const max = input.MaxCapacity ?? shape.MaxCapacity;
      if (min < 0 || max < min) throw invalid(`Maximum capacity cannot be less than minimum capacity: ${max} < ${min}`);
      if (!known && !scaling.scalable(record)) throw invalid(`ECS service doesn't exist: ${input.ResourceId}`);
      shape.MinCapacity = min;
      shape.MaxCapacity = max;
      shape.SuspendedState = { ...shape.SuspendedState, ...input.SuspendedState };
      if (!known) {
        state.targets.set(keyOf(input), record);
        views.set(
          keyOf(input),
          context.lateness.track(() => structuredClone(shape)),
        );
      }
      scaling.clamp(record);
      return { ScalableTargetARN: shape.ScalableTargetARN };
    }),

    DescribeScalableTargets: operation((input: DescribeScalableTargetsRequest): DescribeScalableTargetsResponse => {
      const chosen = [...views.values()]
        .flatMap((view) => view.read() ?? [])
        .filter(
          ({ ResourceId = '', ScalableDimension, ServiceNamespace }) =>
            ServiceNamespace === input.ServiceNamespace &&
            (input.ScalableDimension === undefined || ScalableDimension === input.ScalableDimension) &&
            (input.ResourceIds === undefined || input.ResourceIds.includes(ResourceId)),
        );
      const { items, next } = page(chosen, ({ ResourceId = '' }) => ResourceId, pageOf(input));
      return { ScalableTargets: items, ...(next === undefined ? {} : { NextToken: next }) };
    }),

    DeregisterScalableTarget: operation((input: DeregisterScalableTargetRequest): object => {
      state.target(input);
      for (const { shape } of state.policiesOf(input)) state.policies.delete(policyKey(shape));
      state.targets.delete(keyOf(input));
      views.get(keyOf(input))?.end();
      views.delete(keyOf(input));
      return {};
    }),

    DescribeScalingActivities: operation(
      (input: DescribeScalingActivitiesRequest): DescribeScalingActivitiesResponse => {
        const chosen = state.activities
          .filter(
            ({ ServiceNamespace, ResourceId }) =>
              ServiceNamespace === input.ServiceNamespace &&
              (input.ResourceId === undefined || ResourceId === input.ResourceId),
          )
          .map((activity, index) => ({ activity, key: String(index).padStart(6, '0') }));
        const { items, next } = page(chosen, ({ key }) => key, pageOf(input));
        return {
          ScalingActivities: items.map(({ activity }) => activity),
          ...(next === undefined ? {} : { NextToken: next }),
        };
      },
    ),
  };
}

function policyOperations(state: ScalingState, context: Context): Record<string, Operation> {
  return {
    PutScalingPolicy: operation((input: PutScalingPolicyRequest): PutScalingPolicyResponse => {
      state.target(input);
      const metric = input.TargetTrackingScalingPolicyConfiguration?.PredefinedMetricSpecification;
      if (input.PolicyType !== 'TargetTrackingScaling' || metric?.PredefinedMetricType !== METRIC)
        throw invalid(`Only target tracking on ${METRIC} is supported locally.`);
      if (!metric.ResourceLabel) throw invalid(`ResourceLabel is required for metric type ${METRIC}`);
      const known = state.policies.get(policyKey(input));
      const name = input.PolicyName ?? '';
      const resource = input.ResourceId ?? '';
      const alarms = ['AlarmHigh', 'AlarmLow'].map((kind) => {
        const AlarmName = `TargetTracking-${resource}-${kind}-${randomUUID()}`;
        return { AlarmName, AlarmARN: arn(context, 'cloudwatch', `alarm:${AlarmName}`) };
      });
      const shape = {
        PolicyARN:
          known?.shape.PolicyARN ??
          arn(context, 'autoscaling', `scalingPolicy:${randomUUID()}:resource/ecs/${resource}:policyName/${name}`),
        PolicyName: name,
        ServiceNamespace: input.ServiceNamespace,
        ResourceId: resource,
        ScalableDimension: input.ScalableDimension,
        PolicyType: input.PolicyType,
        TargetTrackingScalingPolicyConfiguration: input.TargetTrackingScalingPolicyConfiguration,
        Alarms: known?.shape.Alarms ?? alarms,
        CreationTime: known?.shape.CreationTime ?? new Date(context.clock.now()),
      };
      if (known) known.shape = shape;
      else state.policies.set(policyKey(input), { shape, high: 0, low: 0, nextScaleOut: 0, nextScaleIn: 0 });
      return { PolicyARN: shape.PolicyARN, Alarms: shape.Alarms };
    }),

    DescribeScalingPolicies: operation((input: DescribeScalingPoliciesRequest): DescribeScalingPoliciesResponse => {
      const chosen = [...state.policies.values()]
        .map(({ shape }) => shape)
        .filter(
          ({ PolicyName, ResourceId, ServiceNamespace, ScalableDimension }) =>
            ServiceNamespace === input.ServiceNamespace &&
            (input.ResourceId === undefined || ResourceId === input.ResourceId) &&
            (input.ScalableDimension === undefined || ScalableDimension === input.ScalableDimension) &&
            (input.PolicyNames === undefined || input.PolicyNames.includes(PolicyName)),
        );
      const { items, next } = page(chosen, policyKey, pageOf(input));
      return { ScalingPolicies: items, ...(next === undefined ? {} : { NextToken: next }) };
    }),

    DeleteScalingPolicy: operation((input: DeleteScalingPolicyRequest): object => {
      if (!state.policies.delete(policyKey(input)))
        throw new AwsError(
          'ObjectNotFoundException',
          `No scaling policy found for service namespace: ${input.ServiceNamespace}, resource ID: ${input.ResourceId}, policy name: ${input.PolicyName}`,
        );
      return {};
    }),
  };
}

function newTarget(context: Context, input: RegisterScalableTargetRequest): TargetRecord {
  const { MinCapacity, MaxCapacity, ResourceId = '' } = input;
  if (
    input.ServiceNamespace !== 'ecs' ||
    input.ScalableDimension !== DIMENSION ||
    !/^service\/[^/]+\/[^/]+$/.test(ResourceId)
  )
    throw invalid(`Only ${DIMENSION} of service/<cluster>/<service> is supported locally.`);
  if (MinCapacity === undefined || MaxCapacity === undefined)
    throw invalid('MinCapacity and MaxCapacity are required when registering a new scalable target');
  return {
    shape: {
      ServiceNamespace: 'ecs',
      ResourceId,
      ScalableDimension: DIMENSION,
      MinCapacity,
      MaxCapacity,
      RoleARN:
        input.RoleARN ??
        `arn:aws:iam::${context.accountId}:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService`,
      CreationTime: new Date(context.clock.now()),
      SuspendedState: {
        DynamicScalingInSuspended: false,
        DynamicScalingOutSuspended: false,
        ScheduledScalingSuspended: false,
      },
      ScalableTargetARN: arn(context, 'application-autoscaling', `scalable-target/${randomUUID()}`),
    },
  };
}

function pageOf({ MaxResults, NextToken }: { MaxResults?: number | undefined; NextToken?: string | undefined }): {
  size: number;
  token: string | undefined;
  error: string;
} {
  return { size: MaxResults ?? PAGE, token: NextToken, error: 'InvalidNextTokenException' };
}

function invalid(message: string): AwsError {
  return new AwsError('ValidationException', message);
}
