// `npm start` once everything is installed: brings the local cloud up, deploys the releases under load, tells how it went, stays up.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { FixableError } from '@farol/local-aws/fixable-error.mjs';
import { dockerEngine } from '@farol/local-aws/runtime/docker.ts';
import { Supervisor } from '@farol/local-aws/supervisor.ts';
import * as z from 'zod';
import { Closers } from './parts/closers.ts';
import { startCloud } from './parts/cloud.ts';
import { takeInstanceLock } from './parts/instance-lock.ts';
import { PYTHON, STATE } from './setup.mjs';
import { releasesOf } from './source/releases.ts';
import { Screen } from './terminal/screen.ts';
import { Show } from './terminal/show.ts';

const Options = z.object({
  app: z.string(),
  exit: z.boolean(),
  port: z.number().nullable(),
  rate: z.number(),
  runtime: z.enum(['process', 'docker']),
  fidelity: z.enum(['exact', 'like-aws']),
});

const options = Options.parse(JSON.parse(process.argv[2] ?? '{}'));
const screen = new Screen(process.stdout);
const closers = new Closers();
const supervisor = new Supervisor(join(STATE, 'log'));
const interrupted = Promise.withResolvers<number>();

function interrupt(code: number): void {
  if (closers.closing) {
    // Asked twice: everything ends at once; start.mjs sees to what is left.
    supervisor.kill();
    process.exit(code);
  }
  interrupted.resolve(code);
}
process.on('SIGINT', () => interrupt(130));
process.on('SIGTERM', () => interrupt(143));
// The parent was killed: there is no one left to tell.
process.on('disconnect', () => interrupt(143));

/** @returns the exit code */
async function run(): Promise<number> {
  if (options.runtime === 'docker') {
    const engine = await dockerEngine();
    if ('missing' in engine)
      throw new FixableError(
        `--runtime docker: ${engine.missing}. Start one, or leave the flag out: tasks are processes then.`,
      );
  }
  const lock = takeInstanceLock(join(STATE, 'lock'));
  closers.add(() => lock.release());
  const state = join(STATE, 'run');
  rmSync(state, { recursive: true, force: true });
  const say = (line: string): void => screen.say(line);
  const { releases, prefix } = await releasesOf(options.app, join(state, 'releases'));
  const cloud = await startCloud({
    state,
    kept: STATE,
    python: PYTHON,
    supervisor,
    closers,
    environments: 'local/environments.ts',
    timeScale: 30,
    fidelity: options.fidelity,
    ...(options.runtime === 'docker' ? { docker: { buildArguments: {} } } : {}),
    port: options.port,
    prefix,
    prepare: releases,
    say,
  });
  const show = new Show(cloud, screen, options.rate);
  closers.add(() => show.stop());
  const good = await show.deploy(releases);
  const code = good ? 0 : 1;
  if (options.exit) return code;
  show.tellAddresses();
  await interrupted.promise;
  return code;
}

let code = 1;
try {
  code = await Promise.race([run(), supervisor.death, interrupted.promise]);
} catch (error) {
  screen.endStatus();
  process.stderr.write(
    `farol: ${error instanceof FixableError ? error.message : error instanceof Error ? error.stack : String(error)}\n`,
  );
}
screen.endStatus();
await closers.close();
process.exit(code);
