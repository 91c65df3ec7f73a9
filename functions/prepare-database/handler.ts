import { PrepareDatabase } from '#core/contract/states.ts';
import { container } from '#runtime/container.ts';
import { stateHandler } from '#runtime/handle.ts';
import { prepareDatabase } from './prepare-database.ts';

export const handler = stateHandler(PrepareDatabase, (event) =>
  prepareDatabase(event, {
    ledger: container.ledger(),
    database: container.database('prepare-database', event.context.target),
  }),
);
