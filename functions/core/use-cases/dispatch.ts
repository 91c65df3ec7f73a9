import type { Target } from '../contract/target.ts';
import type { Executions, Ledger } from '../ports.ts';

/** Starts the deployment that waits for the target's lock, if there is one; its name, or undefined. */
export async function dispatch(
  target: Target,
  { ledger, executions }: { readonly ledger: Ledger; readonly executions: Executions },
): Promise<string | undefined> {
  const waiting = await ledger.waiting(target);
  if (waiting === undefined) return undefined;
  // Started first and taken from the queue after: a failure in between starts it again, which its name makes harmless.
  await executions.start(waiting);
  await ledger.dequeue(waiting);
  return waiting.deployment;
}
