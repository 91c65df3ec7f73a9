import { CheckTask } from '#core/contract/states.ts';
import { clock, container } from '#runtime/container.ts';
import { stateHandler } from '#runtime/handle.ts';
import { checkTask } from './check-task.ts';

export const handler = stateHandler(CheckTask, (event) =>
  checkTask(event, {
    ledger: container.ledger(),
    database: container.database('check-task', event.context.target),
    tasks: container.tasks('check-task', event.context.target),
    clock,
  }),
);
