import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { until } from '../src/deadline.ts';
import { Supervisor } from '../src/supervisor.ts';

let folder: string;
let supervisor: Supervisor;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'local-aws-'));
  supervisor = new Supervisor(folder);
});
afterEach(() => {
  supervisor.kill();
  rmSync(folder, { recursive: true, force: true });
});

const node = (script: string): { command: string; args: string[] } => ({ command: execPath, args: ['-e', script] });
const FOREVER = 'setInterval(() => {}, 1000);';

/** Whether a process runs no more; one that has ended and that nobody has collected yet does not run. */
function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return existsSync(`/proc/${pid}/stat`) && /\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}

test('a part is ready when it says so, and what it prints is in its log', async () => {
  const part = await supervisor.start({
    name: 'talker',
    ...node(`console.log('up'); console.error('hm'); ${FOREVER}`),
    ready: /up/,
  });
  await until(5000, 'the log', () =>
    readFileSync(supervisor.log('talker'), 'utf8').includes('hm') ? true : undefined,
  );
  await part.stop();
  expect(isGone(part.pid)).toBe(true);
});

test('a part and what it started end even when this program is killed', async () => {
  const source = new URL('../src/supervisor.ts', import.meta.url).href;
  const family = `const child = require('node:child_process').spawn(process.execPath, ['-e', '${FOREVER}']); console.log('child', child.pid); ${FOREVER}`;
  const program = `
    const { Supervisor } = await import(${JSON.stringify(source)});
    const supervisor = new Supervisor(${JSON.stringify(folder)});
    const spec = { name: 'family', command: process.execPath, args: ['-e', ${JSON.stringify(family)}], ready: /child/ };
    const { pid } = await supervisor.start(spec);
    console.log(pid);
  `;
  const owner = spawn(execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(owner.stdout, 'data');
  const child = await until(
    5000,
    'the log',
    () => /child (\d+)/.exec(readFileSync(supervisor.log('family'), 'utf8'))?.[1],
  );
  owner.kill('SIGKILL');
  for (const pid of [Number(String(line)), Number(child)])
    await until(5000, `the end of ${pid}`, () => isGone(pid) || undefined);
  expect(isGone(Number(child))).toBe(true);
});

test('a part that never gets ready is ended, with a line that names its log', async () => {
  const start = supervisor.start({ name: 'mute', ...node(FOREVER), ready: /never/, deadline: 300 });
  await expect(start).rejects.toThrow(/mute \(see .*mute\.log\): the start took longer than/);
});

test('a part that dies at its start says with which code', async () => {
  const start = supervisor.start({ name: 'failing', ...node('process.exit(3)'), ready: /never/ });
  await expect(start).rejects.toThrow(/^failing died \(exit code 3\): see .*failing\.log\.$/);
});

test('a command that does not exist is told so', async () => {
  await expect(
    supervisor.start({ name: 'nothing', command: '/no/such/program', args: [], ready: /x/ }),
  ).rejects.toThrow('ENOENT');
});

test('a death that nobody asked for is told, one that was asked for is not', async () => {
  const asked = await supervisor.start({ name: 'asked', ...node(`console.log('up'); ${FOREVER}`), ready: /up/ });
  await asked.stop();
  const killed = await supervisor.start({ name: 'killed', ...node(`console.log('up'); ${FOREVER}`), ready: /up/ });
  process.kill(killed.pid, 'SIGKILL');
  await expect(supervisor.death).rejects.toThrow('killed died (ended by SIGKILL)');
});

test('a part that does not heed its signal is ended by force, with what it started', async () => {
  const script = `
    process.on('SIGTERM', () => {});
    const { spawn } = require('node:child_process');
    const child = spawn(process.execPath, ['-e', '${FOREVER}']);
    console.log('child ' + child.pid);
    ${FOREVER}`;
  const part = await supervisor.start({ name: 'deaf', ...node(script), ready: /child \d+/, patience: 200 });
  const child = await until(5000, 'the log', () => {
    const [, pid] = /child (\d+)/.exec(readFileSync(supervisor.log('deaf'), 'utf8')) ?? [];
    return pid === undefined ? undefined : Number(pid);
  });
  await part.stop();
  expect(isGone(part.pid)).toBe(true);
  await until(5000, 'the end of the child', () => (isZombieOrGone(child) ? true : undefined));
});

/** A process whose new parent has not taken note of its end has ended all the same. */
function isZombieOrGone(pid: number): boolean {
  if (isGone(pid)) return true;
  try {
    return / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}
