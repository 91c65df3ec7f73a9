import type { Context } from '../context.ts';
import type { TargetGroup } from '../load-balancer/target-group.ts';
import type { Ports } from '../runtime/ports.ts';
import type { TaskRuntime } from '../runtime/runtime.ts';
import type { Addresses } from './addresses.ts';

export interface LogEvent {
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly message: string;
}

/** Puts lines into a stream of a CloudWatch log group, making the stream when it is new. */
export type PublishLog = (group: string, stream: string, events: readonly LogEvent[]) => Promise<void> | void;

/** What tasks are run with and where they report. */
export interface TaskHost extends Context {
  readonly runtime: TaskRuntime;
  readonly ports: Ports;
  readonly addresses: Addresses;
  readonly publishLog: PublishLog;
  /** Value of a secret or parameter by the `valueFrom` of a task definition; rejects when it cannot be read. */
  readonly resolveSecret: (valueFrom: string) => Promise<string>;
  /** A variable of containers whose value counts requests by version. */
  readonly versionVariable?: string;
  /** A target group by ARN, if there is one. */
  readonly targetGroup: (arn: string) => TargetGroup | undefined;
}
