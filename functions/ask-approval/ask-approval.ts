import * as z from 'zod';
import { milliseconds } from '#core/contract/duration.ts';
import { promotedFrom, type Settings } from '#core/contract/settings.ts';
import type { AskApproval } from '#core/contract/states.ts';
import { type PromotedFrom, question } from '#core/domain/approval.ts';
import { migrationPlanHash } from '#core/domain/gates.ts';
import { planned } from '#core/domain/planned.ts';
import { type Approvals, type Clock, type Executions, type Ledger, type Notifier, Superseded } from '#core/ports.ts';

interface Ports {
  readonly ledger: Ledger;
  readonly approvals: Approvals;
  readonly executions: Executions;
  readonly notifier: Notifier;
  readonly clock: Clock;
}

/**
 * Asks people whether a deployment may do what cannot be undone. The state machine waits for the task token, not for what
 * is returned here: so what must end the wait is thrown. Called again by a retry, the question and its end stay as they
 * were, the new token takes the old one's place, and people are told once more.
 */
export async function askApproval(
  { context, before, taskToken }: z.infer<typeof AskApproval.input>,
  { ledger, approvals, executions, notifier, clock }: Ports,
): Promise<z.infer<typeof AskApproval.output>> {
  const { deployment } = context;
  const record = await ledger.deployment(deployment);
  const plan = planned(record, deployment);
  const { approval: wanted } = plan.settings;
  if (record === undefined || wanted === undefined) throw new Error(`${deployment} needs no approval`);
  const facts = await ledger.facts(deployment);
  const until = new Date(Date.parse(clock.now()) + milliseconds(wanted.timeout)).toISOString();
  const approval = await asked(() =>
    approvals.ask(context, { before, plan: migrationPlanHash(facts), until, taskToken }),
  );
  if (approval.decision === undefined) {
    const from = await promotedFromNow(plan.settings, ledger);
    const { subject, text } = question(record.request, plan, approval, facts, from);
    await notifier.publish(subject, text);
  } else {
    // Answered before this retry: no one else would wake its token.
    await executions.wake(taskToken);
  }
  return { outcome: 'asked' };
}

/** What runs now where the target's releases come from. */
async function promotedFromNow(settings: Settings, ledger: Ledger): Promise<PromotedFrom | undefined> {
  const target = promotedFrom(settings);
  if (target === undefined) return undefined;
  const { live } = await ledger.head(target);
  const migration = live && (await ledger.facts(live.deployment)).migration;
  const applied = z.array(z.string()).safeParse(migration?.detail['applied']);
  return { target, live: live?.deployable, applied: applied.data };
}

/** An outcome would not be read, see above. */
async function asked<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof Superseded) throw new Error(error.message, { cause: error });
    throw error;
  }
}
