// `npm start`: sets up what is missing, then hands over to local/main.ts on the project's own Node, and sees to it that nothing outlives it.
import { spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { FixableError } from '../packages/local-aws/src/fixable-error.mjs';
import { endProcessesOf, RUN_VARIABLE } from './leftovers.mjs';
import { HELP, parseOptions } from './options.mjs';
import { NODE, progress, ROOT, setUp, toolPath } from './setup.mjs';

/** A terminal's Ctrl-C reaches this process twice when npm started it (from the terminal and from npm): within this time it is one. */
const ONE_SIGNAL = 500;
/** Milliseconds that the whole shutdown may take. */
const SHUTDOWN = 30_000;

/** The npm that this process was started by, with or without a shell between; undefined: it was started by hand. */
function npmAbove() {
  if (!process.env.npm_lifecycle_event) return undefined;
  for (let pid = process.ppid, level = 0; pid > 1 && level < 3; level++) {
    const { stdout } = spawnSync('ps', ['-o', 'ppid=,args=', '-p', String(pid)], { encoding: 'utf8', timeout: 5000 });
    const [, parent, args] = /^\s*(\d+)\s+(.*)$/m.exec(stdout ?? '') ?? [];
    // A shell's command line may name npm too, but never begins with it.
    if (args && /^(\S*\bnode\b\S*\s+)?\S*npm\b/.test(args)) return pid;
    pid = Number(parent ?? 0);
  }
  return undefined;
}

/** @param {number} pid */
function isGone(pid) {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
}

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
  const npm = npmAbove();
  if (npm !== undefined) setInterval(() => isGone(npm) && pass('SIGTERM'), 1000).unref();
  return new Promise((resolve) => {
    main.once('error', (error) => {
      process.stderr.write(`farol: ${error.message}\n`);
      resolve(1);
    });
    main.once('exit', (code, signal) => {
      endProcessesOf(run);
      if (signal !== null && last === 0)
        process.stderr.write(
          `farol: npm start was ended from outside by ${signal} (out of memory, perhaps). What it had started is ended too; start it again.\n`,
        );
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
  if (!(error instanceof FixableError)) throw error;
  process.stderr.write(`farol: ${error.message}\n`);
  process.exitCode = 2;
}
