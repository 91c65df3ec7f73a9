import { StartTask } from '#core/contract/states.ts';
import { container } from '#runtime/container.ts';
import { stateHandler } from '#runtime/handle.ts';
import { startTask } from './start-task.ts';

export const handler = stateHandler(StartTask, (event) =>
  startTask(event, {
    ledger: container.ledger(),
    database: container.database('start-task', event.context.target),
    tasks: container.tasks('start-task', event.context.target),
  }),
);
