// Brings a fresh clone to where everything can run: npm packages and a Python environment. Plain JavaScript without packages, because
// it runs on whatever Node a person has (20 or newer), before anything is installed.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { FixableError } from '../packages/local-aws/src/fixable-error.mjs';

/** The project's root folder. */
export const ROOT = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..');
/** All that runs write: environments, logs, records. Ignored by git. */
export const STATE = join(ROOT, '.farol');
/** Node of the version that the project is written for, an npm package. */
export const NODE = join(ROOT, 'node_modules', '.bin', 'node');
/** The Python environment that MiniStack runs in. */
export const PYTHON = join(STATE, 'python');

const LEAST_NODE = 20;
const LEAST_PYTHON = { major: 3, minor: 10 };
/** Open files that a process may have: the load balancer holds two for each request under way, PostgreSQL wants some of its own. */
const LEAST_FILES = 1024;
const MINUTES = 60_000;
/** Milliseconds that npm and pip have to end what they started, before they are killed. */
const GRACE = 2000;
const SIGNALS = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);

/**
 * Runs a command to its end.
 * @param {string} command
 * @param {string[]} args
 * @param {{ timeout: number, cwd?: string, env?: NodeJS.ProcessEnv, signal?: AbortSignal | undefined }} options timeout in milliseconds
 * @returns {Promise<{ code: number, output: string }>} code -1: it could not be started or ran out of time
 */
function run(command, args, { timeout, cwd = ROOT, env = process.env, signal }) {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve({ code: -1, output: 'not begun: another step had failed' });
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let late = false;
    // Node's own time-out of a command that could not be started keeps the process until it is over.
    const deadline = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, timeout).unref();
    let output = '';
    const keep = (/** @type {Buffer} */ chunk) => {
      output += chunk.toString();
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', (error) => resolve({ code: -1, output: error.message }));
    // npm and pip are asked to end with this process; they end what they started.
    const stop = () => {
      child.kill('SIGTERM');
      process.exit(130);
    };
    const end = () => {
      child.kill('SIGTERM');
      setTimeout(() => child.kill('SIGKILL'), GRACE).unref();
    };
    signal?.addEventListener('abort', end);
    for (const name of SIGNALS) process.once(name, stop);
    child.once('close', (code) => {
      clearTimeout(deadline);
      signal?.removeEventListener('abort', end);
      for (const name of SIGNALS) process.off(name, stop);
      if (late) output += `\nstopped after ${Math.round(timeout / 1000)} s`;
      resolve({ code: code ?? -1, output });
    });
  });
}

/** @param {string} output */
const lastLines = (output) => output.trim().split('\n').slice(-12).join('\n');

/** @param {string} file */
function json(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Whether node_modules holds what the lock file says, by npm's own record of what it installed. */
function packagesAreInstalled() {
  const wanted = json(join(ROOT, 'package-lock.json'))?.packages;
  const installed = json(join(ROOT, 'node_modules', '.package-lock.json'))?.packages;
  if (!wanted || !installed || !existsSync(NODE)) return false;
  return Object.entries(wanted).every(
    ([path, entry]) =>
      path === '' || installed[path]?.version === entry.version || (entry.optional && !installed[path]),
  );
}

/**
 * @param {(text: string) => void} say
 * @param {AbortSignal} signal ends it
 */
async function installPackages(say, signal) {
  if (packagesAreInstalled()) return;
  say('installing npm packages');
  // Inside `npm start` the npm that runs is named by npm_execpath; it need not be the one on PATH.
  const npm = process.env.npm_execpath;
  const [command, args] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []];
  const { code, output } = await run(command, [...args, 'ci', '--no-audit', '--no-fund'], {
    timeout: 4 * MINUTES,
    signal,
  });
  if (code !== 0 || !packagesAreInstalled()) {
    throw new FixableError(
      `npm ci failed: run it by hand in ${ROOT} to see why. Its last lines:\n${lastLines(output)}`,
    );
  }
}

/**
 * The first Python that is new enough.
 * @returns {Promise<{ command: string, version: string, pip: boolean }>} pip: its venv can bring pip along
 */
async function findPython() {
  const names = [
    process.env.FAROL_PYTHON,
    'python3',
    'python3.14',
    'python3.13',
    'python3.12',
    'python3.11',
    'python3.10',
    'python',
  ];
  const probe = 'import sys, venv, importlib.util as u; print(*sys.version_info[:3], bool(u.find_spec("ensurepip")))';
  let tooOld = '';
  for (const command of names) {
    if (!command) continue;
    const { code, output } = await run(command, ['-c', probe], { timeout: 20_000 });
    const [, major, minor, patch, pip] = /^(\d+) (\d+) (\d+) (True|False)$/m.exec(output) ?? [];
    if (code !== 0 || !major) continue;
    const version = `${major}.${minor}.${patch}`;
    if (Number(major) === LEAST_PYTHON.major && Number(minor) >= LEAST_PYTHON.minor)
      return { command, version, pip: pip === 'True' };
    tooOld ||= version;
  }
  const least = `${LEAST_PYTHON.major}.${LEAST_PYTHON.minor}`;
  throw new FixableError(
    tooOld
      ? `Python ${least} or newer is needed, found ${tooOld}: install a newer one, or name it in FAROL_PYTHON.`
      : `Python ${least} or newer is needed, none was found: install it (Debian, Ubuntu: apt install python3 python3-venv), or name it in FAROL_PYTHON.`,
  );
}

/**
 * Makes a Python environment of pinned packages, or makes it again when the pins have changed.
 * @param {(text: string) => void} say one line of progress
 * @param {{ folder: string, requirements: string, module: string, purpose: string }} environment folder below {@link STATE};
 *   requirements by its path below {@link ROOT}; module whose import shows that it works
 * @param {AbortSignal} [signal] ends it
 */
export async function makePythonEnvironment(say, { folder, requirements, module, purpose }, signal) {
  const list = join(ROOT, requirements);
  const inside = join(folder, 'bin', 'python');
  const stamp = join(folder, 'farol-requirements');
  const wanted = createHash('sha256').update(readFileSync(list)).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) {
    // The environment links to the Python it was made from, which may have been taken away since.
    const { code } = await run(inside, ['-c', `import ${module}`], { timeout: 20_000 });
    if (code === 0) return;
  }
  const python = await findPython();
  say(`making the Python environment ${purpose} (Python ${python.version})`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(STATE, { recursive: true });
  const made = await run(python.command, ['-m', 'venv', ...(python.pip ? [] : ['--without-pip']), folder], {
    timeout: 2 * MINUTES,
    signal,
  });
  if (made.code !== 0) {
    throw new FixableError(
      `${python.command} -m venv failed (Debian, Ubuntu: apt install python3-venv):\n${lastLines(made.output)}`,
    );
  }
  // Debian ships Python without ensurepip; the pip of the system can still fill another environment (pip 22.3 and newer).
  const [command, to] = python.pip ? [inside, []] : [python.command, ['--python', inside]];
  if (!python.pip && (await run(command, ['-m', 'pip', '--version'], { timeout: 20_000 })).code !== 0) {
    throw new FixableError(
      `Python ${python.version} has neither ensurepip nor pip: install them (Debian, Ubuntu: apt install python3-venv).`,
    );
  }
  const install = ['install', '--quiet', '--disable-pip-version-check', '--requirement', list];
  const filled = await run(command, ['-m', 'pip', ...to, ...install], {
    timeout: 5 * MINUTES,
    signal,
  });
  if (filled.code !== 0) throw new FixableError(`pip install failed:\n${lastLines(filled.output)}`);
  writeFileSync(stamp, wanted);
}

/** How many files this process and what it starts may open; Node has raised its limit as far as the hard one by now. */
function openFiles() {
  const report = /** @type {{ userLimits?: { open_files?: { soft: unknown } } }} */ (process.report.getReport());
  const soft = report.userLimits?.open_files?.soft;
  return typeof soft === 'number' ? soft : Number.POSITIVE_INFINITY;
}

async function checkTools() {
  const node = Number(process.versions.node.split('.')[0]);
  if (node < LEAST_NODE)
    throw new FixableError(`Node ${LEAST_NODE} or newer is needed, this is ${process.versions.node}.`);
  if (process.platform === 'win32') throw new FixableError('Farol runs on Linux and macOS; on Windows use WSL.');
  const files = openFiles();
  if (files < LEAST_FILES)
    throw new FixableError(
      `A process may open ${files} files here, and ${LEAST_FILES} are needed: run ulimit -n ${LEAST_FILES} in this terminal and start again. If that is refused, ask who looks after this machine for a higher limit.`,
    );
  const { code } = await run('git', ['--version'], { timeout: 20_000 });
  if (code !== 0) throw new FixableError('git is needed: install it (Debian, Ubuntu: apt install git).');
}

/**
 * Installs what is missing; a second call finds all of it there and takes well under a second.
 * @param {(text: string) => void} say one line of progress
 * @throws {FixableError} with one line that says what to do
 */
export async function setUp(say) {
  await checkTools();
  const python = {
    folder: PYTHON,
    requirements: join('packages', 'local-aws', 'requirements.txt'),
    module: 'ministack',
    purpose: 'of the local cloud',
  };
  // What failed first ends the other: a person who has to mend something is not kept waiting for the rest.
  const failed = new AbortController();
  const steps = [installPackages(say, failed.signal), makePythonEnvironment(say, python, failed.signal)];
  for (const step of steps) step.catch(() => failed.abort());
  try {
    await Promise.all(steps);
  } finally {
    await Promise.allSettled(steps);
  }
}

/** PATH with the project's own tools first, so that `node` is the version that the project is written for. */
export function toolPath() {
  return [join(ROOT, 'node_modules', '.bin'), process.env.PATH ?? ''].join(delimiter);
}

/** A line of progress with the seconds since the start. */
export function progress() {
  const start = performance.now();
  return (/** @type {string} */ text) => {
    process.stdout.write(`${((performance.now() - start) / 1000).toFixed(1).padStart(6)} s  ${text}\n`);
  };
}
