import { describe, expect, test } from 'vitest';
import type { Digest, Version } from '#core/contract/release.ts';
import { deploymentName } from '#core/domain/deployment-name.ts';
import { reconcile } from '../../functions/reconcile/reconcile.ts';
import { startDeployment } from '../../functions/start-deployment/start-deployment.ts';
import { user } from '../fixtures/people.ts';
import { RELEASE_JSON } from '../fixtures/release-json.ts';
import { Workflow } from './harness.ts';

const STAGING = 'web/staging';
const PRODUCTION = 'web/production';

/** Production, which is promoted from staging and asks; what is live in staging is only what the ledger says of it. */
function production(): Workflow {
  return new Workflow({ source: `promotion of ${STAGING}`, approval: { timeout: '1d' } });
}

/** Staging's deployment of a release, ended or still under way, with the release live. */
function liveInStaging(
  { ledger, world, clock }: Workflow,
  version: Version,
  how: { ended?: boolean; frozen?: boolean; behaviour?: object } = {},
): { version: Version; digest: Digest } {
  const { digest } = world.push(version, how.behaviour ?? {});
  const deployment = deploymentName(STAGING, version, digest, 1);
  const deployable = { digest, version, settingsHash: 'fedcba9876543210' };
  const at = clock.now();
  ledger.heads.set(STAGING, {
    live: { slot: 'blue', deployable, taskDefinition: 'web:1', releaseJson: RELEASE_JSON, deployment },
    ...(how.frozen ? { frozen: { reason: 'broken', at, deployment } } : {}),
  });
  const request = { kind: 'release', target: STAGING, deployment, version, digest, attempt: 1, cause: 'push' } as const;
  const ended = { result: 'live', sentence: `${version} is live.`, at } as const;
  ledger.records.set(deployment, { request, ...(how.ended === false ? {} : { ended }) });
  return { version, digest };
}

function look(workflow: Workflow) {
  return reconcile({ ...workflow.ports(), warn: () => {} });
}

async function runStarted(workflow: Workflow) {
  const [request, ...others] = workflow.started();
  if (request === undefined || others.length > 0) throw new Error(`${others.length + 1} executions were started`);
  return workflow.run(request);
}

describe('what is live in staging', () => {
  test('is offered to production, the same digest with settings of its own, once however often somebody looks', async () => {
    const workflow = production();
    workflow.whileWaiting = async () => {
      await look(workflow);
      await workflow.answer('approve');
    };
    const { digest } = liveInStaging(workflow, 'v1.0.0');
    const [first, ...again] = await Promise.all([look(workflow), look(workflow), look(workflow)]);
    expect(first).toMatchObject([{ target: PRODUCTION, outcome: 'promotion offered' }]);
    expect(again).toHaveLength(2);
    expect(workflow.started()).toMatchObject([{ digest, attempt: 1, cause: `promotion of ${STAGING}` }]);
    expect(await runStarted(workflow)).toMatchObject({ status: 'SUCCEEDED', last: 'Done' });
    const { live } = await workflow.ledger.head(PRODUCTION);
    expect(live?.deployable).toMatchObject({ version: 'v1.0.0', digest });
    expect(live?.deployable.settingsHash).not.toBe('fedcba9876543210');
    expect(await look(workflow)).toMatchObject([{ outcome: 'in order' }]);
    expect(workflow.messages[0]).toContain(`go live on ${PRODUCTION} (promotion of ${STAGING})`);
  });

  test.each([
    ['rejected', async (workflow: Workflow) => void (await workflow.answer('reject'))],
    ['not answered', async () => {}],
  ])('and %s is not offered again by itself; the next release is', async (_what, answer) => {
    const workflow = production();
    workflow.whileWaiting = () => answer(workflow);
    liveInStaging(workflow, 'v1.0.0');
    await look(workflow);
    expect(await runStarted(workflow)).toMatchObject({ status: 'FAILED' });
    expect(await look(workflow)).toMatchObject([{ outcome: 'in order' }]);
    // Step Functions forgets an execution and its name after 90 days; the ledger does not.
    workflow.endings.clear();
    expect(await look(workflow)).toMatchObject([{ outcome: 'in order' }]);
    liveInStaging(workflow, 'v1.1.0');
    expect(await look(workflow)).toMatchObject([
      { outcome: 'promotion offered', what: expect.stringContaining('v1_1_0') },
    ]);
  });

  test.each([
    ['is older than what is live', 'v0.9.0', {}],
    ['has a deployment that has not ended', 'v1.1.0', { ended: false }],
    ['is live on a frozen target', 'v1.1.0', { frozen: true }],
  ] as const)('is not offered when it %s', async (_why, version, how) => {
    const workflow = production();
    workflow.whileWaiting = async () => void (await workflow.answer('approve'));
    liveInStaging(workflow, 'v1.0.0');
    await look(workflow);
    await runStarted(workflow);
    liveInStaging(workflow, version, how);
    expect(await look(workflow)).toMatchObject([{ outcome: 'in order' }]);
  });

  test('is offered when production is no longer frozen, and not used up before', async () => {
    const workflow = production();
    const { ledger, clock } = workflow;
    const frozen = { reason: 'an unknown caller', at: clock.now(), deployment: 'some' };
    ledger.heads.set(PRODUCTION, { frozen });
    liveInStaging(workflow, 'v1.0.0');
    expect(await look(workflow)).toMatchObject([{ outcome: 'in order' }]);
    ledger.heads.set(PRODUCTION, {});
    expect(await look(workflow)).toMatchObject([{ outcome: 'promotion offered' }]);
  });

  test('is offered as it is by then when production was waiting for an answer about an older one', async () => {
    const workflow = production();
    workflow.whileWaiting = async () => {
      liveInStaging(workflow, 'v1.1.0');
      liveInStaging(workflow, 'v1.2.0');
      expect(await look(workflow)).toMatchObject([{ outcome: 'running' }]);
      await workflow.answer('reject', { reason: 'there is a newer one' });
    };
    liveInStaging(workflow, 'v1.0.0');
    await look(workflow);
    await runStarted(workflow);
    expect(await look(workflow)).toMatchObject([
      { outcome: 'promotion offered', what: expect.stringContaining('v1_2_0') },
    ]);
  });
});

test('an answer that woke nobody is passed on by reconcile', async () => {
  const workflow = production();
  const { executions } = workflow;
  workflow.whileWaiting = async () => {
    const wake = executions.wake.bind(executions);
    executions.wake = async () => {
      throw new Error('ServiceUnavailable');
    };
    await expect(workflow.answer('approve')).rejects.toThrow('ServiceUnavailable');
    executions.wake = wake;
    expect(await look(workflow)).toMatchObject([{ outcome: 'running' }]);
  };
  liveInStaging(workflow, 'v1.0.0');
  await look(workflow);
  const began = workflow.clock.now();
  expect(await runStarted(workflow)).toMatchObject({ status: 'SUCCEEDED' });
  expect(Date.parse(workflow.clock.now()) - Date.parse(began)).toBeLessThan(3_600_000);
});

describe('a person deploys a version', () => {
  const order = (workflow: Workflow, version: string, target = PRODUCTION) =>
    startDeployment({ input: { target, version }, caller: user('ana') }, workflow.ports());

  test('again, under a name of its own, when its own was used up', async () => {
    const workflow = production();
    liveInStaging(workflow, 'v1.0.0');
    await look(workflow);
    expect(await runStarted(workflow)).toMatchObject({ status: 'FAILED' });
    const begun = await order(workflow, 'v1.0.0');
    expect(begun).toMatchObject({
      outcome: 'started',
      deployment: expect.stringMatching(/^web-production-v1_0_0-\w+-2$/),
    });
    expect(workflow.started()).toMatchObject([
      { attempt: 2, cause: 'redeployment by arn:aws:iam::111122223333:user/ana' },
    ]);
    workflow.whileWaiting = async () => void (await workflow.answer('approve'));
    expect(await runStarted(workflow)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await order(workflow, 'v1.0.0')).toMatchObject({ outcome: 'started' });
    expect(await runStarted(workflow)).toMatchObject({ output: expect.stringContaining('is live already') });
  });

  test('behind what runs', async () => {
    const workflow = production();
    let said: unknown;
    workflow.whileWaiting = async () => {
      said ??= await order(workflow, 'v1.0.0');
    };
    liveInStaging(workflow, 'v1.0.0');
    await look(workflow);
    await runStarted(workflow);
    expect(said).toMatchObject({
      outcome: 'queued',
      sentence: expect.stringContaining('begins when what runs on web/production has ended'),
    });
    expect(workflow.started()).toMatchObject([{ attempt: 2 }]);
  });

  test('that was once live in staging, and none that never was', async () => {
    const workflow = production();
    liveInStaging(workflow, 'v1.0.0');
    liveInStaging(workflow, 'v1.1.0', { ended: false });
    expect(await order(workflow, 'v1.0.0')).toMatchObject({ outcome: 'started' });
    expect(await order(workflow, 'v1.1.0')).toMatchObject({ outcome: 'started' });
    workflow.world.push('v1.2.0');
    expect(await order(workflow, 'v1.2.0')).toEqual({
      outcome: 'refused',
      sentence:
        'v1.2.0 is not deployed to web/production. This image has never been live on web/staging, from where this target is promoted.',
    });
  });

  test('and is told what stands against it', async () => {
    const workflow = new Workflow();
    await workflow.deploy(workflow.world.push('v1.1.0'));
    workflow.world.push('v1.0.0');
    expect(await order(workflow, 'v9.9.9')).toMatchObject({ sentence: 'The repository web holds no image v9.9.9.' });
    expect(await order(workflow, 'v1.0.0')).toMatchObject({
      sentence: expect.stringContaining('v1.0.0 is older than v1.1.0, which is live'),
    });
    expect(await order(workflow, 'v1.1.0', 'web/staging')).toMatchObject({
      sentence: 'There is no target web/staging; there is web/production.',
    });
    expect(await order(workflow, '1.1.0')).toMatchObject({
      outcome: 'refused',
      sentence: expect.stringContaining('a version is v and a semantic version'),
    });
    const { ledger, clock } = workflow;
    const head = await ledger.head(PRODUCTION);
    ledger.heads.set(PRODUCTION, {
      ...head,
      frozen: { reason: 'an unknown caller', at: clock.now(), deployment: 'some' },
    });
    expect(await order(workflow, 'v1.1.0')).toMatchObject({
      outcome: 'refused',
      sentence: expect.stringContaining('frozen since'),
    });
    expect(workflow.started()).toEqual([]);
  });
});

describe('an execution that somebody starts by hand', () => {
  /** Starts the deployment of a release without the checks of those who usually start it. */
  const byHand = (workflow: Workflow, change: object = {}) => {
    const request = workflow.request(workflow.world.push('v1.0.0'));
    return workflow.run({ ...request, ...change });
  };

  test('with a release that was never live in staging goes no further than preflight', async () => {
    const workflow = production();
    const ending = await byHand(workflow);
    expect(ending).toMatchObject({
      status: 'FAILED',
      error: 'refused',
      cause: expect.stringContaining(`This image has never been live on ${STAGING}`),
    });
    expect(ending.visited).not.toContain('Prepare database');
    expect(ending.visited).not.toContain('Approve');
    expect(workflow.world.actions).toEqual([]);
  });

  test('with an image of a version whose other image was live in staging neither', async () => {
    const workflow = production();
    const { digest } = liveInStaging(workflow, 'v1.0.0');
    const other = workflow.world.push('v1.1.0');
    expect(digest).not.toBe(other.digest);
    expect(await workflow.run(workflow.request(other))).toMatchObject({ error: 'refused' });
  });

  test.each([
    ['another attempt', { attempt: 2 }],
    ['another version', { version: 'v9.9.9' }],
    ['another image', { digest: `sha256:${'f'.repeat(64)}` }],
    ['another deployment’s name', { deployment: 'web-production-v0_9_0-deadbeef-1' }],
    ['a recovery', { kind: 'recovery' }],
  ])('whose input says %s than its name is refused, and nothing is written of it', async (_what, change) => {
    const workflow = production();
    liveInStaging(workflow, 'v1.0.0');
    const entries = workflow.ledger.entries.length;
    const ending = await byHand(workflow, change);
    expect(ending).toMatchObject({ status: 'FAILED', error: 'refused', last: 'Refused' });
    expect(ending).toMatchObject({ cause: expect.stringContaining('Nothing was changed.') });
    expect(workflow.ledger.entries).toHaveLength(entries);
  });
});
