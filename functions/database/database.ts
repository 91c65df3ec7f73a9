import type { ClientBase } from 'pg';
import type * as z from 'zod';
import type { DatabaseCall } from '#core/contract/database.ts';
import { prepare, Refused, type Roles } from './prepare.ts';
import { recordedMigrations } from './recorded-migrations.ts';

type Output = z.infer<typeof DatabaseCall.output>;

/**
 * Does one thing in a target's database, as its owner. `executed` is told each statement that changed something. What
 * trying again may mend (no connection, a lock that was not had in time) is thrown; the database is as it was then too.
 */
export async function database(
  call: z.infer<typeof DatabaseCall.input>,
  {
    client,
    roles,
    executed,
  }: { readonly client: ClientBase; readonly roles: Roles; readonly executed: (statement: string) => void },
): Promise<Output> {
  try {
    if (call.action === 'recorded migrations')
      return { outcome: 'recorded', migrations: await recordedMigrations(client, call.migrations) };
    const statements = await prepare(client, {
      roles,
      migrationsTable: call.migrations?.table,
      lockTimeoutMs: call.lockTimeoutMs,
    });
    for (const statement of statements) executed(statement);
    return { outcome: 'prepared', statements: statements.length };
  } catch (error) {
    if (error instanceof Refused) return { outcome: 'refused', reason: error.message };
    throw error;
  }
}
