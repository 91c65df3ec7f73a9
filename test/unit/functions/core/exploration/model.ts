import type { Placement } from '#core/contract/ledger.ts';
import type { Deployable } from '#core/contract/release.ts';
import { SLOTS, type Slot } from '#core/contract/slot.ts';
import type { Action } from '#core/domain/converge-plan.ts';
import type { Observed, ObservedSlot } from '#core/domain/observed.ts';
import { RELEASE_JSON } from '../../../../fixtures/release-json.ts';
import { SETTINGS } from '../../../../fixtures/settings.ts';

/** The two releases that there are: what is live first, and what is deployed. */
export type Version = 'old' | 'new';
export const VERSIONS: readonly Version[] = ['old', 'new'];

/** Tasks of one release in a slot, by what they are doing. */
interface Tasks {
  readonly starting: number;
  readonly healthy: number;
  /** They have left the service, and their targets are still registered. */
  readonly leaving: number;
}

export interface SlotState {
  readonly service: { readonly version: Version; readonly desired: number } | null;
  readonly tasks: Readonly<Record<Version, Tasks>>;
  readonly scaling: {
    readonly min: number;
    readonly max: number;
    readonly scaleIn: boolean;
    readonly scaleOut: boolean;
    readonly targetValue: boolean;
  } | null;
  /** Tasks of the new release that ended by themselves. */
  readonly crashes: number;
}

/** What is true in AWS. */
export interface World {
  readonly slots: Readonly<Record<Slot, SlotState>>;
  /** Per cent of the traffic that blue gets; `null`: there is no rule. */
  readonly blue: number | null;
}

const NONE: Tasks = { starting: 0, healthy: 0, leaving: 0 };
export const UNTOUCHED: SlotState = { service: null, tasks: { old: NONE, new: NONE }, scaling: null, crashes: 0 };

export const CAPACITY = { min: 1, max: 3, requestsPerTarget: 1000 } as const;
export const MODEL_SETTINGS = {
  ...SETTINGS,
  capacity: CAPACITY,
  candidate: { timeout: '10m', crashes: 2 },
} as const;

/** A slot that was left by an earlier deployment: its service is there and holds nothing. */
export const LEFT: SlotState = {
  ...UNTOUCHED,
  service: { version: 'old', desired: 0 },
  scaling: { min: 0, max: CAPACITY.max, scaleIn: false, scaleOut: false, targetValue: true },
};

/** A slot that serves the old release. */
export function serving(tasks: number): SlotState {
  return {
    service: { version: 'old', desired: tasks },
    tasks: { old: { starting: 0, healthy: tasks, leaving: 0 }, new: NONE },
    scaling: { min: CAPACITY.min, max: CAPACITY.max, scaleIn: true, scaleOut: true, targetValue: true },
    crashes: 0,
  };
}

/** A slot in which a deployment that was stopped left its candidate running, with the bounds of other settings. */
export const ORPHAN: SlotState = {
  ...serving(1),
  scaling: { min: 1, max: 1, scaleIn: false, scaleOut: true, targetValue: false },
};

/** A slot that is kept able to serve: the release that was live before. */
export const WARM: SlotState = {
  ...serving(1),
  scaling: { min: 1, max: CAPACITY.max, scaleIn: false, scaleOut: false, targetValue: true },
};

const DIGESTS = { old: `sha256:${'0'.repeat(64)}`, new: `sha256:${'1'.repeat(64)}` } as const;

export function taskDefinition(version: Version): string {
  return `task-definition/${version}`;
}

export function deployable(version: Version): Deployable {
  return { digest: DIGESTS[version], version: version === 'old' ? 'v1.0.0' : 'v1.1.0', settingsHash: '0'.repeat(16) };
}

export function placement(slot: Slot, version: Version): Placement {
  const deployment = `web-production-${version}`;
  return {
    slot,
    deployable: deployable(version),
    taskDefinition: taskDefinition(version),
    releaseJson: RELEASE_JSON,
    deployment,
  };
}

export function weightOf(world: World, slot: Slot): number {
  if (world.blue === null) return 0;
  return slot === 'blue' ? world.blue : 100 - world.blue;
}

/** What a look at the world shows. */
export function observed(world: World): Observed {
  return {
    rule:
      world.blue === null
        ? null
        : { arn: 'rule', weights: { blue: world.blue, green: 100 - world.blue }, foreign: null },
    slots: { blue: observedSlot(world.slots.blue), green: observedSlot(world.slots.green) },
  };
}

function observedSlot({ service, tasks, scaling, crashes }: SlotState): ObservedSlot {
  const all = VERSIONS.flatMap((version) => {
    const { starting, healthy } = tasks[version];
    return Array.from({ length: starting + healthy }, (_, i) => ({
      taskDefinition: taskDefinition(version),
      digest: DIGESTS[version],
      running: true,
      healthy: i >= starting,
    }));
  });
  const leaving = VERSIONS.reduce((sum, version) => sum + tasks[version].leaving, 0);
  return {
    service: service && {
      taskDefinition: taskDefinition(service.version),
      desired: service.desired,
      running: all.length + leaving,
      pending: 0,
      failed: false,
      events: [],
    },
    tasks: all,
    registeredTargets: all.length + leaving,
    unhealthyReasons: [],
    scaling: scaling && { ...scaling, targetValue: scaling.targetValue ? CAPACITY.requestsPerTarget : null },
    crashes: Array.from({ length: crashes }, () => ({
      taskDefinition: taskDefinition('new'),
      reason: 'exit code 1',
      at: '2026-01-01T00:00:00.000Z',
    })),
  };
}

/** The world after a change of AWS. */
export function made(world: World, action: Action): World {
  if (action.do === 'create rule' || action.do === 'set weights') return { ...world, blue: action.weights.blue };
  if (action.do === 'delete rule') return { ...world, blue: null };
  if (action.do === 'set health check' || action.do === 'set drain') return world;
  return { ...world, slots: { ...world.slots, [action.slot]: slotAfter(world.slots[action.slot], action) } };
}

type SlotAction = Exclude<
  Action,
  { do: 'create rule' | 'set weights' | 'delete rule' | 'set health check' | 'set drain' }
>;

function slotAfter(slot: SlotState, action: SlotAction): SlotState {
  switch (action.do) {
    case 'create service':
      return { ...slot, service: { version: versionOf(action.taskDefinition), desired: 0 } };
    case 'fill slot':
      return { ...slot, service: { version: versionOf(action.taskDefinition), desired: action.desired }, crashes: 0 };
    case 'resize slot':
      return withDesired(slot, action.desired);
    case 'empty slot':
      return withDesired(slot, 0);
    case 'register scalable target': {
      const { min, max, scaleIn, scaleOut } = action;
      return { ...slot, scaling: { min, max, scaleIn, scaleOut, targetValue: slot.scaling?.targetValue ?? false } };
    }
    case 'put scaling policy':
      return { ...slot, scaling: slot.scaling && { ...slot.scaling, targetValue: true } };
    default:
      return action satisfies never;
  }
}

function withDesired(slot: SlotState, desired: number): SlotState {
  return slot.service === null ? slot : { ...slot, service: { ...slot.service, desired } };
}

function versionOf(arn: string): Version {
  return arn === taskDefinition('old') ? 'old' : 'new';
}

/** Something that AWS does by itself. `fault`: it need not happen for things to end. */
export interface Event {
  readonly name: string;
  readonly fault: boolean;
  readonly after: World;
}

/** Whatever AWS may do next to a slot. */
export function eventsOf(world: World): Event[] {
  return SLOTS.flatMap((name) => {
    const slot = world.slots[name];
    const event = (what: string, fault: boolean, after: SlotState): Event => ({
      name: `${name}: ${what}`,
      fault,
      after: { ...world, slots: { ...world.slots, [name]: after } },
    });
    const found: Event[] = [];
    for (const version of VERSIONS) {
      const tasks = slot.tasks[version];
      const become = (change: Partial<Tasks>, more: Partial<SlotState> = {}): SlotState => ({
        ...slot,
        ...more,
        tasks: { ...slot.tasks, [version]: { ...tasks, ...change } },
      });
      const present = tasks.starting + tasks.healthy;
      const wanted = slot.service?.version === version ? slot.service.desired : 0;
      // ECS starts no more than a few while as many still leave; and what goes on for ever is bounded by it.
      if (present < wanted && tasks.leaving < 3)
        found.push(event(`a task of ${version} starts`, false, become({ starting: tasks.starting + 1 })));
      if (present > wanted) {
        const from = tasks.starting > 0 ? { starting: tasks.starting - 1 } : { healthy: tasks.healthy - 1 };
        found.push(event(`a task of ${version} leaves`, false, become({ ...from, leaving: tasks.leaving + 1 })));
      }
      if (tasks.leaving > 0)
        found.push(event(`a task of ${version} is gone`, false, become({ leaving: tasks.leaving - 1 })));
      if (tasks.starting > 0) {
        found.push(
          event(
            `a task of ${version} becomes healthy`,
            false,
            become({ starting: tasks.starting - 1, healthy: tasks.healthy + 1 }),
          ),
        );
        if (version === 'new' && slot.crashes < 2)
          found.push(
            event('a new task crashes', true, become({ starting: tasks.starting - 1 }, { crashes: slot.crashes + 1 })),
          );
      }
      if (tasks.healthy > 0)
        found.push(event(`a task of ${version} dies`, true, become({ healthy: tasks.healthy - 1 })));
    }
    const { scaling, service } = slot;
    if (scaling !== null && service !== null) {
      // Application Auto Scaling brings a count within its bounds as soon as they are set.
      if (service.desired < scaling.min)
        found.push(event('scaled to its minimum', false, withDesired(slot, scaling.min)));
      if (service.desired > scaling.max)
        found.push(event('scaled to its maximum', false, withDesired(slot, scaling.max)));
      if (scaling.targetValue && scaling.scaleOut && service.desired > 0 && service.desired < scaling.max)
        found.push(event('scales out', true, withDesired(slot, service.desired + 1)));
      if (scaling.targetValue && scaling.scaleIn && service.desired > Math.max(1, scaling.min))
        found.push(event('scales in', true, withDesired(slot, service.desired - 1)));
    }
    return found;
  });
}
