import type { SlotInfrastructure, StackEvent } from '#core/contract/stack-event.ts';
import type { Clock, SlotRemoval } from '#core/ports.ts';

interface Ports {
  readonly removal: SlotRemoval;
  readonly clock: Clock;
  /** Tells CloudFormation, which waits for it. */
  readonly respond: (url: string, answer: StackAnswer) => Promise<void>;
}

export interface StackAnswer {
  readonly Status: 'SUCCESS' | 'FAILED';
  readonly Reason: string;
  readonly PhysicalResourceId: string;
  readonly StackId: string;
  readonly RequestId: string;
  readonly LogicalResourceId: string;
}

/** Longer than a task may take to stop and a target to be let go; within the function's own time. */
const PATIENCE_SECONDS = 780;
const LOOK_EVERY_MS = 5_000;

/**
 * Empties and removes a target's slots when its stack is deleted, and does nothing when it is made or changed: slots
 * belong to Farol. CloudFormation is answered whatever happens; without an answer it would wait for its own time-out.
 */
export async function removeSlots(event: StackEvent, { removal, clock, respond }: Ports): Promise<StackAnswer> {
  const { StackId, RequestId, LogicalResourceId, ResourceProperties: infrastructure } = event;
  const failure = event.RequestType === 'Delete' ? await remove(infrastructure, removal, clock) : undefined;
  const answer: StackAnswer = {
    Status: failure === undefined ? 'SUCCESS' : 'FAILED',
    Reason: failure ?? 'done',
    PhysicalResourceId: event.PhysicalResourceId ?? `slots of ${infrastructure.cluster}`,
    StackId,
    RequestId,
    LogicalResourceId,
  };
  await respond(event.ResponseURL, answer);
  return answer;
}

/** Why the slots could not be removed; undefined when they are gone. */
async function remove(
  infrastructure: SlotInfrastructure,
  removal: SlotRemoval,
  clock: Clock,
): Promise<string | undefined> {
  const until = Date.parse(clock.now()) + PATIENCE_SECONDS * 1000;
  try {
    // Traffic first: the fixed answer of the listener takes over while tasks still end what they began.
    await removal.removeRules(infrastructure);
    await removal.removeServices(infrastructure);
    for (;;) {
      const left = await removal.tasksLeft(infrastructure);
      if (left === 0) return undefined;
      if (Date.parse(clock.now()) >= until)
        return `${left} tasks in ${infrastructure.cluster} do not end; stop them, then delete the stack again.`;
      await clock.sleep(LOOK_EVERY_MS);
    }
  } catch (error) {
    return `The slots in ${infrastructure.cluster} could not be removed: ${error instanceof Error ? error.message : String(error)}`;
  }
}
