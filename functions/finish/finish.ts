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
 * Ends a deployment: frees the lock, says how it ended, starts what waits. Repeating it after an interruption says the
 * same and starts nothing twice.
 */
export async function finish(
  { context, result, reason }: z.infer<typeof Finish.input>,
  ports: Ports,
): Promise<z.infer<typeof Finish.output>> {
  const { ledger, notifier } = ports;
  const record = await ledger.deployment(context.deployment);
  if (record === undefined) throw new Error(`the ledger has no record of ${context.deployment}`);
  const sentence =
    record.ended?.sentence ?? sentenceOf(record.request, result, reason, (await ledger.head(context.target)).live);
  if (record.ended === undefined) {
    await closeRecovered(record.recovers, { result, sentence }, ledger);
    await ledger.endDeployment(context, { result, sentence, cause: reason });
    await notifier.publish(`${context.target}: ${result}`, sentence);
  } else if ((await ledger.lock(context.target))?.deployment === context.deployment) {
    throw new Superseded(`${context.deployment} ended before, yet holds the lock`);
  }
  const next = await dispatch(context.target, ports);
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
