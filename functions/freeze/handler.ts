import { Freeze } from '#core/contract/states.ts';
import { container } from '#runtime/container.ts';
import { stateHandler } from '#runtime/handle.ts';
import { freeze } from './freeze.ts';

export const handler = stateHandler(Freeze, (event) =>
  freeze(event, { ledger: container.ledger(), notifier: container.notifier() }),
);
