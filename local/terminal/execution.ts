import {
  DescribeExecutionCommand,
  type ExecutionListItem,
  GetExecutionHistoryCommand,
  type HistoryEvent,
  ListExecutionsCommand,
  type SFNClient,
} from '@aws-sdk/client-sfn';
import * as z from 'zod';

/** One stay in a state of the state machine. */
export interface Stay {
  readonly state: string;
  /** The Parallel state whose branch it is in. */
  readonly inside: string | undefined;
  /** Kind of the state: `Task`, `Wait`, `Choice`, ... */
  readonly kind: string;
  readonly entered: Date;
  /** Absent while it lasts. */
  readonly left?: Date;
  /** What the state's function answered, if it is an outcome; of a Parallel state the answers of its branches. */
  readonly outcome?: string | readonly string[];
}

/** An execution of the state machine as its history tells it. */
export interface Execution {
  readonly arn: string;
  /** Name of the deployment. */
  readonly name: string;
  readonly status: string;
  readonly started: Date;
  /** Absent while it runs. */
  readonly ended?: Date;
  /** The Fail state's error and the sentence that says why. */
  readonly error?: string;
  readonly cause?: string;
  readonly stays: readonly Stay[];
}

/** Newest first; enough for a screen. */
export async function listExecutions(sfn: SFNClient, stateMachineArn: string): Promise<readonly ExecutionListItem[]> {
  const { executions = [] } = await sfn.send(new ListExecutionsCommand({ stateMachineArn, maxResults: 50 }));
  return executions;
}

/** @param detailed with what each state answered; without it the answer is much smaller */
export async function readExecution(sfn: SFNClient, arn: string, detailed: boolean): Promise<Execution> {
  const events: HistoryEvent[] = [];
  let nextToken: string | undefined;
  do {
    const page = await sfn.send(
      new GetExecutionHistoryCommand({
        executionArn: arn,
        maxResults: 1000,
        includeExecutionData: detailed,
        ...(nextToken === undefined ? {} : { nextToken }),
      }),
    );
    events.push(...(page.events ?? []));
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  const {
    name = arn,
    status = '',
    startDate = new Date(),
    stopDate,
    error,
    cause,
  } = await sfn.send(new DescribeExecutionCommand({ executionArn: arn }));
  return {
    arn,
    name,
    status,
    started: startDate,
    ...(stopDate === undefined ? {} : { ended: stopDate }),
    ...(error === undefined ? {} : { error }),
    ...(cause === undefined ? {} : { cause }),
    stays: stays(events),
  };
}

const Answer = z.union([
  z.object({ outcome: z.string() }).transform(({ outcome }) => outcome),
  z.array(z.object({ outcome: z.string() })).transform((branches) => branches.map(({ outcome }) => outcome)),
]);

/** Enters and leaves of states, paired; a state inside a branch is told by the Parallel state that was entered and not yet left. */
export function stays(events: readonly HistoryEvent[]): Stay[] {
  const found: Stay[] = [];
  const open = new Map<string, number>();
  let parallel: string | undefined;
  for (const { type = '', timestamp = new Date(0), stateEnteredEventDetails, stateExitedEventDetails } of events) {
    const [, kind = '', change] = /^(\w+)State(Entered|Exited)$/.exec(type) ?? [];
    const state = stateEnteredEventDetails?.name ?? stateExitedEventDetails?.name;
    if (state === undefined || change === undefined) continue;
    if (change === 'Entered') {
      open.set(state, found.push({ state, inside: parallel, kind, entered: timestamp }) - 1);
      if (kind === 'Parallel') parallel = state;
    } else {
      if (kind === 'Parallel') parallel = undefined;
      const index = open.get(state);
      const stay = index === undefined ? undefined : found[index];
      if (index === undefined || stay === undefined) continue;
      const outcome = outcomeOf(stateExitedEventDetails?.output);
      found[index] = { ...stay, left: timestamp, ...(outcome === undefined ? {} : { outcome }) };
      open.delete(state);
    }
  }
  return found;
}

function outcomeOf(output: string | undefined): Stay['outcome'] {
  if (!output) return undefined;
  return Answer.safeParse(JSON.parse(output)).data;
}

/** The state that people would say the execution is in. */
export function currentState({ stays: all }: Execution): string | undefined {
  return all.findLast(({ kind, left }) => left === undefined && (kind === 'Task' || kind === 'Wait'))?.state;
}

/** Milliseconds of a stay; one that lasts counts to `now`. */
export function milliseconds({ entered, left }: Stay, now = new Date()): number {
  return (left ?? now).getTime() - entered.getTime();
}
