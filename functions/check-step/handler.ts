import { CheckStep } from '#core/contract/states.ts';
import { clock, container } from '#runtime/container.ts';
import { stateHandler } from '#runtime/handle.ts';
import { checkStep } from './check-step.ts';

export const handler = stateHandler(CheckStep, (event) =>
  checkStep(event, {
    ledger: container.ledger(),
    slots: container.slots('look', event.context.target),
    metrics: container.metrics(),
    clock,
  }),
);
