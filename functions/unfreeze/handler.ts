import { container } from '#runtime/container.ts';
import { personHandler } from '#runtime/handle.ts';
import { unfreeze } from './unfreeze.ts';

/** Called by a person, by `farol unfreeze`. */
export const handler = personHandler((request) =>
  unfreeze(request, { ledger: container.ledger(), executions: container.executions() }),
);
