import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Refused } from '../../../../functions/database/prepare.ts';
import { recordedMigrations } from '../../../../functions/database/recorded-migrations.ts';
import { startServer } from './server.ts';

let server: Awaited<ReturnType<typeof startServer>>;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

const TABLES = [
  'CREATE TABLE django_migrations (id serial, app text, name text)',
  "INSERT INTO django_migrations (app, name) VALUES ('board', '0002_b'), ('board', '0001_a')",
  'CREATE TABLE entries (id serial PRIMARY KEY, message text)',
  "INSERT INTO entries (message) VALUES ('hello')",
];
/** What PostgreSQL says to who lacks a right. */
const DENIED = /permission denied|must be owner|must be member|read-only transaction|must be superuser/;

async function withTables() {
  const database = await server.database();
  await database.prepare();
  await database.as('migrator', ...TABLES);
  await database.prepare();
  return database;
}

describe('the application', () => {
  test('reads and writes rows, of tables to come too', async () => {
    const database = await withTables();
    await database.as('migrator', 'CREATE TABLE later (id serial, note text)');
    expect(await database.as('application', "INSERT INTO later (note) VALUES ('x') RETURNING id")).toEqual([[1]]);
    await database.as('application', "UPDATE entries SET message = 'good day'", 'DELETE FROM entries');
  });

  test.each([
    'CREATE TABLE mine (id int)',
    'CREATE TEMPORARY TABLE mine (id int)',
    'CREATE SCHEMA mine',
    'ALTER TABLE entries ADD COLUMN more int',
    'DROP TABLE entries',
    'TRUNCATE entries',
    "INSERT INTO django_migrations (app, name) VALUES ('board', '0003_c')",
    "UPDATE django_migrations SET name = '0003_c'",
    'DELETE FROM django_migrations',
  ])('may not %s', async (statement) => {
    const database = await withTables();
    await expect(database.as('application', statement)).rejects.toThrow(DENIED);
  });

  test('reads what was migrated', async () => {
    const database = await withTables();
    expect(await database.as('application', 'SELECT count(*)::int FROM django_migrations')).toEqual([[2]]);
  });

  test('leaves connections for a migration, for Farol and for a person, however many it opens', async () => {
    const database = await withTables();
    const [limits] = await database.as(
      'superuser',
      `SELECT rolconnlimit, current_setting('max_connections')::int FROM pg_roles WHERE rolname = '${database.name('application')}'`,
    );
    expect(limits?.[0]).toBe(Number(limits?.[1]) - 20);
  });

  test('comes into no other database of the one who prepares this one', async () => {
    const database = await server.database();
    const other = `${database.name('master')}_other`;
    await database.as('master', `CREATE DATABASE ${other}`);
    await database.prepare();
    const [rights] = await database.as(
      'superuser',
      `SELECT has_database_privilege('${database.name('application')}', '${other}', 'CONNECT')`,
    );
    expect(rights).toEqual([false]);
  });

  test('executes the functions that migrations make', async () => {
    const database = await withTables();
    await database.as('migrator', "CREATE FUNCTION wave() RETURNS int LANGUAGE sql AS 'SELECT 7'");
    expect(await database.as('application', 'SELECT wave()')).toEqual([[7]]);
  });
});

describe('the planner', () => {
  test('reads the catalogue and the table of migrations', async () => {
    const database = await withTables();
    expect(await database.as('planner', 'SELECT app, name FROM django_migrations ORDER BY name')).toEqual([
      ['board', '0001_a'],
      ['board', '0002_b'],
    ]);
    const columns = "SELECT attname FROM pg_attribute WHERE attrelid = 'entries'::regclass AND attnum > 0";
    expect(await database.as('planner', columns)).toEqual([['id'], ['message']]);
  });

  const forbidden = [
    'SELECT * FROM entries',
    'SELECT count(*) FROM entries',
    'DELETE FROM entries',
    "INSERT INTO entries (message) VALUES ('x')",
    'TRUNCATE entries',
    'DROP TABLE entries',
    'BEGIN; LOCK TABLE entries',
    "SELECT nextval('entries_id_seq')",
    'CREATE TABLE mine (id int)',
    'CREATE TEMPORARY TABLE mine (id int)',
    'CREATE SCHEMA mine',
    'CREATE EXTENSION pg_trgm',
    'COPY entries TO STDOUT',
    "INSERT INTO django_migrations (app, name) VALUES ('board', '0003_c')",
    'DELETE FROM django_migrations',
    "SELECT pg_read_file('/etc/passwd')",
    'SELECT all_of_it()',
  ];

  test.each(forbidden)('may not %s, whatever it makes of its session', async (statement) => {
    const database = await withTables();
    await database.as(
      'migrator',
      "CREATE FUNCTION all_of_it() RETURNS SETOF text SECURITY DEFINER LANGUAGE sql AS 'SELECT message FROM entries'",
    );
    const open = 'SET default_transaction_read_only = off';
    await expect(database.as('planner', open, statement)).rejects.toThrow(DENIED);
    expect(await database.as('application', 'SELECT message FROM entries')).toEqual([['hello']]);
  });

  test.each(['owner', 'migrator', 'application', 'master'] as const)('cannot become the %s', async (role) => {
    const database = await withTables();
    await expect(database.as('planner', `SET ROLE ${database.name(role)}`)).rejects.toThrow(DENIED);
  });

  test.each<[string, (name: string) => string]>([
    ['a table', (planner) => `GRANT SELECT ON entries TO ${planner}`],
    ['a column', (planner) => `GRANT SELECT (message) ON entries TO ${planner}`],
    ['a table, by everybody', () => 'GRANT SELECT ON entries TO PUBLIC'],
    ['the table of migrations, to write', (planner) => `GRANT INSERT ON django_migrations TO ${planner}`],
    ['a sequence', (planner) => `GRANT USAGE ON SEQUENCE entries_id_seq TO ${planner}`],
    ['the schema, to create', (planner) => `GRANT CREATE ON SCHEMA public TO ${planner}`],
  ])('loses what somebody gave it besides: %s', async (_what, grant) => {
    const database = await withTables();
    const before = await database.catalogue();
    await database.as('superuser', `SET ROLE ${database.name('owner')}`, grant(database.name('planner')));
    // The owner does not own the schema: that grant is the superuser's.
    if (grant('x').includes('SCHEMA')) await database.as('superuser', grant(database.name('planner')));
    expect(await database.catalogue()).not.toEqual(before);
    await database.prepare();
    expect(await database.catalogue()).toEqual(before);
  });

  test('loses the rights of a role that somebody made it a member of', async () => {
    const database = await withTables();
    await database.as('master', `GRANT ${database.name('application')} TO ${database.name('planner')}`);
    await expect(database.as('planner', 'SELECT * FROM entries')).resolves.toHaveLength(1);
    await database.prepare();
    await expect(database.as('planner', 'SELECT * FROM entries')).rejects.toThrow(DENIED);
  });

  test('reads no table of migrations that is no longer the one', async () => {
    const database = await withTables();
    await database.prepare({ migrationsTable: 'alembic_version' });
    await expect(database.as('planner', 'SELECT * FROM django_migrations')).rejects.toThrow(DENIED);
    await database.prepare({ migrationsTable: undefined });
    await expect(database.as('planner', 'SELECT * FROM django_migrations')).rejects.toThrow(DENIED);
  });
});

describe('preparing', () => {
  test('a second time finds nothing to do', async () => {
    const database = await withTables();
    const before = await database.catalogue();
    expect(await database.prepare()).toEqual([]);
    expect(await database.catalogue()).toEqual(before);
  });

  test('gives back what somebody took away', async () => {
    const database = await withTables();
    const before = await database.catalogue();
    await database.as('migrator', `REVOKE DELETE ON entries FROM ${database.name('application')}`);
    expect(await database.prepare()).toEqual([`GRANT DELETE ON entries TO ${database.name('application')}`]);
    expect(await database.catalogue()).toEqual(before);
  });

  test('several at once is done by one after the other', async () => {
    const database = await server.database();
    const done = await Promise.all([database.prepare(), database.prepare(), database.prepare()]);
    expect(done.filter((statements) => statements.length > 0)).toHaveLength(1);
  });

  test('makes what the master made before the owner’s', async () => {
    const database = await server.database();
    await database.as(
      'master',
      ...TABLES,
      'CREATE VIEW lines AS SELECT message FROM entries',
      "CREATE TYPE mood AS ENUM ('calm')",
      'CREATE DOMAIN sea AS text',
      "CREATE FUNCTION wave(i int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
      'CREATE SCHEMA "Other one"',
      'CREATE TABLE "Other one"."Big table" (id serial, moods mood[])',
    );
    await database.prepare();
    const owned = `SELECT relname::text FROM pg_class WHERE relowner = '${database.name('master')}'::regrole AND relkind <> 't'
      UNION ALL SELECT proname::text FROM pg_proc WHERE proowner = '${database.name('master')}'::regrole
      UNION ALL SELECT nspname::text FROM pg_namespace WHERE nspowner = '${database.name('master')}'::regrole`;
    expect(await database.as('superuser', owned)).toEqual([]);
    expect(await database.as('application', 'SELECT count(*)::int FROM lines')).toEqual([[1]]);
    await database.as('migrator', 'DROP TABLE "Other one"."Big table"');
    // Whatever still serves as the master goes on.
    await database.as('master', 'UPDATE entries SET message = message');
  });

  test('lets nobody else in', async () => {
    const database = await server.database();
    await database.as('superuser', `CREATE ROLE ${database.name('outsider')} LOGIN PASSWORD 'of-outsider'`);
    await database.as('outsider', 'SELECT 1');
    await database.prepare();
    await expect(database.as('outsider', 'SELECT 1')).rejects.toThrow('permission denied for database');
  });

  test('waits for a table in use no longer than said, and has then changed nothing', async () => {
    const database = await server.database();
    await database.as('master', ...TABLES);
    const reader = await database.connect('master');
    await reader.query('BEGIN');
    await reader.query('SELECT * FROM entries');
    const before = await database.catalogue();
    await expect(database.prepare({ lockTimeoutMs: 50 })).rejects.toThrow('lock timeout');
    await reader.query('ROLLBACK');
    await reader.end();
    expect(await database.catalogue()).toEqual(before);
  });

  test('gives a password that counts from then on', async () => {
    const database = await withTables();
    const passwords = { ...database.roles.passwords, [database.name('application')]: 'a new one' };
    await database.prepare({ roles: { ...database.roles, passwords } });
    await expect(database.as('application', 'SELECT 1')).rejects.toThrow('password authentication failed');
  });

  test('is refused in a sentence to one that may not make roles, with nothing changed', async () => {
    const database = await server.database();
    await database.as('superuser', `ALTER ROLE ${database.name('master')} NOCREATEROLE`);
    const before = await database.catalogue();
    const preparing = database.prepare();
    await expect(preparing).rejects.toThrow(Refused);
    await expect(preparing).rejects.toThrow(/lacks a right: permission denied to create role/);
    expect(await database.catalogue()).toEqual(before);
  });

  test('is refused in a sentence to one that does not own the database', async () => {
    const database = await server.database();
    await database.as('superuser', `ALTER DATABASE ${database.name('master').split('_')[0]} OWNER TO CURRENT_USER`);
    await expect(database.prepare()).rejects.toThrow(/^This statement had no effect: REVOKE .* must own it/);
  });

  test('by IAM makes every login a member of rds_iam, and takes that back for passwords', async () => {
    const database = await server.database({ byIam: true });
    const done = await database.prepare();
    for (const role of ['migrator', 'application', 'planner'] as const)
      expect(done).toContain(`GRANT rds_iam TO ${database.name(role)}`);
    expect(await database.prepare()).toEqual([]);
    const passwords = { [database.name('application')]: 'of-application' };
    expect(await database.prepare({ roles: { ...database.roles, passwords } })).toContain(
      `REVOKE rds_iam FROM ${database.name('planner')}`,
    );
    await database.as('superuser', `DROP OWNED BY rds_iam`);
  });

  test('by IAM is refused where the server does not know it', async () => {
    const database = await server.database();
    await database.as('superuser', 'DROP ROLE IF EXISTS rds_iam');
    await expect(database.prepare({ roles: { ...database.roles, passwords: undefined } })).rejects.toThrow(
      /this server has no role rds_iam/,
    );
  });
});

describe('the migrator', () => {
  test('is the owner from its first statement on, and waits for locks as said', async () => {
    const database = await server.database();
    await database.prepare({ lockTimeoutMs: 1500 });
    expect(await database.as('migrator', 'SELECT session_user::text, current_user::text')).toEqual([
      [database.name('migrator'), database.name('owner')],
    ]);
    expect(await database.as('migrator', 'SHOW lock_timeout')).toEqual([['1500ms']]);
  });
});

describe('the migrations that are recorded', () => {
  const django = { table: 'django_migrations', columns: ['app', 'name'] };

  test('are read in order, as the framework names them', async () => {
    const database = await withTables();
    const client = await database.connect('master');
    expect(await recordedMigrations(client, django)).toEqual(['board.0001_a', 'board.0002_b']);
    await client.end();
  });

  test('are none before the first migration', async () => {
    const database = await server.database();
    const client = await database.connect('master');
    expect(await recordedMigrations(client, django)).toEqual([]);
    await client.end();
  });

  test('of a table without the columns are refused, naming those that it has', async () => {
    const database = await withTables();
    const client = await database.connect('master');
    await expect(recordedMigrations(client, { table: 'entries', columns: ['version'] })).rejects.toThrow(
      /names the column version, and the table entries has: id, message/,
    );
    await client.end();
  });

  test.each([
    ['too many', "INSERT INTO django_migrations (app, name) SELECT 'board', n FROM generate_series(1, 5000) AS n"],
    ['too long', "INSERT INTO django_migrations (app, name) VALUES ('board', repeat('x', 300000))"],
  ])('that are %s to be kept are refused', async (_what, insert) => {
    const database = await withTables();
    await database.as('migrator', insert);
    const client = await database.connect('master');
    await expect(recordedMigrations(client, django)).rejects.toThrow(Refused);
    await client.end();
  });
});
