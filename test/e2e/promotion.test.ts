import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AnswerApproval } from '#core/contract/approval.ts';
import { StartDeployment } from '#core/contract/redeployment.ts';
import { clientOptions } from '../../local/parts/aws-side.ts';
import { eventually } from './eventually.ts';
import { type Stage, startStage } from './harness.ts';
import { testInvariants, testPolicies } from './invariants.ts';
import { readLedger } from './ledger.ts';

const [FIRST, NEXT, LAST] = ['v1.0.0', 'v1.1.0', 'v1.3.0'] as const;
const RATE = 60;

let stage: Stage;
beforeAll(async () => {
  const rungs = ['first-release', 'additive-migration', 'good-release'];
  stage = await startStage({ name: 'promotion', rungs, promotion: true });
}, 180_000);
afterAll(() => stage?.close(), 60_000);

async function invoke(name: string, input: object): Promise<unknown> {
  const lambda = new LambdaClient(clientOptions(stage.cloud.gateway.url, 'e2e'));
  const { Payload, FunctionError } = await lambda.send(
    new InvokeCommand({ FunctionName: name, Payload: JSON.stringify(input) }),
  );
  lambda.destroy();
  const text = Buffer.from(Payload ?? []).toString('utf8');
  expect(FunctionError, text).toBeUndefined();
  return JSON.parse(text);
}

async function answer(deployment: string, decision: 'approve' | 'reject', reason?: string) {
  const input = { deployment, decision, by: 'arn:aws:iam::000000000000:user/ana', reason };
  return AnswerApproval.output.parse(await invoke('farol-answer-approval', input));
}

/** The name that a release's deployment has in staging. */
function inStaging(deployment: string): string {
  return deployment.replace('web-production-', 'web-staging-');
}

/** Pushes a release, and waits until it is live in staging and production asks for it. */
async function untilAsked(version: string): Promise<string> {
  const deployment = await stage.push(version);
  expect(await stage.ended(inStaging(deployment))).toMatchObject({ status: 'SUCCEEDED' });
  await asks(deployment);
  return deployment;
}

async function asks(deployment: string): Promise<void> {
  await stage.inState(deployment, ['Approve']);
  // The state is entered before its function has written the question down.
  await eventually(`the question of ${deployment}`, 30, async () => {
    const entry = (await stage.ledger()).entries.at(-1);
    return entry?.type === 'approval asked' && entry.deployment === deployment ? { found: entry } : { saw: entry };
  });
}

async function liveIn(environment: 'staging' | 'production'): Promise<string | undefined> {
  const { head } = await readLedger(stage.cloud.gateway.url, `web/${environment}`);
  return head.live?.deployable.digest;
}

describe(`${FIRST}, the first of both targets`, () => {
  let deployment: string;

  test('goes live in staging by its push, and waits for somebody in production', async () => {
    deployment = await untilAsked(FIRST);
    expect(await liveIn('staging')).toBe(stage.digests.get(FIRST));
    expect(await liveIn('production')).toBeUndefined();
    expect((await fetch(stage.cloud.applicationUrl)).status).toBe(503);
    const notice = stage.timeline.calls.findLast(({ operation }) => operation === 'Publish');
    expect(notice?.params['Message']).toContain('(promotion of web/staging)');
    expect(notice?.params['Message']).toContain(`farol approve ${deployment}`);
  });

  test('goes live in production when it is approved: the same digest', async () => {
    expect(await answer(deployment, 'approve')).toMatchObject({ outcome: 'approved' });
    expect(await stage.ended(deployment)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await liveIn('production')).toBe(await liveIn('staging'));
    const served = await fetch(new URL('/version', stage.cloud.applicationUrl));
    expect(await served.json()).toMatchObject({ version: FIRST, digest: stage.digests.get(FIRST) });
    await stage.startLoad(RATE, ['/']);
  });

  test('cannot be rejected any more', async () => {
    expect(await answer(deployment, 'reject')).toMatchObject({
      outcome: 'refused',
      sentence: expect.stringContaining('has its answer already, and it stays. Approved by'),
    });
  });
});

describe(`${NEXT}, with a migration`, () => {
  let deployment: string;

  test('is asked for before production is migrated, and rejected leaves production as it was', async () => {
    deployment = await untilAsked(NEXT);
    expect(await answer(deployment, 'reject', 'not before the sale')).toMatchObject({ outcome: 'rejected' });
    expect(await stage.ended(deployment)).toMatchObject({
      error: 'refused',
      cause: expect.stringMatching(/v1\.0\.0 serves web\/production\. Rejected by .*: not before the sale\./),
    });
    expect(await liveIn('production')).toBe(stage.digests.get(FIRST));
    const tasks = stage.timeline.calls.filter(
      ({ operation, params }) => operation === 'RunTask' && params['startedBy'] === deployment,
    );
    expect(tasks.map(({ params }) => params['taskDefinition'])).not.toContainEqual(
      expect.stringContaining('-migrate:'),
    );
  });

  test('is deployed again when somebody wants it so, and approved goes live', async () => {
    const order = { target: 'web/production', version: NEXT, by: 'arn:aws:iam::000000000000:user/bo' };
    const begun = StartDeployment.output.parse(await invoke('farol-start-deployment', order));
    expect(begun).toMatchObject({ outcome: 'started', deployment: deployment.replace(/-1$/, '-2') });
    const again = begun.deployment ?? '';
    await asks(again);
    expect(await answer(deployment, 'approve')).toMatchObject({ outcome: 'refused' });
    expect(await answer(again, 'approve')).toMatchObject({ outcome: 'approved' });
    expect(await stage.ended(again)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await liveIn('production')).toBe(stage.digests.get(NEXT));
  });
});

describe(`${LAST}, while it waits for an answer`, () => {
  test('frees production when its execution is aborted, and can no longer be approved', async () => {
    const deployment = await untilAsked(LAST);
    await stage.stop(deployment);
    const recovery = await eventually(`the recovery of ${deployment}`, 60, async () => {
      const { entries } = await stage.ledger();
      const began = entries.find(({ type, facts }) => type === 'recovery began' && facts['of'] === deployment);
      return began === undefined ? { saw: entries.at(-1) } : { found: began.deployment };
    });
    expect(await stage.ended(recovery)).toMatchObject({ status: 'SUCCEEDED' });
    expect((await stage.ledger()).lock?.deployment).toBeUndefined();
    expect(await answer(deployment, 'approve')).toMatchObject({
      outcome: 'refused',
      sentence: expect.stringContaining('has ended: Restored'),
    });
    expect(await liveIn('production')).toBe(stage.digests.get(NEXT));
  });

  test('was offered once, and is not again by itself', async () => {
    const offered = [...stage.names].filter((name) => name.startsWith('web-production-v1_3_0-'));
    expect(offered).toHaveLength(1);
  });

  test('deployed again, with nothing to migrate, it runs without users until it is approved', async () => {
    const order = { target: 'web/production', version: LAST, by: 'arn:aws:iam::000000000000:user/bo' };
    const { deployment = '' } = StartDeployment.output.parse(await invoke('farol-start-deployment', order));
    await asks(deployment);
    const now = stage.timeline.moments.at(-1);
    expect([
      { blue: 0, green: 100 },
      { blue: 100, green: 0 },
    ]).toContainEqual(now?.weights);
    expect(now?.slots.blue.healthy.concat(now.slots.green.healthy).toSorted()).toEqual([NEXT, NEXT, LAST, LAST]);
    expect(await answer(deployment, 'approve')).toMatchObject({ outcome: 'approved' });
    expect(await stage.ended(deployment)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await liveIn('production')).toBe(stage.digests.get(LAST));
  });
});

testInvariants(() => stage);
// The above looks at production alone; this one at every call, those for staging too.
testPolicies(() => stage);
