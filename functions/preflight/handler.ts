import { Preflight } from '#core/contract/states.ts';
import { clock, container } from '#runtime/container.ts';
import { stateHandler } from '#runtime/handle.ts';
import { preflight } from './preflight.ts';

export const handler = stateHandler(Preflight, (event) =>
  preflight(event, {
    ledger: container.ledger(),
    settings: container.settings(),
    releases: container.releases(),
    builds: container.builds(),
    slots: container.slots('look', event.context.target),
    tasks: container.tasks('look', event.context.target),
    clock,
  }),
);
