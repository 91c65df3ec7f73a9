import type { ScalableTarget, ScalingActivity, ScalingPolicy } from '@aws-sdk/client-application-auto-scaling';
import { AwsError } from '../protocol/service.ts';

/** The resource behind a scalable target, as automatic scaling sees it. */
export interface Scalable {
  readonly desiredCount: number;
  /** Whether a deployment of the service is in progress. */
  readonly deploying: boolean;
  setDesiredCount(count: number): void;
}

export interface TargetRecord {
  readonly shape: ScalableTarget & { ResourceId: string; MinCapacity: number; MaxCapacity: number };
}

/** How a policy stands: how long its alarms have been met and when it may act next. */
export interface PolicyRecord {
  shape: ScalingPolicy & { PolicyName: string; ResourceId: string };
  /** Periods in a row above the target, and below nine tenths of it. */
  high: number;
  low: number;
  /** Milliseconds since the epoch. */
  nextScaleOut: number;
  nextScaleIn: number;
}

/** What identifies a scalable target. */
export interface TargetKey {
  ServiceNamespace?: string | undefined;
  ResourceId?: string | undefined;
  ScalableDimension?: string | undefined;
}

export class ScalingState {
  readonly targets = new Map<string, TargetRecord>();
  readonly policies = new Map<string, PolicyRecord>();
  /** Newest first. */
  readonly activities: ScalingActivity[] = [];

  target(key: TargetKey): TargetRecord {
    const target = this.targets.get(keyOf(key));
    if (!target)
      throw new AwsError(
        'ObjectNotFoundException',
        `No scalable target found for service namespace: ${key.ServiceNamespace}, resource ID: ${key.ResourceId}, scalable dimension: ${key.ScalableDimension}`,
      );
    return target;
  }

  policiesOf(key: TargetKey): PolicyRecord[] {
    return [...this.policies.values()].filter(({ shape }) => keyOf(shape) === keyOf(key));
  }
}

export function keyOf({ ServiceNamespace, ResourceId, ScalableDimension }: TargetKey): string {
  return [ServiceNamespace, ResourceId, ScalableDimension].join('|');
}

export function policyKey(key: TargetKey & { PolicyName?: string | undefined }): string {
  return `${keyOf(key)}|${key.PolicyName}`;
}
