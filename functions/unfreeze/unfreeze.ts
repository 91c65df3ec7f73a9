import * as z from 'zod';
import type { PersonalRequest } from '#core/contract/caller.ts';
import { Unfreeze } from '#core/contract/unfreeze.ts';
import type { Ledger } from '#core/ports.ts';

type Output = z.infer<typeof Unfreeze.output>;

/**
 * Opens a frozen target again, on the word of a person, whom the ledger names as AWS named the caller. Nothing is started and nothing is changed
 * in AWS: the next deployment looks at everything again. Everyone who may invoke this function may do it.
 */
export async function unfreeze(
  { input, caller }: PersonalRequest,
  { ledger }: { readonly ledger: Ledger },
): Promise<Output> {
  const { data: wish, error } = Unfreeze.input.safeParse(input);
  if (wish === undefined) return refused(`Not a wish to unfreeze. ${z.prettifyError(error)}`);
  const { target, reason } = wish;
  const { frozen } = await ledger.head(target);
  if (frozen === undefined) return refused(`${target} is not frozen.`);
  // The holder of the lock may be about to freeze it for a reason that no one has read yet.
  if (!(await ledger.unfreeze(target, frozen, `${caller.userArn}: ${reason}`)))
    return refused(`A deployment of ${target} has not ended yet, or was frozen again: look again when it has.`);
  return {
    outcome: 'unfrozen',
    sentence: `${target} is open again; it was frozen since ${frozen.at}: ${frozen.reason} Nothing was started.`,
  };
}

function refused(sentence: string): Output {
  return { outcome: 'refused', sentence };
}
