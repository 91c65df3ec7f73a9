import type * as z from 'zod';
import type { Finish, Result } from '#core/contract/states.ts';
import { sentenceOf } from '#core/domain/sentence.ts';
import { type Executions, type Ledger, type Notifier, Superseded } from '#core/ports.ts';
import { dispatch } from '#core/use-cases/dispatch.ts';

interface Ports {
  readonly ledger: Ledger;
  readonly executions: Executions;
  readonly notifier: Notifier;
}

/**
 * Ends a deployment: frees the lock, starts what waits, says how it ended. Repeating it after an interruption says the
 * same and starts nothing twice.
 */
export async function finish(
  { context, result: given, reason }: z.infer<typeof Finish.input>,
  ports: Ports,
): Promise<z.infer<typeof Finish.output>> {
  const { ledger, notifier } = ports;
  const record = await ledger.deployment(context.deployment);
  if (record === undefined) throw new Error(`the ledger has no record of ${context.deployment}`);
  const { live } = await ledger.head(context.target);
  // Farol failed after the ledger called the candidate live, and what is live got all the traffic.
  const result = given === 'rolled back' && live?.deployment === context.deployment ? 'live' : given;
  const sentence = record.ended?.sentence ?? sentenceOf(record.request, result, reason, live);
  if (record.ended === undefined) {
    await closeRecovered(record.recovers, { result, sentence }, ledger);
    await ledger.endDeployment(context, { result, sentence, cause: reason });
  } else if ((await ledger.lock(context.target))?.deployment === context.deployment) {
    throw new Superseded(`${context.deployment} ended before, yet holds the lock`);
  }
  const next = await dispatch(context.target, ports);
  // Again after an interruption: told twice is better than not at all.
  await notifier.publish(`${context.target}: ${record.ended?.result ?? result}`, sentence);
  const succeeded = result === 'live' || result === 'unchanged' || result === 'restored';
  return { outcome: succeeded ? 'succeeded' : 'failed', sentence, ...(next === undefined ? {} : { next }) };
}

/** Closes the record of the deployment that was recovered, and of recoveries of it that ended before they could. */
async function closeRecovered(
  recovered: string | undefined,
  ended: { readonly result: Result; readonly sentence: string },
  ledger: Ledger,
): Promise<void> {
  let next = recovered;
  while (next !== undefined) {
    const record = await ledger.deployment(next);
    if (record === undefined || record.ended !== undefined) return;
    await ledger.closeRecord(next, ended);
    next = record.recovers;
  }
}
