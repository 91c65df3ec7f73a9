import { container } from '#runtime/container.ts';
import { eventHandler, logger } from '#runtime/handle.ts';
import { receivePush } from './receive-push.ts';

export const handler = eventHandler((event) =>
  receivePush(event, {
    ledger: container.ledger(),
    executions: container.executions(),
    settings: container.settings(),
    warn: (message) => logger.warn(message),
  }),
);
