import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ROOT } from '../../../local/setup.mjs';

/** A checkout of nothing but the set-up, whose npm never ends by itself. */
let checkout: string;
beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), 'farol-setup-'));
  for (const file of [
    'local/setup.mjs',
    'packages/local-aws/src/fixable-error.mjs',
    'packages/local-aws/requirements.txt',
  ]) {
    mkdirSync(join(checkout, dirname(file)), { recursive: true });
    cpSync(join(ROOT, file), join(checkout, file));
  }
  writeFileSync(
    join(checkout, 'package-lock.json'),
    JSON.stringify({ packages: { 'node_modules/one': { version: '1.0.0' } } }),
  );
  writeFileSync(
    join(checkout, 'npm.js'),
    `require('node:fs').writeFileSync(${JSON.stringify(join(checkout, 'npm.pid'))}, String(process.pid)); setInterval(() => {}, 1000);`,
  );
  mkdirSync(join(checkout, 'tools'));
});
afterEach(() => rmSync(checkout, { recursive: true, force: true }));

test('a step that fails ends the others, and the prompt is back', async () => {
  // git is there, a Python is not.
  symlinkSync(execFileSync('which', ['git'], { encoding: 'utf8' }).trim(), join(checkout, 'tools', 'git'));
  const script = `import { setUp } from ${JSON.stringify(join(checkout, 'local/setup.mjs'))};
    await setUp(() => {}).catch((error) => { process.stdout.write(error.message); process.exitCode = 2; });`;
  const { stdout, exitCode } = await execa(process.execPath, ['--input-type=module', '--eval', script], {
    reject: false,
    extendEnv: false,
    env: { PATH: join(checkout, 'tools'), npm_execpath: join(checkout, 'npm.js') },
  });
  expect(exitCode).toBe(2);
  expect(stdout).toContain('Python 3.10 or newer is needed, none was found');
  const file = join(checkout, 'npm.pid');
  expect(existsSync(file) && runs(Number(readFileSync(file, 'utf8')))).toBe(false);
});

test('too few open files are said in one line, before anything is done', async () => {
  const script = `import { setUp } from ${JSON.stringify(join(checkout, 'local/setup.mjs'))};
    await setUp(() => {}).catch((error) => { process.stdout.write(error.message); process.exitCode = 2; });`;
  const { stdout, exitCode } = await execa(
    'sh',
    ['-c', 'ulimit -n 64; exec "$@"', 'sh', process.execPath, '--input-type=module', '--eval', script],
    {
      reject: false,
      env: { npm_execpath: join(checkout, 'npm.js') },
    },
  );
  expect(exitCode).toBe(2);
  expect(stdout).toMatch(/^A process may open 64 files here, and 1024 are needed: run ulimit -n 1024 .*$/);
  expect(existsSync(join(checkout, 'npm.pid'))).toBe(false);
});

test('a cloud that is killed says so in one line', async () => {
  for (const file of ['package.json', 'local/start.mjs', 'local/leftovers.mjs', 'local/options.mjs'])
    cpSync(join(ROOT, file), join(checkout, file));
  // Everything is there: the packages by npm's record, the Python environment by its stamp.
  const packages = JSON.stringify({ packages: {} });
  const requirements = readFileSync(join(checkout, 'packages/local-aws/requirements.txt'));
  const files = {
    'package-lock.json': packages,
    'node_modules/.package-lock.json': packages,
    // In the place of the project's own Node, which would run the cloud.
    'node_modules/.bin/node': '#!/bin/sh\nkill -9 $$\n',
    '.farol/python/bin/python': '#!/bin/sh\nexit 0\n',
    '.farol/python/farol-requirements': createHash('sha256').update(requirements).digest('hex'),
  };
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(join(checkout, dirname(file)), { recursive: true });
    writeFileSync(join(checkout, file), text, { mode: 0o755 });
  }
  const { stderr, exitCode } = await execa(process.execPath, [join(checkout, 'local/start.mjs'), '--app', checkout], {
    reject: false,
  });
  expect(stderr).toMatch(/^farol: npm start was ended from outside by SIGKILL .* start it again\.$/);
  expect(exitCode).toBe(1);
});

function runs(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
