import { checksOf, metricsSeconds } from '../contract/budget.ts';
import type { PlannedStep } from '../contract/ledger.ts';
import type { Settings } from '../contract/settings.ts';

/**
 * The traffic plan in the units that the state machine waits in. The last check of all comes when the metrics of the whole bake are there:
 * nothing becomes live on what was not seen.
 * A first deployment has nothing to compare with: it goes to all traffic at once and is checked as the last step says.
 */
export function planSteps(
  { traffic, analysis }: Pick<Settings, 'traffic' | 'analysis'>,
  first: boolean,
): PlannedStep[] {
  const steps = first ? traffic.slice(-1) : traffic;
  return steps.map((step, i) => ({
    weight: step.weight,
    ...checksOf(step),
    metricsSeconds: i === steps.length - 1 ? metricsSeconds(analysis.period) : 0,
  }));
}

/**
 * Healthy tasks that a slot needs before it may get `weight` per cent of what `capacity` tasks serve now (I4).
 * At least one: a share that is small for many tasks still needs somebody to serve it.
 */
export function healthyNeeded(weight: number, capacity: number): number {
  return weight === 0 ? 0 : Math.max(1, Math.ceil((capacity * weight) / 100));
}
