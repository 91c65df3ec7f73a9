import { container } from '#runtime/container.ts';
import { eventHandler, logger } from '#runtime/handle.ts';
import { answerPipelines } from './answer-pipeline.ts';

export const handler = eventHandler(() =>
  answerPipelines({
    ledger: container.ledger(),
    executions: container.executions(),
    pipelines: container.pipelines(),
    settings: container.settings(),
    warn: (message) => logger.warn(message),
  }),
);
