import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { FixableError } from '@farol/local-aws/fixable-error.mjs';
import * as z from 'zod';
import { endProcessesOf, processesOf, RUN_VARIABLE } from '../leftovers.mjs';

const Holder = z.object({ pid: z.int().positive(), run: z.string() });
type Holder = z.infer<typeof Holder>;

/**
 * Makes this process the only one that runs on this state folder. Processes that a former holder left behind when it was killed are ended.
 * @returns gives the lock back
 * @throws {FixableError} if another one runs
 */
export function takeInstanceLock(file: string): { readonly release: () => void } {
  mkdirSync(dirname(file), { recursive: true });
  const mine: Holder = { pid: process.pid, run: process.env[RUN_VARIABLE] ?? '' };
  for (let attempt = 1; ; attempt++) {
    try {
      const descriptor = openSync(file, 'wx');
      writeSync(descriptor, JSON.stringify(mine));
      closeSync(descriptor);
      return { release: () => rmSync(file, { force: true }) };
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST') || attempt > 2) throw error;
      const holder = read(file);
      if (holder && isAlive(holder)) {
        throw new FixableError(
          `Farol runs already (process ${holder.pid}): use that one, or end it with Ctrl-C first.`,
        );
      }
      if (holder?.run) endProcessesOf(holder.run);
      rmSync(file, { force: true });
    }
  }
}

function read(file: string): Holder | undefined {
  try {
    return Holder.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}

function isAlive({ pid, run }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
  // The number may have gone to another process since.
  return run === '' || processesOf(run).includes(pid);
}
