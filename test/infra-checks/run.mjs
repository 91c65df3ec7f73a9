// `npm run check:infra`: installs the checkers that are not npm packages, then hands over to run.ts on the project's own
// Node. Plain JavaScript, because it runs on whatever Node a person has, before anything is installed.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { makePythonEnvironment, NODE, progress, ROOT, STATE, setUp, toolPath } from '../../local/setup.mjs';
import { FixableError } from '../../packages/local-aws/src/fixable-error.mjs';

const folder = join(STATE, 'checkers');
const say = progress();

try {
  await setUp(say);
  await makePythonEnvironment(say, {
    folder,
    requirements: join('test', 'infra-checks', 'requirements.txt'),
    module: 'cfnlint, checkov, statelint',
    purpose: 'of the checkers',
  });
  const checks = spawn(NODE, [join(ROOT, 'test', 'infra-checks', 'run.ts'), join(folder, 'bin')], {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, PATH: toolPath() },
  });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => checks.kill());
  checks.once('exit', (code) => process.exit(code ?? 1));
} catch (error) {
  if (!(error instanceof FixableError)) throw error;
  process.stderr.write(`farol: ${error.message}\n`);
  process.exitCode = 2;
}
