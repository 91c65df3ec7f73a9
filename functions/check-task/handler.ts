import { CheckTask } from '#core/contract/states.ts';
import { clock, container } from '#runtime/container.ts';
import { stateHandler } from '#runtime/handle.ts';
import { checkTask } from './check-task.ts';

export const handler = stateHandler(CheckTask, (event) =>
  checkTask(event, { ledger: container.ledger(), database: container.database(), tasks: container.tasks(), clock }),
);
