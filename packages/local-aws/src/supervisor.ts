import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, mkdirSync, openSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { within } from './deadline.ts';
import { FixableError } from './fixable-error.mjs';
import { Watchdog } from './runtime/watchdog.ts';

/** A program to run beside this one. */
export interface PartSpec {
  /** As people call it; also the name of its log file. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Run as another user; only root may. */
  readonly user?: { readonly uid: number; readonly gid: number };
  /** A line of its output that says that it is ready. */
  readonly ready?: RegExp;
  /** Milliseconds until it must be ready. */
  readonly deadline?: number;
  /** The signal that ends it in order. */
  readonly stop?: NodeJS.Signals;
  /** Milliseconds from that signal to SIGKILL. */
  readonly patience?: number;
}

export interface Part {
  readonly name: string;
  readonly pid: number;
  /** Ends it in order, by force if it does not heed. */
  stop(): Promise<void>;
}

/**
 * Starts the programs of the local cloud, keeps what they print in log files and notices when one dies. Each is the leader of a process
 * group, so that a Ctrl-C of the terminal does not reach it before its turn, and so that its own children end with it. None outlives
 * this process, however it ends.
 */
export class Supervisor {
  readonly #logs: string;
  readonly #running = new Set<ChildProcess>();
  #watchdog: Watchdog | undefined;
  readonly #death = Promise.withResolvers<never>();

  /** @param logs the folder of the log files */
  constructor(logs: string) {
    this.#logs = logs;
    mkdirSync(logs, { recursive: true });
    // Nobody may be listening yet when a part dies; who is started later still learns of it.
    this.#death.promise.catch(() => undefined);
  }

  /** Never fulfilled; rejected with a {@link FixableError} as soon as a part ends without having been told to. */
  get death(): Promise<never> {
    return this.#death.promise;
  }

  /** The log file of a part. */
  log(name: string): string {
    return join(this.#logs, `${name}.log`);
  }

  /** @throws {FixableError} if it does not become ready */
  async start(spec: PartSpec): Promise<Part> {
    const { name, ready, stop = 'SIGTERM', patience = 5000, deadline = 30_000 } = spec;
    const where = `see ${relative(process.cwd(), this.log(name))}`;
    // Opened at once: what is told of the start refers to it.
    const log = createWriteStream(this.log(name), { fd: openSync(this.log(name), 'w') });
    const child = spawn(spec.command, spec.args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      env: spec.env ?? process.env,
      ...(spec.cwd === undefined ? {} : { cwd: spec.cwd }),
      ...spec.user,
    });
    this.#watch(child);
    let stopping = false;
    const ended = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, signal) => resolve(signal ? `ended by ${signal}` : `exit code ${code}`));
    });
    const isReady = Promise.withResolvers<void>();
    if (!ready) isReady.resolve();
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        log.write(chunk);
        if (ready?.test(chunk.toString())) isReady.resolve();
      });
    }
    const watch = async (): Promise<void> => {
      const problem = new FixableError(`${name} died (${await ended}): ${where}.`);
      log.end();
      isReady.reject(problem);
      if (stopping) return;
      this.#forget(child);
      this.#death.reject(problem);
    };
    void watch();
    const end = async (): Promise<void> => {
      stopping = true;
      signalGroup(child, stop);
      const patient = new AbortController();
      const kill = delay(patience, undefined, { signal: patient.signal }).then(
        () => signalGroup(child, 'SIGKILL'),
        () => undefined,
      );
      await ended;
      patient.abort();
      await kill;
      // The leader is gone; what it left in its group ends too.
      signalGroup(child, 'SIGKILL');
      this.#forget(child);
    };
    try {
      await within(deadline, `${name} (${where}): the start`, isReady.promise);
    } catch (error) {
      await end();
      throw error;
    }
    return { name, pid: child.pid ?? 0, stop: end };
  }

  #watch(child: ChildProcess): void {
    this.#running.add(child);
    this.#watchdog ??= new Watchdog();
    if (child.pid !== undefined) this.#watchdog.watch(child.pid);
  }

  #forget(child: ChildProcess): void {
    this.#running.delete(child);
    if (child.pid !== undefined) this.#watchdog?.forget(child.pid);
    if (this.#running.size > 0) return;
    this.#watchdog?.close();
    this.#watchdog = undefined;
  }

  /** Ends every part at once, without order. */
  kill(): void {
    for (const child of this.#running) signalGroup(child, 'SIGKILL');
  }
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group has ended.
  }
}
