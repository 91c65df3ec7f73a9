import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Supervisor } from '@farol/local-aws/supervisor.ts';
import { Client } from 'pg';
import { prepare, type Roles } from '../../../../functions/database/prepare.ts';
import { startPostgres } from '../../../../local/parts/postgres.ts';

type Role = 'master' | 'owner' | 'migrator' | 'application' | 'planner' | 'outsider';

/** A database as RDS makes one: owned by a master that makes roles, and is no superuser. */
export interface TestDatabase {
  name(role: Role): string;
  roles: Roles;
  connect(role: Role | 'superuser'): Promise<Client>;
  /** Statements that had to be executed. */
  prepare(options?: { roles?: Roles; migrationsTable?: string | undefined; lockTimeoutMs?: number }): Promise<string[]>;
  /** Executes statements as a role, one after the other. */
  as(role: Role | 'superuser', ...statements: string[]): Promise<unknown[][]>;
  /** All that preparing can change, passwords aside. */
  catalogue(): Promise<unknown[][]>;
}

const CATALOGUE = `
SELECT rolname::text, rolcanlogin, rolcreaterole, rolconnlimit::text FROM pg_roles WHERE rolname LIKE $1 || '%'
UNION ALL
    SELECT one.rolname || '<' || whole.rolname || '>' || grantor::regrole, inherit_option, set_option, admin_option::text
    FROM pg_auth_members JOIN pg_roles AS one ON one.oid = member JOIN pg_roles AS whole ON whole.oid = roleid
    WHERE one.rolname LIKE $1 || '%'
UNION ALL SELECT datname || datacl::text || datdba::regrole, true, true, '' FROM pg_database WHERE datname = current_database()
UNION ALL SELECT nspname || nspacl::text || nspowner::regrole, true, true, '' FROM pg_namespace WHERE nspname = 'public'
UNION ALL SELECT relname::text || coalesce(relacl::text, '') || relowner::regrole, true, true, '' FROM pg_class
    WHERE relnamespace = 'public'::regnamespace
UNION ALL SELECT attname || attacl::text, true, true, '' FROM pg_attribute WHERE attacl IS NOT NULL AND attrelid > 16383
UNION ALL SELECT proname || coalesce(proacl::text, '') || proowner::regrole, true, true, '' FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace
UNION ALL SELECT defaclobjtype::text || defaclacl::text, true, true, '' FROM pg_default_acl
UNION ALL SELECT setrole::regrole || setconfig::text, true, true, '' FROM pg_db_role_setting
    WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
ORDER BY 1`;

/** A PostgreSQL server of the test's own, and databases in it. */
export async function startServer() {
  const folder = mkdtempSync(join(tmpdir(), 'farol-database-test-'));
  const server = await startPostgres(new Supervisor(join(folder, 'log')), join(folder, 'data'), {
    name: 'unused',
    master: 'unused',
  });
  const open = async (user: string, password: string, database: string): Promise<Client> => {
    const client = new Client({ host: server.host, port: server.port, user, password, database });
    await client.connect();
    return client;
  };
  const run = async (client: Client, statements: readonly string[]): Promise<unknown[][]> => {
    try {
      let rows: unknown[][] = [];
      for (const text of statements) ({ rows } = await client.query<unknown[]>({ text, rowMode: 'array' }));
      return rows;
    } finally {
      await client.end();
    }
  };
  const { user: superuser, password } = server.superuser;
  let databases = 0;
  return {
    async stop() {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
    /** @param byIam with the role by which RDS knows whom it lets in by IAM, which its master may grant */
    async database({ byIam = false } = {}): Promise<TestDatabase> {
      databases += 1;
      const prefix = `t${databases}`;
      const name = (role: Role) => `${prefix}_${role}`;
      await run(await open(superuser, password, 'postgres'), [
        `CREATE ROLE ${name('master')} LOGIN CREATEROLE CREATEDB PASSWORD 'of-master'`,
        `CREATE DATABASE ${prefix} OWNER ${name('master')}`,
        byIam
          ? `DO $$ BEGIN CREATE ROLE rds_iam NOLOGIN; EXCEPTION WHEN duplicate_object THEN END $$`
          : `DROP ROLE IF EXISTS rds_iam`,
        ...(byIam ? [`GRANT rds_iam TO ${name('master')} WITH ADMIN OPTION, INHERIT FALSE, SET FALSE`] : []),
      ]);
      const passwords = Object.fromEntries(
        (['migrator', 'application', 'planner'] as const).map((role) => [name(role), `of-${role}`]),
      );
      const roles: Roles = {
        owner: name('owner'),
        migrator: name('migrator'),
        application: name('application'),
        planner: name('planner'),
        passwords: byIam ? undefined : passwords,
      };
      const connect = (role: Role | 'superuser') =>
        role === 'superuser' ? open(superuser, password, prefix) : open(name(role), `of-${role}`, prefix);
      return {
        name,
        roles,
        connect,
        async as(role, ...statements) {
          return run(await connect(role), statements);
        },
        async catalogue() {
          const client = await connect('superuser');
          try {
            const { rows } = await client.query<unknown[]>({ text: CATALOGUE, values: [prefix], rowMode: 'array' });
            return rows;
          } finally {
            await client.end();
          }
        },
        async prepare(options = {}) {
          const client = await connect('master');
          try {
            return await prepare(client, {
              roles,
              migrationsTable: 'django_migrations',
              lockTimeoutMs: 5000,
              ...options,
            });
          } finally {
            await client.end();
          }
        },
      };
    },
  };
}
