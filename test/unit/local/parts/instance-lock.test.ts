import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { until } from '@farol/local-aws/deadline.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { processesOf, RUN_VARIABLE } from '../../../../local/leftovers.mjs';
import { takeInstanceLock } from '../../../../local/parts/instance-lock.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'farol-'));
  file = join(folder, 'state', 'lock');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('one at a time; free again after its release', () => {
  const lock = takeInstanceLock(file);
  expect(() => takeInstanceLock(file)).toThrow(`Farol runs already (process ${process.pid})`);
  lock.release();
  expect(existsSync(file)).toBe(false);
  takeInstanceLock(file).release();
});

test('the lock of a process that is gone is taken over, and what it left behind is ended', async () => {
  const run = randomUUID();
  const leftover = spawn(execPath, ['-e', 'setInterval(() => {}, 1000)'], {
    stdio: 'ignore',
    env: { ...process.env, [RUN_VARIABLE]: run },
  });
  const ended = new Promise<NodeJS.Signals | null>((resolve) =>
    leftover.once('exit', (_code, signal) => resolve(signal)),
  );
  await until(5000, 'the process', () => (processesOf(run).includes(leftover.pid ?? 0) ? true : undefined));
  takeInstanceLock(file).release();
  writeFileSync(file, JSON.stringify({ pid: 2 ** 22 + 1, run }));
  takeInstanceLock(file).release();
  expect(await ended).toBe('SIGKILL');
});

test('a number that went to another process since does not count as running', () => {
  takeInstanceLock(file).release();
  writeFileSync(file, JSON.stringify({ pid: process.pid, run: randomUUID() }));
  expect(() => takeInstanceLock(file).release()).not.toThrow();
});

test('a lock that was cut off while it was written is taken over', () => {
  takeInstanceLock(file).release();
  writeFileSync(file, '{"pi');
  expect(() => takeInstanceLock(file).release()).not.toThrow();
});
