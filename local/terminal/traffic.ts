import type { DataPlane } from '@farol/local-aws/data-plane.ts';
import type { Settings } from '#core/contract/settings.ts';
import { SLOTS, type Slot } from '#core/contract/slot.ts';

/** A slot as people see it: its share of the traffic and the version in it. */
export interface SlotView {
  readonly slot: Slot;
  readonly weight: number;
  readonly version: string | undefined;
}

/** Keeps what the data plane tells of weights and of the versions in the slots. */
export class Traffic {
  readonly #groups: Readonly<Record<Slot, string>>;
  readonly #listener: string;
  readonly #weights: Record<Slot, number> = { blue: 0, green: 0 };
  readonly #versions: Partial<Record<Slot, string>> = {};

  constructor(dataPlane: DataPlane, { infrastructure }: Settings) {
    this.#groups = { blue: infrastructure.slots.blue.targetGroup, green: infrastructure.slots.green.targetGroup };
    this.#listener = infrastructure.productionListener;
    dataPlane.on((event) => {
      if (event.type === 'rules' && event.listener === this.#listener) {
        for (const slot of SLOTS)
          this.#weights[slot] = Math.max(0, ...event.rules.map(({ weights }) => weights[this.#groups[slot]] ?? 0));
      } else if (event.type === 'target' && event.version !== undefined) {
        const slot = SLOTS.find((one) => nameOf(this.#groups[one]) === event.targetGroup);
        if (slot) this.#versions[slot] = event.version;
      }
    });
  }

  get slots(): readonly SlotView[] {
    return SLOTS.map((slot) => ({ slot, weight: this.#weights[slot], version: this.#versions[slot] }));
  }

  /** `blue v1.0.0 90 %, green v1.1.0 10 %`; empty slots are left out. */
  toString(): string {
    const filled = this.slots.filter(({ version, weight }) => version !== undefined || weight > 0);
    return (
      filled.map(({ slot, version, weight }) => `${slot} ${version ?? '?'} ${weight} %`).join(', ') || 'no traffic yet'
    );
  }
}

/** `arn:aws:elasticloadbalancing:<region>:<account>:targetgroup/<name>/<id>` */
function nameOf(targetGroupArn: string): string | undefined {
  return targetGroupArn.split('/')[1];
}
