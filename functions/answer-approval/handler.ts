import { clock, container } from '#runtime/container.ts';
import { eventHandler } from '#runtime/handle.ts';
import { answerApproval } from './answer-approval.ts';

export const handler = eventHandler((event) =>
  answerApproval(event, {
    ledger: container.ledger(),
    approvals: container.approvals(),
    executions: container.executions(),
    clock,
  }),
);
