import { Smoke } from '#core/contract/states.ts';
import { container } from '#runtime/container.ts';
import { stateHandler } from '#runtime/handle.ts';
import { smoke } from './smoke.ts';

export const handler = stateHandler(Smoke, (event) =>
  smoke(event, {
    ledger: container.ledger(),
    prober: (settings) => container.prober('smoke', event.context.target, settings),
  }),
);
