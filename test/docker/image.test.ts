import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Supervisor } from '@farol/local-aws/supervisor.ts';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import * as z from 'zod';
import { BUILD_LABEL, COMMIT_LABEL, RELEASE_LABEL, ReleaseJson } from '#core/contract/release.ts';
import { freePort } from '../../local/parts/ports.ts';
import { startPostgres } from '../../local/parts/postgres.ts';
import { ROOT } from '../../local/setup.mjs';
import { until } from '../../packages/local-aws/test/fixtures/data-plane.ts';
import { buildApplication, describeWithEngine, docker, runContainer, type TestContainer } from '../fixtures/docker.ts';

const TAG = `farol-test-image:${process.pid}`;
const TEXT = readFileSync(join(ROOT, 'django', 'release.json'), 'utf8').trim();
const RELEASE = ReleaseJson.parse(JSON.parse(TEXT));
const COMMIT = 'c'.repeat(40);
/** The user of the image; it is in no other place that the number has to agree with. */
const USER = '10001';
/** Seconds that a task has between SIGTERM and SIGKILL: the least that docs/ asks for. */
const STOP_TIMEOUT = 30;

const Inspected = z.tuple([
  z.object({
    Config: z.object({
      User: z.string(),
      Cmd: z.array(z.string()),
      Entrypoint: z.array(z.string()).nullish(),
      Volumes: z.record(z.string(), z.object({})),
      Env: z.array(z.string()),
      Labels: z.record(z.string(), z.string()),
      StopSignal: z.string(),
    }),
    Size: z.int(),
  }),
]);

describeWithEngine('the image', () => {
  let folder: string;
  let database: Awaited<ReturnType<typeof startPostgres>>;
  let env: Record<string, string>;
  const containers = new Set<TestContainer>();

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'farol-docker-'));
    [database] = await Promise.all([
      startPostgres(new Supervisor(join(folder, 'log')), join(folder, 'postgresql'), { name: 'web', master: 'master' }),
      buildApplication(TAG, { VERSION: 'v1.4.0', COMMIT, BUILD: 'web-build:1', RELEASE_JSON: TEXT }),
    ]);
    env = {
      POSTGRES_HOST: database.host,
      POSTGRES_PORT: String(database.port),
      POSTGRES_NAME: database.name,
      POSTGRES_USER: database.master.user,
      POSTGRES_PASSWORD: database.master.password,
      SECRET_KEY: 'a secret key of the tests that is long enough to be one',
      ALLOWED_HOSTS: '127.0.0.1',
      HOST: '127.0.0.1',
      FAROL_VERSION: 'v1.4.0',
      FAROL_DIGEST: `sha256:${'d'.repeat(64)}`,
      FAROL_COMMIT: COMMIT,
      FAROL_SLOT: 'blue',
    };
  }, 600_000);
  afterAll(async () => {
    await Promise.all([...containers].map(({ name }) => docker('rm', '--force', '--volumes', name)));
    await docker('image', 'rm', TAG);
    await database?.stop();
    rmSync(folder, { recursive: true });
  }, 60_000);

  /** A container of the image with what a task is given. */
  function run(command: readonly string[], more: Record<string, string> = {}): TestContainer {
    const name = `${TAG.replace(':', '-')}-${containers.size}`;
    const container = runContainer(TAG, command, { name, env: { ...env, ...more } });
    containers.add(container);
    return container;
  }

  /** Runs a command of release.json to its end; what it wrote if it ended well. */
  async function task(command: readonly string[] | null): Promise<readonly string[]> {
    if (command === null) throw new Error('release.json has no such command');
    const { exit, lines } = run(command);
    expect(await exit, lines.join('\n')).toBe(0);
    return lines;
  }

  /** A container that serves. */
  async function serve(): Promise<{ container: TestContainer; url: string }> {
    const port = await freePort();
    const container = run([], { PORT: String(port) });
    const url = `http://127.0.0.1:${port}`;
    await until(`an answer: ${container.lines.join('\n')}`, async () => (await ask(`${url}${RELEASE.livez}`)) === 200);
    onTestFinished(async () => {
      await docker('kill', container.name).catch(() => undefined);
      await container.exit;
    });
    return { container, url };
  }

  async function inspect(): Promise<z.infer<typeof Inspected>[0]> {
    return Inspected.parse(JSON.parse(await docker('image', 'inspect', TAG)))[0];
  }

  test('says whom it runs as, what it runs and which signal ends it', async () => {
    const { Config } = await inspect();
    expect(Config).toMatchObject({ User: `${USER}:${USER}`, Cmd: RELEASE.start, StopSignal: 'SIGTERM' });
    expect(Config.Entrypoint ?? []).toEqual([]);
    expect(Object.keys(Config.Volumes)).toEqual(['/tmp']);
  });

  test('carries release.json word for word, commit, build and version', async () => {
    const { Config } = await inspect();
    expect(Config.Labels).toMatchObject({
      [RELEASE_LABEL]: TEXT,
      [COMMIT_LABEL]: COMMIT,
      [BUILD_LABEL]: 'web-build:1',
      'org.opencontainers.image.version': 'v1.4.0',
    });
  });

  test('holds no secret: not in its environment, not in its history', async () => {
    const { Config } = await inspect();
    expect(Config.Env.filter((pair) => /SECRET|PASSWORD|KEY=|TOKEN/.test(pair))).toEqual([]);
    const history = await docker('history', '--no-trunc', '--format', '{{.CreatedBy}}', TAG);
    // The build has to have a key; it makes one, which stays in that command.
    expect(history).not.toMatch(/SECRET_KEY=(?!"\$\()/);
  });

  test('holds what runs and nothing that only builds or tests', async () => {
    const files = (await docker('run', '--rm', TAG, 'find', '/app', '/opt/venv')).split('\n');
    expect(files).toEqual(expect.arrayContaining(['/app/manage.py', '/app/staticfiles/staticfiles.json']));
    const unwanted =
      /\/(\.git|\.env|\.venv|\.dockerignore|Dockerfile|ladder|requirements-dev.txt|[^/]*[.]in|pytest|_pytest|ruff|pip)$|^\/app\/tests(\/|$)/;
    expect(files.filter((file) => unwanted.test(file))).toEqual([]);
  });

  test('lets its user write nowhere but to /tmp, even where the root file system is not read-only', async () => {
    // find ends with 1 where it may not look into a folder.
    const search = "find / -xdev -writable -not -type l -not -path '/tmp*' -not -path '/proc/*' -not -path '/dev/*'";
    const found = await docker('run', '--rm', TAG, 'sh', '-c', `${search} 2>/dev/null; test $? -le 1`);
    // Debian's places for anybody's temporary files; nothing is run from there.
    const debians = new Set(['', '/var/tmp', '/run/lock']);
    expect(found.split('\n').filter((path) => !debians.has(path))).toEqual([]);
  });

  test('its user is not root; its root file system is read-only, /tmp is not', async () => {
    const script = 'id -u; touch /tmp/ok && echo written; touch /app/no; touch /var/tmp/no; true';
    const { exit, lines } = run(['sh', '-c', script]);
    expect(await exit).toBe(0);
    expect(lines).toEqual(expect.arrayContaining([USER, 'written']));
    expect(lines.filter((line) => line.includes('Read-only file system'))).toHaveLength(2);
  });

  test('plans and runs its migrations, and finds nothing to do the second time', async () => {
    const planned = async (): Promise<unknown> => {
      const plan = z.object({ migrations: z.array(z.unknown()) });
      return plan.parse(JSON.parse((await task(RELEASE.migrationPlan)).at(-1) ?? '')).migrations;
    };
    expect(await planned()).not.toEqual([]);
    await task(RELEASE.migrate);
    expect(await planned()).toEqual([]);
    await task(RELEASE.migrate);
  });

  test('serves: it is alive, ready, says what it is, and passes its own smoke checks', async () => {
    const { container, url } = await serve();
    expect(await ask(`${url}${RELEASE.readyz}`)).toBe(200);
    const { FAROL_VERSION: version, FAROL_DIGEST: digest, FAROL_COMMIT: commit, FAROL_SLOT: slot } = env;
    const said = await fetch(`${url}${RELEASE.version}`);
    expect(await said.json()).toEqual({ version, digest, commit, slot });
    for (const { path, status, contains = '' } of RELEASE.smoke) {
      const answer = await fetch(`${url}${path}`);
      expect(answer.status, path).toBe(status);
      expect(await answer.text()).toContain(contains);
    }
    expect(
      (await docker('diff', container.name)).split('\n').filter((line) => / \/(app|opt|etc|usr)/.test(line)),
    ).toEqual([]);
  });

  test('answers what is under way when SIGTERM comes, then ends well', async () => {
    const { container, url } = await serve();
    // A statement of another session holds the page up for as long as the test wants.
    const locker = run(['python', '-u', '-c', LOCKER]);
    await until(`the lock: ${locker.lines.join('\n')}`, () => locker.lines.includes('locked'));
    const page = fetch(`${url}/`);
    await until('the request waits for the lock', () => locker.lines.includes('a request waits'));
    const began = performance.now();
    await docker('kill', '--signal', 'SIGTERM', container.name);
    // The same connection to a closed listener is refused: the server has heard.
    await until('no new connection is taken', async () => (await ask(`${url}${RELEASE.livez}`)) === undefined);
    await docker('kill', '--signal', 'SIGKILL', locker.name);
    expect((await page).status).toBe(200);
    expect(await container.exit, container.lines.join('\n')).toBe(0);
    expect(performance.now() - began).toBeLessThan(STOP_TIMEOUT * 1000);
  });
});

/** Holds a table until it is killed, and tells when somebody waits for it. */
const LOCKER = `
import os, time, psycopg
names = dict(host='HOST', port='PORT', dbname='NAME', user='USER', password='PASSWORD')
with psycopg.connect(**{key: os.environ['POSTGRES_' + name] for key, name in names.items()}) as db:
    db.execute('LOCK TABLE guestbook_entry IN ACCESS EXCLUSIVE MODE')
    print('locked')
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    while db.execute(waiting).fetchone()[0] == 0:
        db.execute('SELECT pg_stat_clear_snapshot()')
        time.sleep(0.02)
    print('a request waits')
    time.sleep(60)
`;

/** The status of an answer; undefined when nobody takes the connection. */
async function ask(url: string): Promise<number | undefined> {
  try {
    return (await fetch(url, { headers: { connection: 'close' }, signal: AbortSignal.timeout(5000) })).status;
  } catch {
    return undefined;
  }
}
