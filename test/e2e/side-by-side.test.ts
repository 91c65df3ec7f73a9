import { afterAll, beforeAll, expect, test } from 'vitest';
import { targetOf } from '#core/contract/settings.ts';
import { deploymentName } from '#core/domain/deployment-name.ts';
import type { Execution } from '../../local/terminal/execution.ts';
import { type Stage, startStage } from './harness.ts';
import { testInvariants } from './invariants.ts';
import { readLedger } from './ledger.ts';

const [FIRST, NEXT] = ['v1.0.0', 'v1.1.0'] as const;
const RATE = 40;
/** Seconds until three deployments at once must have ended. */
const END = 170;

let stage: Stage;
beforeAll(async () => {
  stage = await startStage({
    name: 'side-by-side',
    rungs: ['first-release', 'additive-migration'],
    environments: 'sideBySide',
  });
}, 240_000);
afterAll(() => stage?.close(), 60_000);

/** The deployments of a version, one for each target, when all have ended. */
async function everywhere(version: string): Promise<Execution[]> {
  await stage.push(version);
  const digest = stage.digests.get(version) ?? '';
  const targets = [stage.cloud.settings, ...stage.cloud.others].map(targetOf);
  return Promise.all(targets.map((target) => stage.ended(deploymentName(target, version, digest, 1), END)));
}

/** Whether all were under way at one moment. */
function atOnce(executions: readonly Execution[]): boolean {
  const last = Math.max(...executions.map(({ started }) => started.getTime()));
  return executions.every(({ ended }) => ended !== undefined && ended.getTime() > last);
}

test('one push is deployed to three targets at once', async () => {
  const executions = await everywhere(FIRST);
  expect(executions.map(({ status, cause }) => cause ?? status)).toEqual(['SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED']);
  expect(atOnce(executions)).toBe(true);
  await stage.startLoad(RATE, [...stage.cloud.paths, '/version']);
}, 200_000);

test('reads that AWS throttles for a while roll none of them back', async () => {
  const faults = ['ecs', 'elbv2', 'application-autoscaling'].map((service) =>
    stage.cloud.gateway.faults.add({
      service,
      operation: 'Describe*',
      skip: 20,
      times: 20,
      effect: { kind: 'throttle' },
    }),
  );
  const executions = await everywhere(NEXT);
  expect(executions.map(({ status, cause }) => cause ?? status)).toEqual(['SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED']);
  const hit = stage.cloud.gateway.faults.list().map(({ id, hit: times }) => [id, times]);
  expect(hit).toEqual(faults.map((id) => [id, 20]));
  for (const settings of [stage.cloud.settings, ...stage.cloud.others]) {
    const { head } = await readLedger(stage.cloud.gateway.url, targetOf(settings));
    expect(head.live?.deployable.version).toBe(NEXT);
  }
}, 200_000);

testInvariants(() => stage);
