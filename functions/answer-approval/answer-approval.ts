import * as z from 'zod';
import { AnswerApproval, type Approval, type Decision } from '#core/contract/approval.ts';
import type { PersonalRequest } from '#core/contract/caller.ts';
import { decided } from '#core/domain/approval.ts';
import { personOf, roleToAskFor, unasked } from '#core/domain/person.ts';
import { planned } from '#core/domain/planned.ts';
import { type Approvals, type Clock, type Executions, type Ledger, type Roles, Superseded } from '#core/ports.ts';

interface Ports {
  readonly ledger: Ledger;
  readonly approvals: Approvals;
  readonly executions: Executions;
  readonly roles: Roles;
  readonly clock: Clock;
}

type Answer = z.infer<typeof AnswerApproval.input>;
type Output = z.infer<typeof AnswerApproval.output>;

const OUTCOMES = { approve: 'approved', reject: 'rejected' } as const;

/**
 * A person's answer to a deployment that waits for an approval. The ledger takes the first answer and keeps it, then the
 * state machine is woken; the same answer again wakes it again, a contrary one is refused. Who answers is whom AWS names; it
 * must be a person, and one of `approval.approvers` where the settings that the deployment works on name any.
 */
export async function answerApproval({ input, caller }: PersonalRequest, ports: Ports): Promise<Output> {
  const role = roleToAskFor(caller);
  const person = personOf(caller, role === undefined ? undefined : await ports.roles.role(role));
  if (typeof person === 'string') return refused(person);
  const { data: answer, error } = AnswerApproval.input.safeParse(input);
  if (answer === undefined) return refused(`Not an answer to an approval. ${z.prettifyError(error)}`);
  const { deployment } = answer;
  const record = await ports.ledger.deployment(deployment);
  if (record === undefined) return refused(`There is no deployment ${deployment}.`);
  const notAsked = unasked(person.arn, record.plan?.settings.approval?.approvers);
  if (notAsked !== undefined) return refused(notAsked);
  const approval = await ports.approvals.approval(deployment);
  if (approval?.decision !== undefined) return settled(approval, approval.decision, answer, ports);
  if (record.ended !== undefined)
    return refused(`${deployment} waits for no approval, it has ended: ${record.ended.sentence}`);
  if (approval === undefined)
    return refused(`${deployment} does not wait for an approval. If it has just begun, try again in a few seconds.`);
  if (ports.clock.now() >= approval.until)
    return refused(`The time to answer ${deployment} ended at ${approval.until}.`);
  const execution = await ports.executions.status(ports.executions.arn(deployment));
  if (execution?.running !== true)
    return refused(
      `The execution of ${deployment} ended ${execution?.status ?? 'long ago'}: no deployment waits for the answer any more.`,
    );
  try {
    const { reason } = answer;
    const decision = {
      outcome: OUTCOMES[answer.decision],
      by: person.arn,
      ...(reason === undefined ? {} : { reason }),
    };
    const { deployable } = planned(record, deployment);
    return await settled(approval, await ports.approvals.decide(approval, decision, deployable), answer, ports);
  } catch (caught) {
    if (caught instanceof Superseded) return refused(`${caught.message} No deployment waits for the answer any more.`);
    throw caught;
  }
}

/** What an answer comes to when `decision` stands. */
async function settled(
  { context: { deployment }, taskToken }: Approval,
  decision: Decision,
  answer: Answer,
  { executions }: Ports,
): Promise<Output> {
  const { outcome } = decision;
  if (outcome !== OUTCOMES[answer.decision])
    return refused(`${deployment} has its answer already, and it stays. ${decided(decision)}`);
  await executions.wake(taskToken);
  return { outcome, sentence: `${deployment}: ${decided(decision)}` };
}

function refused(sentence: string): Output {
  return { outcome: 'refused', sentence };
}
