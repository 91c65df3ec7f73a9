import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { delimiter, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { ImageStore, OpenImage } from './images.ts';
import type { ContainerSpec, RunningContainer, TaskRuntime } from './runtime.ts';
import { Watchdog } from './watchdog.ts';

/** Real milliseconds that output of an ended container is waited for, if something outside its group holds the pipe. */
const LAST_OUTPUT = 1000;

/**
 * Runs each container as a process group of this machine: working directory and PATH are the image's, the environment
 * is the image's and the task's and nothing else. Groups end with this program, even if it is killed. What only a
 * container can have (a root that is read-only, volumes, an init) is left out.
 */
export function createProcessRuntime(images: ImageStore): TaskRuntime {
  const watchdog = new Watchdog();
  const running = new Map<number, Promise<number>>();
  let closed = false;

  const start = async (image: OpenImage, spec: ContainerSpec): Promise<RunningContainer> => {
    if (closed) throw new Error('the runtime is closed');
    const child = await spawned(image, spec);
    const group = child.pid;
    if (group === undefined) throw new Error('the process has no id');
    watchdog.watch(group);
    const exit = ended(child, group, spec.onLine).finally(() => {
      watchdog.forget(group);
      running.delete(group);
    });
    running.set(group, exit);
    return {
      exit,
      signal(signal) {
        if (!running.has(group)) return;
        if (signal === 'SIGKILL') killGroup(group);
        else child.kill(signal);
      },
    };
  };

  return {
    async pull(name) {
      const image = await images.open(name);
      return { start: (spec) => start(image, spec) };
    },

    async close() {
      closed = true;
      for (const group of running.keys()) killGroup(group);
      await Promise.all(running.values());
      watchdog.close();
    },
  };
}

/** The started process; rejects when there is no such command. */
function spawned(image: OpenImage, { command, environment }: ContainerSpec): Promise<ChildProcess> {
  const [file, ...args] = command.length === 0 ? (image.command ?? []) : command;
  if (file === undefined) throw new Error('the container has no command');
  const path = [...image.path.map((folder) => resolve(image.directory, folder)), process.env['PATH'] ?? ''];
  const child = spawn(file, args, {
    cwd: image.directory,
    env: { ...image.env, ...environment, PATH: path.join(delimiter) },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return new Promise((done, reject) => {
    child.once('error', reject);
    child.once('spawn', () => {
      child.off('error', reject);
      done(child);
    });
  });
}

async function ended(child: ChildProcess, group: number, onLine: (line: string) => void): Promise<number> {
  for (const stream of [child.stdout, child.stderr])
    if (stream) createInterface({ input: stream, crlfDelay: Infinity }).on('line', onLine);
  const closed = new Promise<void>((done) => child.once('close', () => done()));
  const code = await new Promise<number>((done) => {
    child.once('exit', (exitCode, signal) => done(exitCode ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
  // A container ends with its first process.
  killGroup(group);
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((done) => {
    timer = setTimeout(done, LAST_OUTPUT);
  });
  await Promise.race([closed, patience]);
  clearTimeout(timer);
  return code;
}

function killGroup(group: number): void {
  try {
    process.kill(-group, 'SIGKILL');
  } catch {
    // Nothing of the group is left.
  }
}
