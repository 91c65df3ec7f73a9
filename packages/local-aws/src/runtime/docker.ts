import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import type { ContainerSpec, RunningContainer, TaskRuntime } from './runtime.ts';

/** Marks the containers of one runtime. */
const LABEL = 'local-aws.runtime';

/** Milliseconds that one command of the engine may take; a pull may take as long as it likes. */
const TIMEOUT = 60_000;

/** Milliseconds that output of an ended container is waited for. */
const LAST_OUTPUT = 5000;

/** Variables that the docker command itself reads. */
const CLIENT = /^(PATH|HOME|DOCKER_\w+)$/;

/** Ends the containers of a runtime when its input ends, which it does however the writer ended. */
const WATCHDOG = `cat >/dev/null; docker ps --all --quiet --filter "label=${LABEL}=$1" | xargs -r docker rm --force --volumes >/dev/null 2>&1`;

/** The engine that answers; or in words why none does. */
export async function dockerEngine(): Promise<{ version: string } | { missing: string }> {
  const { stdout, stderr, exitCode } = await execa('docker', ['version', '--format', '{{.Server.Version}}'], {
    reject: false,
    timeout: 20_000,
  });
  if (exitCode === 0) return { version: stdout };
  const reason = stderr.trim().split('\n').at(-1) ?? '';
  return { missing: exitCode === undefined ? 'there is no docker command' : `no Docker engine answers: ${reason}` };
}

/**
 * Runs each container by the Docker engine that the docker command speaks to, on the network of this machine: a task
 * listens where it is told to, like a process would. Containers end with this program, even if it is killed.
 *
 * @param registry host and port that stand for the registry that task definitions name; an engine takes one on the loopback without TLS
 */
export function createDockerRuntime(registry: string): TaskRuntime {
  const id = randomUUID();
  const watchdog = startWatchdog(id);
  const pulls = new Map<string, Promise<string>>();
  const running = new Map<string, Promise<unknown>>();
  let closed = false;

  const start = async (image: string, spec: ContainerSpec): Promise<RunningContainer> => {
    if (closed) throw new Error('the runtime is closed');
    const name = `local-aws-${randomUUID()}`;
    await create(name, id, image, spec);
    try {
      await docker(['start', name]);
    } catch (error) {
      await remove(name);
      throw error;
    }
    const exit = ended(name, spec.onLine);
    running.set(
      name,
      exit
        .catch(() => undefined)
        .then(() => remove(name))
        .finally(() => running.delete(name)),
    );
    return {
      exit,
      signal(signal) {
        // One that ends just now cannot be signalled, nor need be.
        if (running.has(name)) docker(['kill', '--signal', signal, name]).catch(() => undefined);
      },
    };
  };

  return {
    async pull(image) {
      if (closed) throw new Error('the runtime is closed');
      const local = `${registry}/${image.slice(image.indexOf('/') + 1)}`;
      const pulling = pulls.get(local) ?? pull(local);
      pulls.set(local, pulling);
      // A pull that failed may be tried again.
      pulling.catch(() => pulls.delete(local));
      const name = await pulling;
      return { start: (spec) => start(name, spec) };
    },

    async close() {
      closed = true;
      await Promise.all([...running.keys()].map((name) => docker(['kill', name]).catch(() => undefined)));
      await Promise.all(running.values());
      // The engine is the person's: it keeps layers, which the next run finds, as long as another image has them.
      const images = (await Promise.allSettled(pulls.values())).flatMap((pulled) =>
        pulled.status === 'fulfilled' ? [pulled.value] : [],
      );
      pulls.clear();
      if (images.length > 0) await docker(['image', 'rm', ...images]).catch(unlessGone);
      watchdog.stdin?.end();
    },
  };
}

async function pull(image: string): Promise<string> {
  await execa('docker', ['pull', '--quiet', image]);
  return image;
}

async function create(name: string, runtime: string, image: string, spec: ContainerSpec): Promise<void> {
  const variables = Object.entries(spec.environment);
  // By name only: values are no arguments, which every user of the machine can read.
  const named = variables.filter(([variable]) => !CLIENT.test(variable));
  await docker(
    [
      'create',
      `--name=${name}`,
      `--label=${LABEL}=${runtime}`,
      '--network=host',
      '--log-driver=json-file',
      ...(spec.init ? ['--init'] : []),
      ...(spec.readonlyRoot ? ['--read-only'] : []),
      ...spec.dropped.map((capability) => `--cap-drop=${capability}`),
      // Without a name, and so new: it gets the content, owner and mode that the image has there, as on Fargate.
      ...spec.volumes.flatMap((folder) => ['--volume', folder]),
      ...variables.flatMap(([variable, value]) => ['--env', CLIENT.test(variable) ? `${variable}=${value}` : variable]),
      image,
      ...spec.command,
    ],
    Object.fromEntries(named),
  );
}

/** The exit code, when the container has ended and its last lines have been told. */
async function ended(name: string, onLine: (line: string) => void): Promise<number> {
  const logs = spawn('docker', ['logs', '--follow', name], { stdio: ['ignore', 'pipe', 'pipe'] });
  const told = Promise.all(
    [logs.stdout, logs.stderr].map(
      (stream) =>
        new Promise((done) =>
          createInterface({ input: stream, crlfDelay: Infinity }).on('line', onLine).on('close', done),
        ),
    ),
  );
  // The command's own failure shows as an output that ends; the exit code comes from the engine all the same.
  logs.on('error', () => undefined);
  const { stdout } = await execa('docker', ['wait', name]);
  const late = setTimeout(() => logs.kill(), LAST_OUTPUT);
  await told;
  clearTimeout(late);
  return Number(stdout);
}

async function remove(name: string): Promise<void> {
  await docker(['rm', '--force', '--volumes', name]);
}

/** Somebody else took the image away before. */
function unlessGone(error: unknown): void {
  if (!(error instanceof Error && error.message.includes('No such image'))) throw error;
}

/** What the docker command says of a failure is its error. */
async function docker(args: readonly string[], env: Record<string, string> = {}): Promise<void> {
  const { exitCode, stderr } = await execa('docker', args, { env, reject: false, timeout: TIMEOUT });
  if (exitCode !== 0) throw new Error(stderr.trim() || `docker ${args[0]} ended with ${exitCode ?? 'a signal'}`);
}

function startWatchdog(runtime: string): ChildProcess {
  // Only what the docker command needs to find its engine, so that it is no process of this program's run.
  const watchdog = spawn('/bin/sh', ['-c', WATCHDOG, 'watchdog', runtime], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: Object.fromEntries(Object.entries(process.env).filter(([variable]) => CLIENT.test(variable))),
  });
  watchdog.stdin.on('error', () => undefined);
  watchdog.on('error', () => undefined);
  watchdog.unref();
  return watchdog;
}
