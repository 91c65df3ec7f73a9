import { clock, container } from '#runtime/container.ts';
import { personHandler } from '#runtime/handle.ts';
import { answerApproval } from './answer-approval.ts';

export const handler = personHandler((request) =>
  answerApproval(request, {
    ledger: container.ledger(),
    approvals: container.approvals(),
    executions: container.executions(),
    roles: container.roles(),
    clock,
  }),
);
