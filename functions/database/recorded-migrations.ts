import { type ClientBase, escapeIdentifier } from 'pg';
import { type MigrationsTable, MOST_MIGRATION_BYTES, MOST_MIGRATIONS } from '#core/contract/database.ts';
import { Refused } from './prepare.ts';

/**
 * The migrations that the framework has recorded, in alphabetical order; none where its table is not there yet.
 * @throws {Refused} where there are more than can be kept, or the table has no such columns
 */
export async function recordedMigrations(client: ClientBase, { table, columns }: MigrationsTable): Promise<string[]> {
  const { rows: found } = await client.query<{ column: string }>(
    `SELECT attname AS column FROM pg_attribute
     WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped`,
    [`public.${escapeIdentifier(table)}`],
  );
  if (found.length === 0) return [];
  const missing = columns.find((column) => !found.some((one) => one.column === column));
  if (missing !== undefined)
    throw new Refused(
      `settings.database.migrations names the column ${missing}, and the table ${table} has: ${found.map(({ column }) => column).join(', ')}.`,
    );
  const name = columns.map((column) => `${escapeIdentifier(column)}::text`).join(", '.', ");
  const { rows } = await client.query<{ name: string }>(
    `SELECT DISTINCT concat(${name}) COLLATE "C" AS name FROM public.${escapeIdentifier(table)} ORDER BY name LIMIT ${MOST_MIGRATIONS + 1}`,
  );
  if (rows.length > MOST_MIGRATIONS)
    throw new Refused(`The table ${table} has more than ${MOST_MIGRATIONS} rows, more than Farol compares.`);
  const names = rows.map((row) => row.name);
  const bytes = Buffer.byteLength(JSON.stringify(names));
  if (bytes > MOST_MIGRATION_BYTES)
    throw new Refused(
      `The names in the table ${table} take ${bytes} bytes together; Farol compares at most ${MOST_MIGRATION_BYTES}.`,
    );
  return names;
}
