import type { Instant } from '../contract/ledger.ts';
import type { Digest } from '../contract/release.ts';
import type { Slot, Weights } from '../contract/slot.ts';

/** A task of a slot's service, as ECS and the target group show it together. */
export interface ObservedTask {
  readonly taskDefinition: string;
  /** Digest of the image that really runs; undefined until ECS pulled it. */
  readonly digest: Digest | undefined;
  readonly running: boolean;
  /** Whether the load balancer's own health check passes. */
  readonly healthy: boolean;
}

/** A slot's service. */
export interface ObservedService {
  readonly taskDefinition: string;
  readonly desired: number;
  /** Tasks that ECS counts as running, pending or still stopping. */
  readonly running: number;
  readonly pending: number;
  /** Whether ECS's circuit breaker gave the newest deployment up. */
  readonly failed: boolean;
  /** ECS's latest words about the service, newest first. */
  readonly events: readonly string[];
}

export interface ObservedScaling {
  readonly min: number;
  readonly max: number;
  readonly scaleIn: boolean;
  readonly scaleOut: boolean;
  /** Requests a minute and task that the policy aims at; null: it has no policy. */
  readonly targetValue: number | null;
}

export interface ObservedSlot {
  /** `null`: no service has been made for this slot yet. */
  readonly service: ObservedService | null;
  readonly tasks: readonly ObservedTask[];
  /** Targets still registered, draining ones included. */
  readonly registeredTargets: number;
  /** What the load balancer says of registered targets that are not healthy, in its words. */
  readonly unhealthyReasons: readonly string[];
  readonly scaling: ObservedScaling | null;
  /** Tasks of a task definition that ended by themselves since it was started here, newest first. */
  readonly crashes: readonly { readonly taskDefinition: string; readonly reason: string; readonly at: Instant }[];
}

/** The production rule. `foreign` says what was changed by something other than Farol. */
export interface ObservedRule {
  readonly arn: string;
  readonly weights: Weights;
  readonly foreign: string | null;
}

/** What AWS shows of a target at one moment. */
export interface Observed {
  readonly rule: ObservedRule | null;
  readonly slots: Readonly<Record<Slot, ObservedSlot>>;
}
