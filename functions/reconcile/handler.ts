import { clock, container } from '#runtime/container.ts';
import { eventHandler, logger } from '#runtime/handle.ts';
import { reconcile } from './reconcile.ts';
import { notifySilentEnd } from './silent-end.ts';

/**
 * Called by a schedule and by executions that ended; both mean: look at every target. Neither the notice nor the repair
 * waits for the other, or fails with it; a failure of either fails the invocation, which is retried and alarms.
 */
export const handler = eventHandler(async (event) => {
  const repaired = reconcile({
    ledger: container.ledger(),
    approvals: container.approvals(),
    executions: container.executions(),
    settings: container.settings(),
    releases: container.releases(),
    clock,
    warn: (message) => logger.warn(message),
  });
  const told = notifySilentEnd(event, { ledger: container.ledger(), notifier: container.notifier() });
  await Promise.allSettled([repaired, told]);
  await told;
  return repaired;
});
