import type { DeploymentPlan, Head, Instant, Intent, Phase, Placement, SlotIntent } from '../contract/ledger.ts';
import type { Settings } from '../contract/settings.ts';
import { otherSlot, type Slot, type Weights } from '../contract/slot.ts';

const EMPTY: SlotIntent = { state: 'empty' };

/** What an intent is made from. */
export interface IntentBasis {
  readonly head: Head;
  /** Of the deployment: what its candidate is to have. */
  readonly settings: Pick<Settings, 'capacity'>;
  /** What live and warm were deployed with. */
  readonly served: { readonly live?: Settings['capacity']; readonly warm?: Settings['capacity'] };
  /** The deployment's plan; absent when a recovery restores a target whose deployment had none yet. */
  readonly plan?: DeploymentPlan;
  /** ARN of the candidate's registered task definition; needed from `start` on. */
  readonly taskDefinition?: string;
  /** The candidate's share in per cent; for `shift`. */
  readonly weight?: number;
  /** Tasks that each slot has now. */
  readonly running: Readonly<Record<Slot, number>>;
  readonly now: Instant;
}

/** What is to be true of a target. */
export type DesiredState = Pick<Intent, 'phase' | 'slots' | 'weights'>;

/** An intent before the ledger numbers it. */
export type IntentDraft = DesiredState & Pick<Intent, 'settingsOf' | 'rescue'>;

/** The phases that a deployment may end in: all the traffic is on what the ledger calls live. */
const LAST_PHASES: readonly Phase[] = ['promote', 'restore'];

/** Whether a target may be left as this intent has it. */
export function isLast({ phase }: Pick<Intent, 'phase'>): boolean {
  return LAST_PHASES.includes(phase);
}

/** Whether AWS was seen to be as a last phase wants it. Else the target is work for a recovery (I20). */
export function isSettled(intent: Pick<Intent, 'phase' | 'settled'>): boolean {
  return isLast(intent) && intent.settled !== undefined;
}

/**
 * The desired state for one phase of a deployment. Every phase is derived from what the ledger calls live, never from
 * what AWS happens to show, so a phase written twice is the same intent.
 *
 * - `empty`: the candidate's slot holds nothing; live serves everything.
 * - `start`: the candidate has as many tasks as live, and neither slot scales in.
 * - `shift`: the candidate gets `weight` per cent.
 * - `promote`: the ledger's live (the candidate, by now) serves everything and scales freely; the old slot stays warm.
 * - `restore`: the ledger's live serves everything; what is neither live nor warm is emptied. Rolling back, repair and
 *   the end of a warm time are this one intent.
 */
export function draftIntent(phase: Phase, basis: IntentBasis): DesiredState {
  switch (phase) {
    case 'empty':
      return compose(phase, basis.head.live, (slot) => liveDuring(slot, basis), EMPTY, basis);
    case 'start':
      return compose(phase, basis.head.live, (slot) => liveDuring(slot, basis), candidate(basis), basis);
    case 'shift': {
      const draft = compose(phase, basis.head.live, (slot) => liveDuring(slot, basis), candidate(basis), basis);
      return { ...draft, weights: split(plan(basis).candidate, basis.weight ?? 0) };
    }
    case 'promote':
    case 'restore':
      return settled(phase, basis);
    default:
      return phase satisfies never;
  }
}

function settled(phase: 'promote' | 'restore', basis: IntentBasis): DesiredState {
  const { head, running, now } = basis;
  const { live, warm } = head;
  if (live === undefined) return { phase, slots: { blue: EMPTY, green: EMPTY }, weights: null };
  const capacity = served('live', basis);
  const liveIntent: SlotIntent = {
    state: 'filled',
    role: 'live',
    deployable: live.deployable,
    taskDefinition: live.taskDefinition,
    min: capacity.min,
    max: capacity.max,
    desired: clamp(running[live.slot], capacity.min, capacity.max),
    scaleIn: true,
    scaleOut: true,
  };
  const other = otherSlot(live.slot);
  const keepsWarm = warm !== undefined && warm.slot === other && warm.until > now && running[other] > 0;
  const otherIntent: SlotIntent = keepsWarm
    ? {
        state: 'filled',
        role: 'warm',
        deployable: warm.deployable,
        taskDefinition: warm.taskDefinition,
        min: 1,
        max: served('warm', basis).max,
        desired: clamp(running[other], 1, served('warm', basis).max),
        scaleIn: false,
        scaleOut: false,
      }
    : EMPTY;
  return { phase, slots: place(live.slot, liveIntent, otherIntent), weights: split(live.slot, 100) };
}

function compose(
  phase: Phase,
  live: Placement | undefined,
  liveIntent: (live: Placement) => SlotIntent,
  candidateIntent: SlotIntent,
  basis: IntentBasis,
): DesiredState {
  const slot = plan(basis).candidate;
  return {
    phase,
    slots: place(slot, candidateIntent, live === undefined ? EMPTY : liveIntent(live)),
    weights: live === undefined ? null : split(live.slot, 100),
  };
}

/** While a deployment runs, live may grow but not shrink: its share may come back at any moment. */
function liveDuring(live: Placement, basis: IntentBasis): SlotIntent {
  const { running } = basis;
  const capacity = served('live', basis);
  return {
    state: 'filled',
    role: 'live',
    deployable: live.deployable,
    taskDefinition: live.taskDefinition,
    min: capacity.min,
    max: capacity.max,
    desired: clamp(running[live.slot], capacity.min, capacity.max),
    scaleIn: false,
    scaleOut: true,
  };
}

function candidate(basis: IntentBasis): SlotIntent {
  const { deployable, capacity } = plan(basis);
  if (basis.taskDefinition === undefined) throw new Error('the candidate has no registered task definition yet');
  const { min, max } = basis.settings.capacity;
  const { live } = basis.head;
  const desired = clamp(Math.max(capacity, live === undefined ? 0 : basis.running[live.slot]), min, max);
  return {
    state: 'filled',
    role: 'candidate',
    deployable,
    taskDefinition: basis.taskDefinition,
    min: desired,
    max,
    desired,
    scaleIn: false,
    scaleOut: true,
  };
}

function served(role: 'live' | 'warm', basis: IntentBasis): Settings['capacity'] {
  const capacity = basis.served[role];
  if (capacity === undefined) throw new Error(`the ledger does not tell what ${role} was deployed with`);
  return capacity;
}

function plan({ plan }: IntentBasis): DeploymentPlan {
  if (plan === undefined) throw new Error('the deployment has no plan in the ledger');
  return plan;
}

function place(slot: Slot, here: SlotIntent, there: SlotIntent): Record<Slot, SlotIntent> {
  return slot === 'blue' ? { blue: here, green: there } : { blue: there, green: here };
}

function split(slot: Slot, weight: number): Weights {
  return slot === 'blue' ? { blue: weight, green: 100 - weight } : { blue: 100 - weight, green: weight };
}

function clamp(value: number, min: number, max: number): number {
  return Math.max(min, Math.min(max, value));
}
