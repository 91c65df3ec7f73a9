import { Converge } from '#core/contract/states.ts';
import { clock, container } from '#runtime/container.ts';
import { stateHandler } from '#runtime/handle.ts';
import { converge } from './converge.ts';

export const handler = stateHandler(Converge, (event) =>
  converge(event, {
    ledger: container.ledger(),
    slots: container.slots('converge', event.context.target),
    clock,
  }),
);
