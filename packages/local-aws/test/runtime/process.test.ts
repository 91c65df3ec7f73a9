import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import type { OpenImage } from '../../src/runtime/images.ts';
import { createProcessRuntime } from '../../src/runtime/process.ts';
import type { ContainerSpec } from '../../src/runtime/runtime.ts';
import { until } from '../fixtures/data-plane.ts';

const directory = join(import.meta.dirname, '..', 'fixtures', 'container');

function spec(command: string[], onLine: ContainerSpec['onLine'] = () => undefined): ContainerSpec {
  return { command, environment: {}, readonlyRoot: true, dropped: [], volumes: [], init: true, onLine };
}

/** A runtime whose images are all this folder. */
function runtimeOn(image: OpenImage = { directory, env: {}, path: [] }) {
  const runtime = createProcessRuntime({ open: () => Promise.resolve(image) });
  return {
    close: () => runtime.close(),
    start: async (container: ContainerSpec) => (await runtime.pull('any')).start(container),
  };
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Whether a process runs no more; one that has ended and that nobody has collected yet does not run. */
async function gone(pid: number): Promise<boolean> {
  if (!alive(pid)) return true;
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return /\) Z /.test(stat);
}

test('what a container leaves behind ends with it', async () => {
  const runtime = runtimeOn();
  onTestFinished(() => runtime.close());
  const lines: string[] = [];
  const { exit } = await runtime.start(spec([process.execPath, 'family.js', 'leave'], (line) => lines.push(line)));
  expect(await exit).toBe(0);
  const child = Number(/child (\d+)/.exec(lines[0] ?? '')?.[1]);
  expect(child).toBeGreaterThan(0);
  await until('the child is gone', () => gone(child));
});

test('close ends everything', async () => {
  const runtime = runtimeOn();
  const lines: string[] = [];
  const { exit } = await runtime.start(spec([process.execPath, 'family.js'], (line) => lines.push(line)));
  const child = await until('a child', () => /child (\d+)/.exec(lines[0] ?? '')?.[1]);
  await runtime.close();
  expect(await exit).toBe(137);
  await until('the child is gone', () => gone(Number(child)));
  await expect(runtime.start(spec(['true']))).rejects.toThrow('closed');
});

test('containers end even when this program is killed', async () => {
  const owner = spawn(process.execPath, ['owner.js'], { cwd: directory, stdio: ['ignore', 'pipe', 'inherit'] });
  const child = await new Promise<number>((resolve) => {
    createInterface({ input: owner.stdout }).on('line', (line) => resolve(Number(/child (\d+)/.exec(line)?.[1])));
  });
  expect(alive(child)).toBe(true);
  owner.kill('SIGKILL');
  await until('the child is gone', () => gone(child));
});

test("an image's folders go in front of PATH", async () => {
  const folder = await mkdtemp(join(tmpdir(), 'local-aws-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, 'bin'));
  await writeFile(join(folder, 'bin', 'greet'), '#!/bin/sh\necho "hello from $PWD"\n');
  await chmod(join(folder, 'bin', 'greet'), 0o755);
  const runtime = runtimeOn({ directory: folder, env: {}, path: ['bin'] });
  onTestFinished(() => runtime.close());
  const lines: string[] = [];
  const { exit } = await runtime.start(spec(['greet'], (line) => lines.push(line)));
  expect(await exit).toBe(0);
  expect(lines).toEqual([`hello from ${folder}`]);
});
