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

/** Gives a slot so many tasks; those of the same task definition are kept. */
export function fill(slot: FakeSlot, taskDefinition: string, desired: number, now: number): void {
  slot.service = { taskDefinition, desired };
  const kept = slot.tasks.filter((task) => task.taskDefinition === taskDefinition);
  slot.tasks = Array.from({ length: desired }, (_, i) => kept[i] ?? { taskDefinition, startedAt: now });
}
