import type { Clock } from './clock.ts';
import type { Lateness } from './fidelity.ts';
import type { Place } from './identity.ts';

/** A change in the data plane, for a terminal and for tests that look at the whole course of things. */
export type DataPlaneEvent =
  | {
      readonly type: 'task';
      readonly task: string;
      readonly group: string;
      readonly taskDefinition: string;
      readonly status: string;
      readonly reason?: string;
    }
  | {
      readonly type: 'target';
      readonly targetGroup: string;
      readonly target: string;
      readonly state: string;
      readonly reason?: string;
      readonly version?: string;
    }
  | { readonly type: 'scaling'; readonly resource: string; readonly desiredCount: number; readonly cause: string }
  | { readonly type: 'service'; readonly service: string; readonly message: string }
  | {
      readonly type: 'rules';
      readonly listener: string;
      readonly rules: { readonly priority: string; readonly weights: Readonly<Record<string, number>> }[];
    };

/** What every service of the data plane works with. */
export interface Context extends Place {
  readonly clock: Clock;
  readonly lateness: Lateness;
  readonly emit: (event: DataPlaneEvent) => void;
}
