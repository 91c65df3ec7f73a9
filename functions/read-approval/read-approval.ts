import type * as z from 'zod';
import type { ReadApproval } from '#core/contract/states.ts';
import { decided } from '#core/domain/approval.ts';
import { planned } from '#core/domain/planned.ts';
import type { Approvals, Clock, Ledger } from '#core/ports.ts';

interface Ports {
  readonly ledger: Ledger;
  readonly approvals: Approvals;
  readonly clock: Clock;
}

/**
 * Says how a question was answered when its wait is over, however it ended: the ledger's answer counts, not what woke the
 * state machine. A question without an answer has expired from then on.
 */
export async function readApproval(
  { context }: z.infer<typeof ReadApproval.input>,
  { ledger, approvals, clock }: Ports,
): Promise<z.infer<typeof ReadApproval.output>> {
  const { deployment } = context;
  const approval = await approvals.approval(deployment);
  if (approval === undefined) return { outcome: 'expired', reason: 'Nobody could be asked for the approval in time.' };
  const reason =
    clock.now() < approval.until
      ? 'its wait was ended without an answer in the ledger'
      : 'nobody answered in time, and silence is no';
  const { deployable } = planned(await ledger.deployment(deployment), deployment);
  const decision =
    approval.decision ??
    (await approvals.decide(approval, { outcome: 'expired', by: 'the end of the wait', reason }, deployable));
  return { outcome: decision.outcome, reason: decided(decision) };
}
