import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { dockerEngine } from '@farol/local-aws/runtime/docker.ts';
import { Supervisor } from '@farol/local-aws/supervisor.ts';
import { execa } from 'execa';
import { XMLParser } from 'fast-xml-parser';
import * as z from 'zod';
import { Closers } from '../local/parts/closers.ts';
import { startPostgres } from '../local/parts/postgres.ts';
import { ROOT, STATE } from '../local/setup.mjs';

/**
 * Tests of code and behaviour. The application's own tests and the quick kinds run side by side; what brings up the whole cloud
 * runs after them, alone. With `--all` also what takes long: containers, and the rest of the end-to-end tests. Ends with one line of
 * real counts, read from the runners' reports.
 */

const APPLICATION = 'django';
const REPORTS = join(STATE, 'test');
const PYTHON = join(STATE, 'python-tests');
const QUICK = ['unit', 'contract', 'workflow', 'infra'];
const ALL = process.argv.includes('--all');

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const VitestReport = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numPendingTests: z.int(),
  numTodoTests: z.int(),
  numFailedTestSuites: z.int(),
  success: z.boolean(),
});
const Count = z.coerce.number().int();
const JunitReport = z.object({
  testsuites: z.object({ testsuite: z.object({ tests: Count, failures: Count, errors: Count, skipped: Count }) }),
});

const closers = new Closers();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => void closers.close().then(() => process.exit(130)));

rmSync(REPORTS, { recursive: true, force: true });
mkdirSync(REPORTS, { recursive: true });
try {
  const [application, quick] = await Promise.all([testApplication(), vitest('quick', QUICK)]);
  const ran = [application, quick, await vitest('e2e', ['e2e'])];
  if (ALL) ran.push(await vitest('docker', ['docker']), await vitest('e2e-more', ['e2e-more']));
  const all = ran.reduce((sum, counts) => ({
    passed: sum.passed + counts.passed,
    failed: sum.failed + counts.failed,
    skipped: sum.skipped + counts.skipped,
  }));
  const engine = ALL ? await dockerEngine() : undefined;
  if (engine !== undefined && 'missing' in engine)
    process.stdout.write(`The image was neither built nor run, its tests are skipped: ${engine.missing}\n`);
  process.stdout.write(
    `${all.passed} passed, ${all.failed} failed${all.skipped === 0 ? '' : `, ${all.skipped} skipped`}\n`,
  );
  process.exitCode = all.failed === 0 && all.passed > 0 ? 0 : 1;
} finally {
  await closers.close();
}

async function vitest(name: string, projects: readonly string[]): Promise<Counts> {
  const report = join(REPORTS, `${name}.json`);
  const { exitCode } = await execa(
    'vitest',
    [
      'run',
      ...projects.flatMap((project) => ['--project', project]),
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
    ],
    { cwd: ROOT, preferLocal: true, stdio: 'inherit', reject: false },
  );
  const read = VitestReport.parse(JSON.parse(readFileSync(report, 'utf8')));
  // A file that cannot be loaded, or an error outside any test, fails the run though no test did.
  const unnamed = exitCode !== 0 && read.numFailedTests === 0 ? 1 : 0;
  return {
    passed: read.numPassedTests,
    failed: read.numFailedTests + unnamed,
    skipped: read.numPendingTests + read.numTodoTests,
  };
}

/** The application's own tests on a real PostgreSQL of their own. */
async function testApplication(): Promise<Counts> {
  const requirements = join(ROOT, APPLICATION, 'requirements-dev.txt');
  const python = join(PYTHON, 'bin', 'python');
  await execa(join(STATE, 'python', 'bin', 'python'), ['-m', 'venv', '--without-pip', PYTHON]);
  await execa(join(STATE, 'python', 'bin', 'python'), [
    '-m',
    'pip',
    '--python',
    python,
    'install',
    '--quiet',
    '--disable-pip-version-check',
    '--require-hashes',
    '--only-binary=:all:',
    '-r',
    requirements,
  ]);
  const database = await startPostgres(new Supervisor(join(REPORTS, 'log')), join(REPORTS, 'postgresql'), {
    name: 'web',
    master: 'master',
  });
  closers.add(() => database.stop());
  const report = join(REPORTS, 'pytest.xml');
  const { exitCode } = await execa(python, ['-m', 'pytest', '--quiet', `--junit-xml=${report}`, APPLICATION], {
    cwd: ROOT,
    stdio: 'inherit',
    reject: false,
    env: {
      POSTGRES_HOST: database.host,
      POSTGRES_PORT: String(database.port),
      POSTGRES_NAME: database.name,
      POSTGRES_USER: database.superuser.user,
      POSTGRES_PASSWORD: database.superuser.password,
    },
  });
  const parser = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '' });
  const { tests, failures, errors, skipped } = JunitReport.parse(parser.parse(readFileSync(report, 'utf8'))).testsuites
    .testsuite;
  const failed = failures + errors;
  return { passed: tests - failed - skipped, failed: failed + (exitCode !== 0 && failed === 0 ? 1 : 0), skipped };
}
