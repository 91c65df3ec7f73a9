import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '#core/ports.ts';

/** The time of the machine. */
export const systemClock: Clock = {
  now: () => new Date().toISOString(),
  sleep: (ms) => sleep(ms),
};
