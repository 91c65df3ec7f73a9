import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { CreateRepositoryCommand, ECRClient } from '@aws-sdk/client-ecr';
import { clientOptions } from '@farol/local-aws/aws-side.ts';
import { createDockerRuntime } from '@farol/local-aws/runtime/docker.ts';
import type { ContainerSpec, TaskRuntime } from '@farol/local-aws/runtime/runtime.ts';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { Closers } from '../../local/parts/closers.ts';
import { ROOT } from '../../local/setup.mjs';
import { until } from '../../packages/local-aws/test/fixtures/data-plane.ts';
import { BASE, describeWithEngine, docker } from '../fixtures/docker.ts';
import { startRegistry } from '../fixtures/ecr.ts';

/** What a task definition names; only what follows the registry's name counts. */
const NAMED = '111122223333.dkr.ecr.us-east-1.amazonaws.com';

describeWithEngine('containers of the Docker engine', () => {
  const closers = new Closers();
  let registry: string;
  let image: string;

  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'farol-runtime-'));
    closers.add(() => rmSync(folder, { recursive: true }));
    const { gateway } = await startRegistry(folder, closers);
    await new ECRClient(clientOptions(gateway.url, 'test')).send(
      new CreateRepositoryCommand({ repositoryName: 'web' }),
    );
    registry = new URL(gateway.url).host;
    const tag = `${registry}/web:v1.0.0`;
    writeFileSync(join(folder, 'Dockerfile'), DOCKERFILE);
    await docker('build', '--tag', tag, '--build-arg', `BASE=${BASE}`, folder);
    closers.add(async () => void (await docker('image', 'rm', tag)));
    await docker('push', tag);
    const digests = await docker('image', 'inspect', '--format', '{{join .RepoDigests "\\n"}}', tag);
    image = `${NAMED}/web@${/sha256:[0-9a-f]{64}/.exec(digests)?.[0]}`;
  });
  afterAll(() => closers.close(), 60_000);

  function startRuntime(): TaskRuntime {
    const runtime = createDockerRuntime(registry);
    onTestFinished(() => runtime.close());
    return runtime;
  }

  /** A container that runs a shell script, and its lines. */
  async function start(script: string, more: Partial<ContainerSpec> = {}) {
    const lines: string[] = [];
    const runtime = startRuntime();
    const pulled = await runtime.pull(image);
    const container = await pulled.start({
      command: ['sh', '-c', script],
      environment: {},
      readonlyRoot: true,
      dropped: [],
      volumes: ['/tmp'],
      init: true,
      onLine: (line) => lines.push(line),
      ...more,
    });
    return { ...container, runtime, lines };
  }

  test('a container has no capability that was dropped', async () => {
    const all = await start('grep CapBnd /proc/self/status');
    expect(await all.exit).toBe(0);
    const none = await start('grep CapBnd /proc/self/status', { dropped: ['ALL'] });
    expect(await none.exit).toBe(0);
    expect(none.lines).toEqual(['CapBnd:\t0000000000000000']);
    expect(all.lines).not.toEqual(none.lines);
  });

  test('tells every line and the exit code', async () => {
    const { exit, lines } = await start('echo one; echo two >&2; printf three; exit 3');
    expect(await exit).toBe(3);
    expect(lines.toSorted()).toEqual(['one', 'three', 'two']);
  });

  test('is given its environment, values with anything in them', async () => {
    const environment = { ONE: 'a "b" $c\nd', EMPTY: '', PATH: '/bin:/usr/bin', HOME: '/elsewhere' };
    const { exit, lines } = await start('echo "$ONE|$EMPTY|$PATH|$HOME|$IMAGE"', { environment });
    expect(await exit).toBe(0);
    expect(lines.join('\n')).toBe(`a "b" $c\nd||/bin:/usr/bin|/elsewhere|yes`);
  });

  test('runs as the image says, writes to its volumes and to nothing else', async () => {
    const { exit, lines } = await start('id -u; touch /tmp/file && echo kept; touch /file');
    expect(await exit).toBe(1);
    expect(lines).toEqual(expect.arrayContaining(['10001', 'kept']));
    expect(lines.join('\n')).toContain('Read-only file system');
  });

  test('runs what the image runs when it is given no command', async () => {
    const { exit, lines } = await start('', { command: [] });
    expect(await exit).toBe(0);
    expect(lines).toEqual(['the command of the image']);
  });

  test('passes SIGTERM to the program and kills one that does not end', async () => {
    const script = `trap 'echo heard' TERM; echo ready; while :; do sleep 0.1; done`;
    const container = await start(script);
    const { exit, lines } = container;
    await until('the program is ready', () => lines.includes('ready'));
    container.signal('SIGTERM');
    await until('the program heard', () => lines.includes('heard'));
    container.signal('SIGKILL');
    expect(await exit).toBe(137);
  });

  test('is refused for a command or an image that is not there', async () => {
    const command = ['/no/such/program'];
    await expect(start('', { command, init: false })).rejects.toThrow('no such file or directory');
    // Where there is an init, it starts, and ends as a shell would.
    expect(await (await start('', { command })).exit).toBe(127);
    const missing = `${NAMED}/web@sha256:${'0'.repeat(64)}`;
    await expect(startRuntime().pull(missing)).rejects.toThrow('manifest');
  });

  test('is ended by close, and nothing of it is left', async () => {
    const { exit, runtime, lines } = await start('hostname; echo up; sleep 60');
    await until('it is up', () => lines.includes('up'));
    await runtime.close();
    expect(await exit).toBe(137);
    expect(await containers()).toEqual([]);
    await expect(runtime.pull(image)).rejects.toThrow('closed');
  });

  test('ends even when the program that started it is killed', async () => {
    const owner = spawn(
      process.execPath,
      [join(ROOT, 'packages/local-aws/test/fixtures/container/docker-owner.js'), registry, image],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    await new Promise((done) => createInterface({ input: owner.stdout }).once('line', done));
    expect(await containers()).toHaveLength(1);
    owner.kill('SIGKILL');
    await until('the container is gone', async () => (await containers()).length === 0);
  });

  /** Containers of the image that this file made. */
  async function containers(): Promise<string[]> {
    const list = await docker('ps', '--all', '--quiet', '--filter', `label=farol.test=${process.pid}`);
    return list === '' ? [] : list.split('\n');
  }
});

const DOCKERFILE = `
ARG BASE
FROM \${BASE}
RUN chmod 1777 /tmp
VOLUME /tmp
ENV IMAGE=yes
USER 10001:10001
LABEL farol.test=${process.pid}
CMD ["echo", "the command of the image"]
`;
