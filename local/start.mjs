// `npm start`: sets up what is missing, then hands over to local/main.ts on the project's own Node, and sees to it that nothing outlives it.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { endProcessesOf, RUN_VARIABLE } from './leftovers.mjs';
import { HELP, parseOptions } from './options.mjs';
import { Problem } from './problem.mjs';
import { NODE, progress, ROOT, setUp, toolPath } from './setup.mjs';

/** A terminal's Ctrl-C reaches this process twice when npm started it (from the terminal and from npm): within this time it is one. */
const ONE_SIGNAL = 500;
/** Milliseconds that the whole shutdown may take. */
const SHUTDOWN = 30_000;

/** @param {import('./options.mjs').Options} options */
function runMain(options) {
  const run = randomUUID();
  // A process group of its own: signals of the terminal come through this process alone, so that each counts once and parts end in order.
  const main = spawn(
    NODE,
    ['--disable-warning=ExperimentalWarning', join(ROOT, 'local', 'main.ts'), JSON.stringify(options)],
    {
      cwd: ROOT,
      detached: true,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: { ...process.env, PATH: toolPath(), [RUN_VARIABLE]: run },
    },
  );
  let last = 0;
  /** @param {NodeJS.Signals} signal */
  const pass = (signal) => {
    const now = performance.now();
    if (last > 0 && now - last < ONE_SIGNAL) return;
    if (last === 0) setTimeout(() => main.kill('SIGKILL'), SHUTDOWN).unref();
    last = now;
    main.kill(signal);
  };
  process.on('SIGINT', () => pass('SIGINT'));
  process.on('SIGTERM', () => pass('SIGTERM'));
  process.on('SIGHUP', () => pass('SIGTERM'));
  // npm that is killed outright passes nothing on.
  const parent = process.ppid;
  if (process.env.npm_lifecycle_event) setInterval(() => process.ppid !== parent && pass('SIGTERM'), 1000).unref();
  return new Promise((resolve) => {
    main.once('error', (error) => {
      process.stderr.write(`farol: ${error.message}\n`);
      resolve(1);
    });
    main.once('exit', (code) => {
      endProcessesOf(run);
      resolve(code ?? 1);
    });
  });
}

try {
  const { help, ...options } = parseOptions(process.argv.slice(2));
  if (help) {
    process.stdout.write(HELP);
  } else {
    await setUp(progress());
    process.exitCode = await runMain(options);
    process.exit();
  }
} catch (error) {
  if (!(error instanceof Problem)) throw error;
  process.stderr.write(`farol: ${error.message}\n`);
  process.exitCode = 2;
}
