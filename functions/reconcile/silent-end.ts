import { ExecutionStatusChange } from '#core/contract/events.ts';
import type { Ledger, Notifier } from '#core/ports.ts';

/** What ended it, by the execution's status. */
const ENDED: Readonly<Record<string, string>> = {
  ABORTED: 'was stopped by somebody',
  TIMED_OUT: 'ran out of time',
};

/**
 * Tells people of an execution that ended without telling anybody itself: one that was stopped or timed out, and one that
 * failed before it had a record in the ledger, since it could not take the lock. Everything else that ends says so.
 * @param event whatever the function was invoked with
 */
export async function notifySilentEnd(
  event: unknown,
  { ledger, notifier }: { readonly ledger: Pick<Ledger, 'deployment'>; readonly notifier: Notifier },
): Promise<void> {
  const { data } = ExecutionStatusChange.safeParse(event);
  if (data === undefined) return;
  const { name, status } = data.detail;
  const how = ENDED[status] ?? (await failedAtOnce(name, status, ledger));
  if (how === undefined) return;
  await notifier.publish(
    `${name} was cut off`,
    [
      `The deployment ${name} ${how}, and could not send its own notice.`,
      'Weights stay as they are. If it held its target, a recovery begins now, which brings back what is live and tells how it ended.',
      'Look: farol status. The history of the execution says what it did last. To deploy the version again: farol redeploy.',
      'Runbook: orchestrator.md#deployment-was-cut-off',
    ].join('\n'),
  );
}

async function failedAtOnce(
  name: string,
  status: string,
  ledger: Pick<Ledger, 'deployment'>,
): Promise<string | undefined> {
  if (status !== 'FAILED' || (await ledger.deployment(name)) !== undefined) return undefined;
  return 'failed before it could take the lock of its target';
}
