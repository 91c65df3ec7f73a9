import type { Slot } from './slot.ts';

/** Where in CloudWatch the metrics of Farol lie, and the one dimension that they have. */
export const METRICS = { namespace: 'Farol', dimension: 'Target' } as const;

/** What {@link TargetMetrics.LiveSlot} says of each slot: alarms and dashboards choose by it what follows the role. */
export const LIVE_SLOT: Readonly<Record<Slot | 'none', number>> = { none: 0, blue: 1, green: 2 };

/** The state of a target in numbers, by their names in CloudWatch. */
export interface TargetMetrics {
  /** Which slot is live, see {@link LIVE_SLOT}. */
  readonly LiveSlot: number;
  /** 1: nothing is deployed until a person unfreezes it. */
  readonly Frozen: 0 | 1;
  /** Seconds for which one deployment has gone on, from a person's answer on where it asked for one; 0: none does, or it waits for that answer. */
  readonly DeploymentSeconds: number;
}
