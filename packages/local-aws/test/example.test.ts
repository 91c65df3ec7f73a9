import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { createDataPlane } from '../src/data-plane.ts';
import { createProcessRuntime } from '../src/runtime/process.ts';
import { pythonEnvironment, temporaryFolder } from './fixtures/gateway.ts';

const folder = join(import.meta.dirname, '..');
const readme = readFileSync(join(folder, 'README.md'), 'utf8');

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  server.close();
  await once(server, 'close');
  if (bound === null || typeof bound === 'string') throw new Error('no address');
  return bound.port;
}

test('the example in the README runs as it is written', async () => {
  const [, example = ''] = /```ts\n([^]*?)```/.exec(readme) ?? [];
  const TMPDIR = temporaryFolder();
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', '--input-type=module-typescript', '--eval', example],
    {
      cwd: folder,
      env: { ...process.env, TMPDIR, LOCAL_AWS_PYTHON: pythonEnvironment, EXAMPLE_PORT: String(await freePort()) },
    },
  );
  expect(stdout).toBe('hello\n');
  expect(readdirSync(TMPDIR)).toEqual([]);
});

test('the README names every operation of ECS, load balancing and scaling', async () => {
  const plane = createDataPlane({
    accountId: '000000000000',
    region: 'us-east-1',
    timeScale: 1,
    runtime: createProcessRuntime({ open: () => Promise.reject(new Error('no image')) }),
    publishLog: () => undefined,
    publishMetrics: () => undefined,
    resolveSecret: () => Promise.reject(new Error('no secret')),
  });
  const named = plane.services.map(({ operations }) => Object.keys(operations).toSorted());
  await plane.close();
  const rows = [...readme.matchAll(/^\| (?:ECS|Elastic Load Balancing v2|Application Auto Scaling) \| (.*) \|$/gm)];
  expect(rows.map(([, operations = '']) => operations.split(', ').toSorted())).toEqual(named);
});
