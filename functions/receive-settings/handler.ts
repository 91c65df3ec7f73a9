import { container } from '#runtime/container.ts';
import { eventHandler, logger } from '#runtime/handle.ts';
import { receiveSettings } from './receive-settings.ts';

export const handler = eventHandler((event) =>
  receiveSettings(event, {
    ledger: container.ledger(),
    executions: container.executions(),
    settings: container.settings(),
    notifier: container.notifier(),
    warn: (message) => logger.warn(message),
  }),
);
