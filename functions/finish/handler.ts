import { Finish } from '#core/contract/states.ts';
import { container } from '#runtime/container.ts';
import { stateHandler } from '#runtime/handle.ts';
import { finish } from './finish.ts';

export const handler = stateHandler(Finish, (event) =>
  finish(event, { ledger: container.ledger(), executions: container.executions(), notifier: container.notifier() }),
);
