import type { CallRecord } from '@farol/local-aws/gateway/record.ts';
import { type Execution, milliseconds, type Stay } from './execution.ts';

/** When tasks ran, by the data plane's word. */
export interface TaskRun {
  readonly started: Date;
  readonly stopped: Date;
}

/** What a deployment took, in milliseconds. */
export interface Figures {
  readonly total: number;
  /** Farol's own share: without task runs, the candidate's way to healthy, bakes and settle times. */
  readonly control: number;
  /** From the failed check to the old weights written and read back; absent: nothing was rolled back from traffic. */
  readonly rollback?: number;
}

const sum = (stays: readonly Stay[]): number => stays.reduce((total, stay) => total + milliseconds(stay), 0);

/**
 * @param runs of the tasks that the deployment ran beside its services
 * @param settle milliseconds that the old slot is still taken to get requests after a change of weights
 * @param calls of the deployment
 */
export function figuresOf(
  execution: Execution,
  runs: readonly TaskRun[],
  settle: number,
  calls: readonly CallRecord[],
): Figures {
  const { stays, started, ended = new Date() } = execution;
  const total = ended.getTime() - started.getTime();
  const named = (...states: string[]): readonly Stay[] => stays.filter(({ state }) => states.includes(state));
  const rollback = rollbackTime(execution, calls);
  const waited =
    runs.reduce((sofar, run) => sofar + run.stopped.getTime() - run.started.getTime(), 0) +
    sum(named('Start candidate', 'Wait for candidate', 'Bake')) +
    (rollback === undefined ? 0 : settle);
  return { total, control: Math.max(0, total - waited), ...(rollback === undefined ? {} : { rollback }) };
}

/** From the answer of the last check to the first look at the rules after they were changed. */
function rollbackTime({ stays }: Execution, calls: readonly CallRecord[]): number | undefined {
  const rollback = stays.find(({ state }) => state === 'Roll back');
  const check = stays.findLast(({ state, left }) => state === 'Check step' && left !== undefined);
  if (rollback === undefined || check?.left === undefined || rollback.entered < check.left) return undefined;
  const failed = check.left.getTime();
  const after = calls.filter(({ at, status }) => status === 200 && Date.parse(at) >= failed);
  const written = after.findIndex(({ service, operation }) => service === 'elbv2' && operation === 'ModifyRule');
  const read = after
    .slice(written + 1)
    .find(({ service, operation }) => service === 'elbv2' && operation === 'DescribeRules');
  return written === -1 || read === undefined ? undefined : Date.parse(read.at) + read.ms - failed;
}

/** Seconds in each state, the inner ones of a Parallel state under its name; states that only decide are left out. */
export function timeInStates({ stays }: Execution): ReadonlyMap<string, number> {
  const times = new Map<string, number>();
  for (const stay of stays) {
    if (stay.kind !== 'Task' && stay.kind !== 'Wait') continue;
    const name = stay.inside === undefined ? stay.state : `${stay.inside}: ${stay.state}`;
    times.set(name, (times.get(name) ?? 0) + milliseconds(stay) / 1000);
  }
  return times;
}
