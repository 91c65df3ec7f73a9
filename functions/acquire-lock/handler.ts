import { AcquireLock } from '#core/contract/states.ts';
import { clock, container } from '#runtime/container.ts';
import { stateHandler } from '#runtime/handle.ts';
import { acquireLock } from './acquire-lock.ts';

export const handler = stateHandler(AcquireLock, (event) =>
  acquireLock(event, {
    ledger: container.ledger(),
    executions: container.executions(),
    notifier: container.notifier(),
    clock,
  }),
);
