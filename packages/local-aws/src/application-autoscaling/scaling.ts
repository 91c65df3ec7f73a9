import { randomUUID } from 'node:crypto';
import type { Context } from '../context.ts';
import { keyOf, type PolicyRecord, type Scalable, type ScalingState, type TargetRecord } from './state.ts';

/** Periods in a row that target tracking's two alarms need: fast out, slow in. */
const HIGH_PERIODS = 3;
const LOW_PERIODS = 15;
/** Below this share of the target value a policy scales in. */
const LOW_SHARE = 0.9;
/** Default cooldown of an ECS service, in AWS's seconds (API reference, TargetTrackingScalingPolicyConfiguration). */
const COOLDOWN = 300;
const MAX_ACTIVITIES = 200;

export interface ScalingOptions {
  readonly state: ScalingState;
  readonly context: Context;
  /** The active service `<cluster>/<service>`. */
  readonly service: (path: string) => Scalable | undefined;
}

/** Moves desired counts: into their bounds, and by the load. */
export class Scaling {
  readonly #state: ScalingState;
  readonly #context: Context;
  readonly #service: ScalingOptions['service'];

  constructor({ state, context, service }: ScalingOptions) {
    this.#state = state;
    this.#context = context;
    this.#service = service;
  }

  /**
   * Moves a count that is out of bounds to the nearer bound, at every registration and at once, suspended or not: the
   * API reference of RegisterScalableTarget says that the capacity is adjusted even if no bound is given, and of
   * SuspendedState that it holds back what a policy or a scheduled action triggers. A count set out of bounds
   * afterwards stays until a policy acts (ECS developer guide, "Automatically scale your Amazon ECS service").
   */
  clamp(target: TargetRecord): void {
    const scalable = this.scalable(target);
    if (!scalable) return;
    const { MinCapacity, MaxCapacity } = target.shape;
    const bounded = Math.min(Math.max(scalable.desiredCount, MinCapacity), MaxCapacity);
    if (bounded === scalable.desiredCount) return;
    const bound = bounded === MinCapacity ? 'minimum' : 'maximum';
    this.#set(target, scalable, bounded, `${bound} capacity was set to ${bounded}`);
  }

  /**
   * Judges every policy on the period that has just ended; `metric` is the value that a resource label had in it,
   * undefined without data: then nothing is judged, and no load is not low load (ECS developer guide, "Use a target metric to scale").
   */
  evaluate(metric: (resourceLabel: string) => number | undefined): void {
    for (const target of this.#state.targets.values())
      for (const policy of this.#state.policiesOf(target.shape)) this.#judge(target, policy, metric);
  }

  scalable({ shape }: TargetRecord): Scalable | undefined {
    return this.#service(shape.ResourceId.replace(/^service\//, ''));
  }

  #judge(target: TargetRecord, policy: PolicyRecord, metric: (resourceLabel: string) => number | undefined): void {
    const configuration = policy.shape.TargetTrackingScalingPolicyConfiguration;
    const goal = configuration?.TargetValue;
    const label = configuration?.PredefinedMetricSpecification?.ResourceLabel;
    const value = label === undefined ? undefined : metric(label);
    const scalable = this.scalable(target);
    if (value === undefined || goal === undefined || !scalable) {
      policy.high = 0;
      policy.low = 0;
      return;
    }
    policy.high = value > goal ? policy.high + 1 : 0;
    policy.low = value < goal * LOW_SHARE ? policy.low + 1 : 0;
    const wanted = Math.ceil((scalable.desiredCount * value) / goal);
    const cause = `monitor alarm TargetTracking-${target.shape.ResourceId} was in state ALARM and triggered policy ${policy.shape.PolicyName}`;
    if (policy.high >= HIGH_PERIODS) this.#scaleOut(target, policy, scalable, wanted, cause);
    else if (policy.low >= LOW_PERIODS && !configuration?.DisableScaleIn)
      this.#scaleIn(target, policy, scalable, wanted, cause);
  }

  #scaleOut(target: TargetRecord, policy: PolicyRecord, scalable: Scalable, wanted: number, cause: string): void {
    const { MinCapacity, MaxCapacity, SuspendedState } = target.shape;
    const { clock } = this.#context;
    if (SuspendedState?.DynamicScalingOutSuspended || clock.now() < policy.nextScaleOut) return;
    const count = Math.min(Math.max(wanted, MinCapacity), MaxCapacity);
    if (count <= scalable.desiredCount) return;
    const cooldown = policy.shape.TargetTrackingScalingPolicyConfiguration?.ScaleOutCooldown ?? COOLDOWN;
    policy.nextScaleOut = clock.now() + clock.real(cooldown);
    this.#set(target, scalable, count, cause);
  }

  /** Application Auto Scaling does not scale in while a deployment of the service is in progress (ECS developer guide, "Troubleshooting service auto scaling"). */
  #scaleIn(target: TargetRecord, policy: PolicyRecord, scalable: Scalable, wanted: number, cause: string): void {
    const { MinCapacity, MaxCapacity, SuspendedState } = target.shape;
    const { clock } = this.#context;
    if (SuspendedState?.DynamicScalingInSuspended || scalable.deploying) return;
    if (clock.now() < policy.nextScaleIn || clock.now() < policy.nextScaleOut) return;
    const count = Math.min(Math.max(wanted, MinCapacity), MaxCapacity);
    if (count >= scalable.desiredCount) return;
    const cooldown = policy.shape.TargetTrackingScalingPolicyConfiguration?.ScaleInCooldown ?? COOLDOWN;
    policy.nextScaleIn = clock.now() + clock.real(cooldown);
    this.#set(target, scalable, count, cause);
  }

  #set({ shape }: TargetRecord, scalable: Scalable, count: number, cause: string): void {
    scalable.setDesiredCount(count);
    const at = new Date(this.#context.clock.now());
    this.#state.activities.unshift({
      ActivityId: randomUUID(),
      ServiceNamespace: shape.ServiceNamespace,
      ResourceId: shape.ResourceId,
      ScalableDimension: shape.ScalableDimension,
      Description: `Setting desired count to ${count}.`,
      Cause: cause,
      StartTime: at,
      EndTime: at,
      StatusCode: 'Successful',
      StatusMessage: `Successfully set desired count to ${count}. Change successfully fulfilled by ecs.`,
    });
    this.#state.activities.splice(MAX_ACTIVITIES);
    this.#context.emit({ type: 'scaling', resource: keyOf(shape), desiredCount: count, cause });
  }
}
