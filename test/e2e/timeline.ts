import type { DataPlaneEvent } from '@farol/local-aws/context.ts';
import type { CallRecord } from '@farol/local-aws/gateway/record.ts';
import type { Settings } from '#core/contract/settings.ts';
import { SLOTS, type Slot, type Weights } from '#core/contract/slot.ts';
import type { Cloud } from '../../local/parts/cloud.ts';

/** What a slot is at a moment. */
interface SlotMoment {
  /** Targets by address that are registered and do not drain. */
  readonly targets: ReadonlyMap<string, { readonly state: string; readonly version: string }>;
  /** Versions of the healthy ones. */
  readonly healthy: readonly string[];
  /** ARNs of tasks that run. */
  readonly running: ReadonlySet<string>;
}

/** What the data plane told, and how it is after that. */
export interface Moment {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly event: DataPlaneEvent;
  /** Weights of the production rule; null: there is none. */
  readonly weights: Weights | null;
  /** Those before the event. */
  readonly before: Weights | null;
  readonly slots: Readonly<Record<Slot, SlotMoment>>;
}

/** Records everything that happens in a local cloud from its making on. */
export class Timeline {
  /** Every event with the state of both slots after it. */
  readonly moments: Moment[] = [];
  readonly calls: CallRecord[] = [];
  readonly #settings: Settings;
  readonly #slots = { blue: new SlotState(), green: new SlotState() };

  constructor({ dataPlane, gateway, settings }: Pick<Cloud, 'dataPlane' | 'gateway' | 'settings'>) {
    this.#settings = settings;
    dataPlane.on((event) => this.moments.push(this.#moment(event)));
    gateway.onCall((call) => this.calls.push(call));
  }

  #moment(event: DataPlaneEvent): Moment {
    const before = this.moments.at(-1)?.weights ?? null;
    const slot = slotOf(this.#settings, event);
    if (slot) this.#slots[slot].see(event);
    const ofProduction = event.type === 'rules' && event.listener === this.#settings.infrastructure.productionListener;
    return {
      at: Date.now(),
      event,
      before,
      weights: ofProduction ? this.#weights(event) : before,
      slots: { blue: this.#slots.blue.view(), green: this.#slots.green.view() },
    };
  }

  #weights({ rules }: Extract<DataPlaneEvent, { type: 'rules' }>): Weights | null {
    const { infrastructure } = this.#settings;
    const rule = rules.find(({ priority }) => priority === String(infrastructure.rulePriority));
    if (rule === undefined) return null;
    const of = (slot: Slot): number => rule.weights[infrastructure.slots[slot].targetGroup] ?? 0;
    return { blue: of('blue'), green: of('green') };
  }
}

/** A moment at which the production rule got other weights. */
export type ChangeOfWeights = Moment & { readonly weights: Weights };

/** Changes of the production rule's weights, in order. */
export function changesOfWeights(moments: readonly Moment[]): ChangeOfWeights[] {
  return moments.flatMap((moment) =>
    moment.weights !== null && SLOTS.some((slot) => moment.weights?.[slot] !== moment.before?.[slot])
      ? [{ ...moment, weights: moment.weights }]
      : [],
  );
}

/** The slot that an event is about. */
export function slotOf({ infrastructure, app, environment }: Settings, event: DataPlaneEvent): Slot | undefined {
  return SLOTS.find((slot) => {
    if (event.type === 'target') return infrastructure.slots[slot].targetGroup.split('/')[1] === event.targetGroup;
    return event.type === 'task' && event.group === `service:${app}-${environment}-${slot}`;
  });
}

class SlotState {
  readonly #targets = new Map<string, { state: string; version: string }>();
  readonly #running = new Set<string>();

  see(event: DataPlaneEvent): void {
    if (event.type === 'target') {
      const { target, state, version = '' } = event;
      if (state === 'draining' || state === 'unused') this.#targets.delete(target);
      else this.#targets.set(target, { state, version });
    } else if (event.type === 'task') {
      if (event.status === 'RUNNING') this.#running.add(event.task);
      else this.#running.delete(event.task);
    }
  }

  view(): SlotMoment {
    const targets = new Map(this.#targets);
    const healthy = [...targets.values()].filter(({ state }) => state === 'healthy').map(({ version }) => version);
    return { targets, healthy, running: new Set(this.#running) };
  }
}
