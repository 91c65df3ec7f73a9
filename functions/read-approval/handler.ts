import { ReadApproval } from '#core/contract/states.ts';
import { clock, container } from '#runtime/container.ts';
import { stateHandler } from '#runtime/handle.ts';
import { readApproval } from './read-approval.ts';

export const handler = stateHandler(ReadApproval, (event) =>
  readApproval(event, { ledger: container.ledger(), approvals: container.approvals(), clock }),
);
