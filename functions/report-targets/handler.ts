import { clock, container } from '#runtime/container.ts';
import { eventHandler, logger } from '#runtime/handle.ts';
import { metricsLine } from '#runtime/metrics-line.ts';
import { reportTargets } from './report-targets.ts';

/** Called by a schedule. */
export const handler = eventHandler(() =>
  reportTargets({
    ledger: container.ledger(),
    approvals: container.approvals(),
    settings: container.settings(),
    clock,
    report: (target, metrics) => logger.info('state of a target', metricsLine(target, metrics, Date.now())),
    warn: (message) => logger.warn(message),
  }),
);
