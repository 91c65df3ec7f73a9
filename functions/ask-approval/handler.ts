import { AskApproval } from '#core/contract/states.ts';
import { clock, container } from '#runtime/container.ts';
import { stateHandler } from '#runtime/handle.ts';
import { askApproval } from './ask-approval.ts';

export const handler = stateHandler(AskApproval, (event) =>
  askApproval(event, {
    ledger: container.ledger(),
    approvals: container.approvals(),
    executions: container.executions(),
    notifier: container.notifier(),
    clock,
  }),
);
