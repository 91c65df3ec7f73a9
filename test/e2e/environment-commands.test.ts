import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ROOT } from '../../local/setup.mjs';
import { farol } from './farol.ts';
import { type Stage, startStage } from './harness.ts';
import { testPolicies } from './invariants.ts';

/** The project's small environment as somebody would have it, in an application of its own. */
const module = `
import { starter } from ${JSON.stringify(join(ROOT, 'infra/environments/environments.ts'))};
const environment = structuredClone(starter);
environment.pipelines = [];
environment.targets[0].app = 'shop';
export const mine = environment;
export const wrong = { ...environment, targts: [] };
`;
const folder = mkdtempSync(join(tmpdir(), 'farol-environments-'));
const file = join(folder, 'environments.ts');

let stage: Stage;
beforeAll(async () => {
  writeFileSync(file, module);
  stage = await startStage({ name: 'environment-commands', rungs: ['first-release'] });
}, 180_000);
afterAll(async () => {
  await stage?.close();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

test('a wrong setting ends it in one line, and nothing is asked of AWS', async () => {
  const before = stage.timeline.calls.length;
  const { exitCode, stderr } = await farol(stage, ['deploy', 'wrong', '--environments', file]);
  expect(exitCode).toBe(2);
  expect(stderr).toContain('unknown key "targts"; did you mean "targets"?');
  await stage.cloud.gateway.settled();
  expect(stage.timeline.calls.slice(before).filter(({ caller }) => caller === 'farol-cli')).toEqual([]);
});

/** What the local cloud knows nothing of. */
const UNKNOWN_HERE = ['prefix list', 'database of shop/starter', 'quotas'];
const despite = UNKNOWN_HERE.flatMap((about) => ['--despite', about]);

test('every check asks AWS; one that says no ends it', async () => {
  const { exitCode, stderr } = await farol(stage, ['deploy', 'mine', '--environments', file, '--yes']);
  expect(exitCode).toBe(1);
  for (const line of [
    'ok       account: 000000000000',
    'ok       region: us-east-1',
    'ok       bootstrap: version',
    'ok       stack farol-orchestrator: will be updated',
    'ok       stack shop-repository: will be made',
    'ok       zones of shop/starter: us-east-1a (use1-az1)',
    'NOT YET  prefix list: pl-3b927c52 is not in this region',
  ])
    expect(stderr).toContain(line);
  expect(stderr).toContain(`${UNKNOWN_HERE.length} of the checks say that this cannot be deployed yet`);
});

test('a stack is deployed, with what the account lacked, and shown again once it is there', async () => {
  const args = ['deploy', 'mine', '--environments', file, '--only', 'shop-repository', '--yes', ...despite];
  const made = await farol(stage, args);
  expect(made.exitCode, made.stderr).toBe(0);
  expect(made.stderr).toContain('shop-repository: 1 resources: ECR Repository');
  expect(made.stderr).toContain('npm run destroy -- mine');
  const again = await farol(stage, args);
  expect(again.exitCode, again.stderr).toBe(0);
  expect(again.stderr).toContain('stack shop-repository: will be updated where something changed');
});

test('destroy wants the name, takes the stacks away, and says what is left', async () => {
  const refused = await farol(stage, ['destroy', 'mine', '--environments', file]);
  expect(refused.exitCode).toBe(2);
  expect(refused.stderr).toContain('--confirm mine');
  const { exitCode, stdout, stderr } = await farol(stage, [
    'destroy',
    'mine',
    '--environments',
    file,
    '--confirm',
    'mine',
  ]);
  expect(exitCode, stderr).toBe(0);
  expect(stdout).toContain('cdk bootstrap');
  const deletions = stage.timeline.calls.filter(({ operation }) => operation === 'DeleteStack');
  expect(deletions.length).toBeGreaterThanOrEqual(2);
});

testPolicies(() => stage);
