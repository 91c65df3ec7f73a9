import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { clientOptions } from '@farol/local-aws/aws-side.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from './eventually.ts';
import { farol } from './farol.ts';
import { type Stage, startStage } from './harness.ts';
import { testInvariants, testPolicies } from './invariants.ts';
import { readLedger } from './ledger.ts';
import { answerAs, type Keys, makeUser, takeRole } from './people.ts';

const [FIRST, NEXT, LAST] = ['v1.0.0', 'v1.1.0', 'v1.3.0'] as const;
const RATE = 60;

let stage: Stage;
let ana: Keys;
let bo: Keys;
beforeAll(async () => {
  const rungs = ['first-release', 'additive-migration', 'good-release'];
  stage = await startStage({ name: 'promotion', rungs, environments: 'promotion' });
  ana = await takeRole(
    stage,
    '/aws-reserved/sso.amazonaws.com/',
    'AWSReservedSSO_Release_0123456789abcdef',
    'ana@example.com',
  );
  bo = await makeUser(stage, 'bo');
}, 180_000);
afterAll(() => stage?.close(), 60_000);

/** What Farol calls the person who answers for production: a session that Identity Center began. */
const ANA = 'arn:aws:sts::000000000000:assumed-role/AWSReservedSSO_Release_0123456789abcdef/ana@example.com';

function answer(deployment: string, decision: 'approve' | 'reject', reason?: string) {
  return answerAs(stage, ana, decision, deployment, reason);
}

/** The deployment that a command to deploy again began. */
async function redeploy(version: string): Promise<string> {
  const { stdout, stderr } = await farol(stage, ['redeploy', 'web/production', version], bo);
  const [, deployment = ''] = /^(\S+) has begun/.exec(stdout) ?? [];
  expect(deployment, stderr).toMatch(/^web-production-v/);
  return deployment;
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
    expect(notice?.params['Message']).toContain(`Image ${stage.digests.get(FIRST)}, commit `);
    expect(notice?.params['Message']).toContain('web/staging runs the same image now, with its own settings.');
    expect(notice?.params['Message']).toContain('  | CREATE TABLE "guestbook_entry"');
  });

  test.each<[string, () => Promise<Keys>, string]>([
    [
      'a role that has taken the name of a person',
      () => takeRole(stage, '/', 'deployer', 'ana@example.com'),
      'chooses the name of the session',
    ],
    [
      'a role that looks like one of Identity Center',
      () => takeRole(stage, '/', 'AWSReservedSSO_Release_fedcba9876543210', 'ana@example.com'),
      'chooses the name of the session',
    ],
    [
      'somebody with a secret that is not theirs',
      async () => ({ ...bo, AWS_SECRET_ACCESS_KEY: 'guessed' }),
      'AWS does not let you ask farol-answer-approval',
    ],
  ])('is not approved by %s', async (_who, keys, why) => {
    expect(await answerAs(stage, await keys(), 'approve', deployment)).toEqual({
      done: false,
      sentence: expect.stringContaining(why),
    });
    expect((await stage.ledger()).entries.at(-1)?.type).toBe('approval asked');
  });

  test('is not approved by an invocation that says itself who it is', async () => {
    const lambda = new LambdaClient(clientOptions(stage.cloud.gateway.url, 'e2e'));
    const { Payload } = await lambda.send(
      new InvokeCommand({
        FunctionName: 'farol-answer-approval',
        Payload: JSON.stringify({ deployment, decision: 'approve', by: ANA }),
      }),
    );
    lambda.destroy();
    expect(Buffer.from(Payload ?? []).toString('utf8')).toContain('AWS then says who asks');
    expect((await stage.ledger()).entries.at(-1)?.type).toBe('approval asked');
  });

  test('goes live in production when it is approved: the same digest', async () => {
    const { done, sentence } = await answer(deployment, 'approve');
    expect(done, sentence).toBe(true);
    const { entries } = await stage.ledger();
    expect(entries.find(({ type }) => type === 'approval decided')).toMatchObject({ cause: ANA });
    expect(await stage.ended(deployment)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await liveIn('production')).toBe(await liveIn('staging'));
    const served = await fetch(new URL('/version', stage.cloud.applicationUrl));
    expect(await served.json()).toMatchObject({ version: FIRST, digest: stage.digests.get(FIRST) });
    await stage.startLoad(RATE, ['/']);
  });

  test('cannot be rejected any more', async () => {
    expect(await answer(deployment, 'reject')).toMatchObject({
      done: false,
      sentence: expect.stringContaining(`has its answer already, and it stays. Approved by ${ANA} at`),
    });
  });
});

describe(`${NEXT}, with a migration`, () => {
  let deployment: string;

  test('is asked for before production is migrated, and rejected leaves production as it was', async () => {
    deployment = await untilAsked(NEXT);
    expect(await answer(deployment, 'reject', 'not before the sale')).toMatchObject({ done: true });
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
    const again = await redeploy(NEXT);
    expect(again).toBe(deployment.replace(/-1$/, '-2'));
    await asks(again);
    const { entries } = await stage.ledger();
    expect(entries.findLast(({ type }) => type === 'deployment began')?.cause).toBe(
      'redeployment by arn:aws:iam::000000000000:user/bo',
    );
    expect(await answer(deployment, 'approve')).toMatchObject({ done: false });
    expect(await answer(again, 'approve')).toMatchObject({ done: true });
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
    const notices = stage.timeline.calls.filter(({ operation }) => operation === 'Publish');
    expect(notices.map(({ params }) => String(params['Message']))).toContainEqual(
      expect.stringContaining(
        `The deployment ${deployment} was stopped by somebody, and could not send its own notice.`,
      ),
    );
    expect((await stage.ledger()).lock?.deployment).toBeUndefined();
    expect(await answer(deployment, 'approve')).toMatchObject({
      done: false,
      sentence: expect.stringContaining('has ended: Restored'),
    });
    expect(await liveIn('production')).toBe(stage.digests.get(NEXT));
  });

  test('was offered once, and is not again by itself', async () => {
    const offered = [...stage.names].filter((name) => name.startsWith('web-production-v1_3_0-'));
    expect(offered).toHaveLength(1);
  });

  test('deployed again, with nothing to migrate, it runs without users until it is approved', async () => {
    const deployment = await redeploy(LAST);
    await asks(deployment);
    const now = stage.timeline.moments.at(-1);
    expect([
      { blue: 0, green: 100 },
      { blue: 100, green: 0 },
    ]).toContainEqual(now?.weights);
    expect(now?.slots.blue.healthy.concat(now.slots.green.healthy).toSorted()).toEqual([NEXT, NEXT, LAST, LAST]);
    expect(await answer(deployment, 'approve')).toMatchObject({ done: true });
    expect(await stage.ended(deployment)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await liveIn('production')).toBe(stage.digests.get(LAST));
  });
});

testInvariants(() => stage);
// The above looks at production alone; this one at every call, those for staging too.
testPolicies(() => stage);
