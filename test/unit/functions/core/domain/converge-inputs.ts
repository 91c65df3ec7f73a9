import type { Intent, SlotIntent, Traffic } from '#core/contract/ledger.ts';
import { planConvergence } from '#core/domain/converge-plan.ts';
import type { Observed, ObservedScaling, ObservedSlot } from '#core/domain/observed.ts';
import { SETTINGS } from '../../../../fixtures/settings.ts';

/** What the tests of converge-plan put together: intents, what AWS shows, and the plan for both. */

export const NOW = '2026-11-23T18:10:00.000Z';
export const LONG_AGO = '2026-11-23T17:00:00.000Z';
export const OLD = { digest: `sha256:${'a'.repeat(64)}`, version: 'v1.0.0', settingsHash: '0'.repeat(16) };
export const NEW = { digest: `sha256:${'b'.repeat(64)}`, version: 'v1.1.0', settingsHash: '0'.repeat(16) };
export const targetValue = SETTINGS.capacity.requestsPerTarget;

type Filled = Extract<SlotIntent, { state: 'filled' }>;

export const EMPTY: SlotIntent = { state: 'empty' };
export const LIVE: Filled = {
  state: 'filled',
  role: 'live',
  deployable: OLD,
  taskDefinition: 'web:1',
  min: 2,
  max: 6,
  desired: 2,
  scaleIn: false,
  scaleOut: true,
};
export const CANDIDATE: Filled = { ...LIVE, role: 'candidate', deployable: NEW, taskDefinition: 'web:2' };

export const NOTHING: ObservedSlot = {
  service: null,
  tasks: [],
  registeredTargets: 0,
  unhealthyReasons: [],
  scaling: null,
  crashes: [],
};
/** The capacity of a slot that may be filled. */
export const READY: ObservedScaling = { min: 0, max: 6, scaleIn: false, scaleOut: false, targetValue };
export const KEPT: ObservedScaling = { ...READY, min: 2, scaleOut: true };

export function slot(
  taskDefinition: string,
  tasks: number,
  {
    healthy = tasks,
    digest = OLD.digest,
    scaling = KEPT,
    ...more
  }: Partial<Omit<ObservedSlot, 'tasks'>> & { healthy?: number; digest?: string } = {},
): ObservedSlot {
  return {
    ...NOTHING,
    service: { taskDefinition, desired: tasks, running: tasks, pending: 0, failed: false, events: [] },
    tasks: Array.from({ length: tasks }, (_, i) => ({ taskDefinition, digest, running: true, healthy: i < healthy })),
    registeredTargets: tasks,
    scaling,
    ...more,
  };
}

const SERVES = slot('web:1', 2);
export const emptied = (change: Partial<ObservedSlot> = {}): ObservedSlot => ({
  ...slot('web:0', 0, { scaling: READY }),
  ...change,
});

export function plan({
  phase = 'start',
  blue = LIVE,
  green = CANDIDATE,
  weights = { blue: 100, green: 0 },
  rule = { arn: 'rule', weights: { blue: 100, green: 0 }, foreign: null },
  traffic,
  at = NOW,
  lookedAt = NOW,
  ...slots
}: {
  phase?: Intent['phase'];
  blue?: SlotIntent;
  green?: SlotIntent;
  weights?: Intent['weights'];
  rule?: Observed['rule'];
  traffic?: Traffic;
  at?: string;
  lookedAt?: string;
  inBlue?: ObservedSlot;
  inGreen?: ObservedSlot;
}) {
  const { inBlue = SERVES, inGreen = NOTHING } = slots;
  return planConvergence({
    intent: { n: 1, token: 1, deployment: 'd', settingsOf: 'd', phase, slots: { blue, green }, weights, at },
    observed: { rule, slots: { blue: inBlue, green: inGreen } },
    traffic,
    settings: SETTINGS,
    lookedAt,
    now: NOW,
  });
}

export const actions = (...made: object[]) => ({ outcome: 'act', actions: made });
export const capacity = (change: object) =>
  actions({
    do: 'register scalable target',
    slot: 'green',
    min: 0,
    max: 6,
    scaleIn: false,
    scaleOut: false,
    ...change,
  });
