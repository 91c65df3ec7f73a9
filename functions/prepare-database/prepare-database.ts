import type * as z from 'zod';
import type { PrepareDatabase } from '#core/contract/states.ts';
import { planned } from '#core/domain/planned.ts';
import type { Ledger, TargetDatabase } from '#core/ports.ts';

/**
 * Has the target's database made ready: its roles and what each may do. Farol's own code does it, so that nothing of a
 * release ever acts with the rights of the database's owner (I18).
 */
export async function prepareDatabase(
  { context }: z.infer<typeof PrepareDatabase.input>,
  { ledger, database }: { readonly ledger: Ledger; readonly database: TargetDatabase },
): Promise<z.infer<typeof PrepareDatabase.output>> {
  const { settings } = planned(await ledger.deployment(context.deployment), context.deployment);
  if (settings.database === undefined) return { outcome: 'none' };
  const result = await database.prepare(settings);
  if ('refused' in result)
    return { outcome: 'refused', reason: `The database could not be prepared, and is as it was: ${result.refused}` };
  const { statements } = result;
  if (statements > 0)
    await ledger.note(context, { type: 'database prepared', cause: `${statements} statements`, facts: { statements } });
  return { outcome: 'prepared' };
}
