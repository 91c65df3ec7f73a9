import type * as z from 'zod';
import { type Freeze } from '#core/contract/states.ts';
import { wayOn } from '#core/domain/sentence.ts';
import type { Ledger, Notifier } from '#core/ports.ts';

/** Stops everything for a target until a person has looked: weights stay where they are, nothing new starts. */
export async function freeze(
  { context, reason }: z.infer<typeof Freeze.input>,
  { ledger, notifier }: { readonly ledger: Ledger; readonly notifier: Notifier },
): Promise<z.infer<typeof Freeze.output>> {
  const { frozen } = await ledger.head(context.target);
  if (frozen?.deployment !== context.deployment) await ledger.freeze(context, reason);
  await notifier.publish(
    `${context.target} is frozen`,
    `${reason}\nWeights stay as they are, and nothing is deployed to ${context.target} until a person has looked. Deployment: ${context.deployment}.\n${wayOn(context.target)}`,
  );
  return { outcome: 'frozen', reason };
}
