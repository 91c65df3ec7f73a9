import type { Settings } from '#core/contract/settings.ts';
import type { ObservedScaling } from '#core/domain/observed.ts';

interface FakeTask {
  readonly taskDefinition: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
}

/** A slot of the fake world. */
export interface FakeSlot {
  service: { taskDefinition: string; desired: number } | null;
  tasks: FakeTask[];
  crashes: number;
  scaling: ObservedScaling | null;
  emptiedAt: number;
  health: Settings['health'] | undefined;
  deregistration: string | undefined;
}

/** Milliseconds from a task's start to its target being healthy. */
export const BECOMES_HEALTHY_MS = 20_000;
/** Milliseconds from emptying to the last target gone. */
const DRAINS_MS = 30_000;

export function emptySlot(): FakeSlot {
  return {
    service: null,
    tasks: [],
    crashes: 0,
    scaling: null,
    emptiedAt: 0,
    health: undefined,
    deregistration: undefined,
  };
}

/** Whether targets of a slot that was emptied are still being deregistered. */
export function isDraining({ emptiedAt }: FakeSlot, now: number): boolean {
  return now - emptiedAt < DRAINS_MS;
}

/**
 * What Application Auto Scaling makes of a slot's desired count now. A count that is out of its bounds moves to the nearer one when
 * they are set (RegisterScalableTarget, API reference); a policy acts on requests, unless it is suspended. It acts at once here,
 * where AWS takes minutes: what holds against that holds against AWS. No requests are no data, not a low load.
 * @param requests that the slot gets in a minute
 */
export function scaled({ service, scaling }: FakeSlot, requests: number): number | undefined {
  if (service === null || scaling === null || scaling.targetValue === null) return undefined;
  if (service.desired === 0 || requests === 0) return undefined;
  const { min, max, scaleIn, scaleOut, targetValue } = scaling;
  const wanted = clamp(Math.ceil(requests / targetValue), min, max);
  if (wanted > service.desired ? scaleOut : wanted < service.desired && scaleIn) return wanted;
  return undefined;
}

/** `value`, or the bound that it is beyond. */
export function clamp(value: number, min: number, max: number): number {
  return Math.min(Math.max(value, min), max);
}

/** Gives a slot so many tasks; those of the same task definition are kept. */
export function fill(slot: FakeSlot, taskDefinition: string, desired: number, now: number): void {
  slot.service = { taskDefinition, desired };
  const kept = slot.tasks.filter((task) => task.taskDefinition === taskDefinition);
  slot.tasks = Array.from({ length: desired }, (_, i) => kept[i] ?? { taskDefinition, startedAt: now });
}
