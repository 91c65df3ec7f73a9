import * as z from 'zod';
import type { PersonalRequest } from '#core/contract/caller.ts';
import { Unfreeze } from '#core/contract/unfreeze.ts';
import type { Executions, Ledger } from '#core/ports.ts';
import { recoverUnsettled } from '#core/use-cases/start-recovery.ts';

type Output = z.infer<typeof Unfreeze.output>;

/**
 * Opens a frozen target again, on the word of a person, whom the ledger names as AWS named the caller. Where the last deployment was
 * not brought to its end, a recovery is started, which brings back what is live (I20); else nothing is. Everyone who may invoke
 * this function may do it.
 */
export async function unfreeze(
  { input, caller }: PersonalRequest,
  { ledger, executions }: { readonly ledger: Ledger; readonly executions: Executions },
): Promise<Output> {
  const { data: wish, error } = Unfreeze.input.safeParse(input);
  if (wish === undefined) return refused(`Not a wish to unfreeze. ${z.prettifyError(error)}`);
  const { target, reason } = wish;
  const { frozen } = await ledger.head(target);
  if (frozen === undefined) return refused(`${target} is not frozen.`);
  // The holder of the lock may be about to freeze it for a reason that no one has read yet.
  if (!(await ledger.unfreeze(target, frozen, `${caller.userArn}: ${reason}`)))
    return refused(`A deployment of ${target} has not ended yet, or was frozen again: look again when it has.`);
  const recovery = await recoverUnsettled(target, { ledger, executions });
  const next =
    recovery === undefined
      ? 'All the traffic is on what is live, so nothing was started.'
      : `${recovery} was started: it brings all the traffic back to what is live.`;
  return {
    outcome: 'unfrozen',
    sentence: `${target} is open again; it was frozen since ${frozen.at}: ${frozen.reason} ${next}`,
  };
}

function refused(sentence: string): Output {
  return { outcome: 'refused', sentence };
}
