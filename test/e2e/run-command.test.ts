import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ROOT } from '../../local/setup.mjs';
import { rungsOf } from '../../local/source/releases.ts';
import { farol } from './farol.ts';
import { type Stage, startStage } from './harness.ts';
import { testPolicies } from './invariants.ts';
import { makeUser } from './people.ts';

/** What is typed at the question, and must be nowhere afterwards. */
const PASSWORD = 'a lamp for every line of the book';

const RUNG = 'first-release';
const version = rungsOf(join(ROOT, 'django')).get(RUNG)?.version ?? RUNG;

let stage: Stage;
beforeAll(async () => {
  stage = await startStage({ name: 'run-command', rungs: [RUNG] });
}, 180_000);
afterAll(() => stage?.close(), 60_000);

test('before anything is live, it says so and what to do', async () => {
  const { exitCode, stderr } = await farol(stage, ['run', '--', 'true']);
  expect(stderr).toContain('Nothing is live at web/production');
  expect(stderr).toContain('git push origin');
  expect(exitCode).toBe(1);
});

test('a command runs in the live image, with its lines and its exit code', async () => {
  await stage.deploy(version);
  const { stdout, stderr, exitCode } = await farol(stage, [
    'run',
    '--env',
    'GREETING=hello',
    '--',
    'sh',
    '-c',
    'echo "$GREETING from $FAROL_VERSION in $FAROL_SLOT"; exit 7',
  ]);
  expect(stdout, stderr).toBe(`hello from ${version} in none`);
  expect(exitCode).toBe(7);
});

test('a secret reaches the command, and nothing else', async () => {
  const { stdout, stderr, exitCode } = await farol(
    stage,
    ['run', '--secret', 'TYPED', '--', 'sh', '-c', 'printf %s "$TYPED" | wc -c'],
    { TYPED: PASSWORD },
  );
  expect(exitCode, stderr).toBe(0);
  expect(Number(stdout)).toBe(PASSWORD.length);
  await stage.cloud.gateway.settled();
  const registered = stage.timeline.calls.filter(({ operation }) => operation === 'RegisterTaskDefinition');
  expect(registered.length).toBeGreaterThan(0);
  expect(JSON.stringify(stage.timeline.calls)).not.toContain(PASSWORD);
});

test('createsuperuser asks for what it needs, and the password stays nowhere', async () => {
  const { stdout, stderr, exitCode } = await farol(stage, ['run', '--', 'python', 'manage.py', 'createsuperuser'], {
    DJANGO_SUPERUSER_USERNAME: 'ana',
    DJANGO_SUPERUSER_EMAIL: 'ana@example.com',
    DJANGO_SUPERUSER_PASSWORD: PASSWORD,
  });
  expect(exitCode, `${stdout}\n${stderr}`).toBe(0);
  expect(stdout).toContain('Superuser created successfully');
  await stage.cloud.gateway.settled();
  expect(JSON.stringify(stage.timeline.calls)).not.toContain(PASSWORD);
});

test('a person who asks a function of Farol is told its sentence', async () => {
  const approve = ['approve', 'web-production-v9_9_9-00000000-1'];
  const nobody = await farol(stage, approve);
  expect(nobody.exitCode).toBe(1);
  expect(nobody.stderr).toContain('arn:aws:iam::000000000000:root does not count as a person');
  const answered = await farol(stage, approve, await makeUser(stage, 'ana'));
  expect(answered.exitCode).toBe(1);
  expect(answered.stderr).toContain('There is no deployment web-production-v9_9_9-00000000-1');
  const again = await farol(stage, ['redeploy', 'web/production', 'v9.9.9']);
  expect(again.exitCode).toBe(1);
  expect(again.stderr).toContain('v9.9.9');
});

test('what a run was given is taken away again', () => {
  const named = (operation: string) =>
    stage.timeline.calls.filter((call) => call.caller === 'farol-cli' && call.operation === operation);
  expect(named('DeleteSecret')).toHaveLength(named('CreateSecret').length);
  expect(named('DeregisterTaskDefinition')).toHaveLength(named('RegisterTaskDefinition').length);
  expect(named('RunTask').every(({ params }) => !JSON.stringify(params).includes('overrides'))).toBe(true);
});

test("the release's own migration is refused", async () => {
  const { exitCode, stderr } = await farol(stage, ['run', '--', 'python', 'manage.py', 'migrate_locked']);
  expect(stderr).toContain('a deployment alone may run');
  expect(exitCode).toBe(2);
});

test('Ctrl-C stops the task', async () => {
  const running = farol(stage, ['run', '--', 'sh', '-c', 'echo begun; sleep 600']);
  await once(running.stdout, 'data');
  running.kill('SIGINT');
  const { exitCode, stderr } = await running;
  expect(stderr).toContain('Stopping the task');
  expect(exitCode).toBe(130);
  expect(stderr).not.toContain('Ended at once');
});

test('status says what is live', async () => {
  const { stdout } = await farol(stage, ['status']);
  expect(stdout).toContain('web/production');
  expect(stdout).toContain(`live     ${version} in blue`);
});

testPolicies(() => stage);
