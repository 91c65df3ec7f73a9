import * as z from 'zod';

const identifier = z
  .string()
  .max(63)
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, {
    error: 'a PostgreSQL name of letters, digits and underscores, at most 63 characters, as in schema_migrations',
  });

/**
 * Where the application's framework records the migrations that it has applied: a table of the schema `public`, and the
 * columns that name a migration when they are joined with dots. Django: `django_migrations` with `app` and `name`.
 */
export const MigrationsTable = z.strictObject({
  table: identifier,
  columns: z.array(identifier).min(1).max(4),
});
export type MigrationsTable = z.infer<typeof MigrationsTable>;

/** Most rows that are read. Together with their bytes the bound of one item of the ledger, which takes 400 KB. */
export const MOST_MIGRATIONS = 4000;
/** Most bytes of all names together, as JSON. */
export const MOST_MIGRATION_BYTES = 250_000;

const reason = z.string().min(1);

/** What the function `database` of a target does, and how that ended. It stands in the target's network. */
export const DatabaseCall = {
  input: z.discriminatedUnion('action', [
    /** Makes the database's roles and gives each its rights; nothing is done that is done already. */
    z.strictObject({
      action: z.literal('prepare'),
      migrations: MigrationsTable.optional(),
      /** How long a statement may wait for a lock that users' requests queue behind. */
      lockTimeoutMs: z.int().min(1),
    }),
    /** Reads which migrations the framework has recorded. */
    z.strictObject({ action: z.literal('recorded migrations'), migrations: MigrationsTable }),
  ]),
  output: z.discriminatedUnion('outcome', [
    /** `statements`: how many had to be executed; 0: everything was as it should be. */
    z.strictObject({ outcome: z.literal('prepared'), statements: z.int().min(0) }),
    /** In alphabetical order. */
    z.strictObject({ outcome: z.literal('recorded'), migrations: z.array(z.string()).max(MOST_MIGRATIONS) }),
    /** Trying again changes nothing. The database is as it was. */
    z.strictObject({ outcome: z.literal('refused'), reason }),
  ]),
};
