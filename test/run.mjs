// `npm test`: sets up what is missing, then hands over to test/run.ts on the project's own Node. Plain JavaScript, because it runs
// on whatever Node a person has, before anything is installed.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { NODE, progress, ROOT, setUp, toolPath } from '../local/setup.mjs';
import { FixableError } from '../packages/local-aws/src/fixable-error.mjs';

try {
  await setUp(progress());
  const tests = spawn(NODE, [join(ROOT, 'test', 'run.ts'), ...process.argv.slice(2)], {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, PATH: toolPath() },
  });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => tests.kill());
  tests.once('exit', (code) => process.exit(code ?? 1));
} catch (error) {
  if (!(error instanceof FixableError)) throw error;
  process.stderr.write(`farol: ${error.message}\n`);
  process.exitCode = 2;
}
