// `npm run check`: types, lint, format, unused code, Python style. Each runs though another failed; ends with a line of counts.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { progress, ROOT, STATE, setUp, toolPath } from '../local/setup.mjs';
import { FixableError } from '../packages/local-aws/src/fixable-error.mjs';

const RUFF = join(STATE, 'python-tests', 'bin', 'ruff');

/** @type {[string, string, string[]][]} name, command, arguments */
const CHECKS = [
  ['types', 'tsc', ['-p', '.']],
  ['lint', 'oxlint', ['--type-aware']],
  ['format', 'biome', ['ci', '--linter-enabled=false']],
  ['unused code', 'knip', []],
  ['Python style', RUFF, ['check', 'django']],
  ['Python format', RUFF, ['format', '--check', 'django']],
];

try {
  await setUp(progress());
  if (!existsSync(RUFF))
    throw new FixableError(
      'ruff is not installed yet: run npm test once, which makes the Python environment of the tests.',
    );
  const failed = CHECKS.filter(([name, command, args]) => {
    process.stdout.write(`${name}: ${[command.split('/').at(-1), ...args].join(' ')}\n`);
    const { status } = spawnSync(command, args, {
      cwd: ROOT,
      stdio: 'inherit',
      env: { ...process.env, PATH: toolPath() },
    });
    return status !== 0;
  });
  for (const [name] of failed) process.stdout.write(`${name} failed\n`);
  process.stdout.write(`${CHECKS.length - failed.length} passed, ${failed.length} failed\n`);
  process.exitCode = failed.length === 0 ? 0 : 1;
} catch (error) {
  if (!(error instanceof FixableError)) throw error;
  process.stderr.write(`farol: ${error.message}\n`);
  process.exitCode = 2;
}
