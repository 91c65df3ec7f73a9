import { type ClientBase, DatabaseError, escapeIdentifier, escapeLiteral } from 'pg';
import { passwordVerifier } from './password-verifier.ts';
import { STEPS } from './statements.ts';

/** Any number will do, as long as every version of Farol uses the same: these are the letters of "roles". */
const LOCK = 0x726f6c6573;
/** A second one waits that long for the first, and then finds everything done. Within the function's own time. */
const PATIENCE_MS = 10_000;

/** What is not done and why, in one sentence. The database is as it was. */
export class Refused extends Error {
  override readonly name = 'Refused';
}

/** The roles by their names, and how those that log in are let in. */
export interface Roles {
  readonly owner: string;
  readonly migrator: string;
  readonly application: string;
  readonly planner: string;
  /** By role; `undefined`: IAM lets them in. */
  readonly passwords: Readonly<Record<string, string>> | undefined;
}

interface Options {
  readonly roles: Roles;
  /** Name of the framework's table of migrations; `undefined`: the application has none, and the planner reads no table. */
  readonly migrationsTable: string | undefined;
  /** How long a statement may wait for a lock, those of a migration too. */
  readonly lockTimeoutMs: number;
}

/**
 * Makes the database's roles and gives each its rights: all or nothing, one process at a time. A second run finds nothing to
 * do. Returns the statements that had to be executed, passwords aside.
 * @throws {Refused} where trying again changes nothing
 */
export async function prepare(
  client: ClientBase,
  { roles, migrationsTable, lockTimeoutMs }: Options,
): Promise<string[]> {
  const literals = {
    owner: roles.owner,
    migrator: roles.migrator,
    application: roles.application,
    planner: roles.planner,
    migrations: migrationsTable ?? '',
    lock_timeout: `${lockTimeoutMs}ms`,
    by_iam: roles.passwords === undefined,
  };
  const executed: string[] = [];
  await client.query('BEGIN');
  try {
    await client.query('SET LOCAL statement_timeout = 0');
    await client.query("SELECT set_config('lock_timeout', $1, true)", [`${PATIENCE_MS}ms`]);
    await client.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
    // From here on a lock that is waited for is one that users' requests queue behind.
    await client.query("SELECT set_config('lock_timeout', $1, true)", [`${lockTimeoutMs}ms`]);
    if (roles.passwords === undefined) await refuseWithoutIam(client);
    for (const step of STEPS) {
      const query = withLiterals(step, literals);
      for (const statement of await statements(client, query)) {
        await client.query(statement);
        executed.push(statement);
      }
      const [without] = await statements(client, query);
      if (without !== undefined)
        throw new Refused(
          `This statement had no effect: ${without}. The user that prepares the database must own it and have CREATEROLE.`,
        );
    }
    for (const [role, password] of Object.entries(roles.passwords ?? {})) await setPassword(client, role, password);
    await client.query('COMMIT');
    return executed;
  } catch (error) {
    await client.query('ROLLBACK');
    // 42501, insufficient_privilege: PostgreSQL documentation, "PostgreSQL Error Codes".
    if (error instanceof DatabaseError && error.code === '42501')
      throw new Refused(`The user that prepares the database lacks a right: ${error.message}.`);
    throw error;
  }
}

/**
 * The query with each `{name}` replaced by the literal of that name.
 * @throws {TypeError} for a name that has none
 */
function withLiterals(query: string, literals: Readonly<Record<string, string | boolean>>): string {
  return query.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = literals[name];
    if (value === undefined) throw new TypeError(`no literal ${name}`);
    return typeof value === 'boolean' ? String(value) : escapeLiteral(value);
  });
}

async function statements(client: ClientBase, query: string): Promise<string[]> {
  const { rows } = await client.query<[string]>({ text: query, rowMode: 'array' });
  return rows.map(([statement]) => statement);
}

/**
 * RDS asks for a token from every member of rds_iam, however many roles lie between. This user becomes a member of what it
 * makes (PostgreSQL 16 and later), so it must be let in by IAM itself; the settings of the function see to that.
 */
async function refuseWithoutIam(client: ClientBase): Promise<void> {
  const { rowCount } = await client.query("SELECT FROM pg_roles WHERE rolname = 'rds_iam'");
  if (rowCount === 0)
    throw new Refused(
      'The roles are to be let in by IAM, and this server has no role rds_iam. Use a database of Amazon RDS with IAM authentication.',
    );
}

/** Each time, since what it was cannot be read. The server is told, and may log, only what it keeps of it. */
async function setPassword(client: ClientBase, role: string, password: string): Promise<void> {
  await client.query(`ALTER ROLE ${escapeIdentifier(role)} PASSWORD ${escapeLiteral(passwordVerifier(password))}`);
}
