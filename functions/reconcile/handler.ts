import { clock, container } from '#runtime/container.ts';
import { eventHandler, logger } from '#runtime/handle.ts';
import { reconcile } from './reconcile.ts';

/** Called by a schedule and by executions that ended; both mean: look at every target. */
export const handler = eventHandler(() =>
  reconcile({
    ledger: container.ledger(),
    approvals: container.approvals(),
    executions: container.executions(),
    settings: container.settings(),
    releases: container.releases(),
    clock,
    warn: (message) => logger.warn(message),
  }),
);
