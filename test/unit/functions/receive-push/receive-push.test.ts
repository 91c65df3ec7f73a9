import { describe, expect, test } from 'vitest';
import { receivePush } from '../../../../functions/receive-push/receive-push.ts';
import { Workflow } from '../../../workflow/harness.ts';

const DIGEST = `sha256:${'c'.repeat(64)}`;

function push(detail: Record<string, unknown> = {}, event: Record<string, unknown> = {}) {
  return {
    version: '0',
    id: '13cde686-328b-6117-af20-0e5566167482',
    'detail-type': 'ECR Image Action',
    source: 'aws.ecr',
    account: '111122223333',
    time: '2026-11-23T18:00:00Z',
    region: 'eu-west-1',
    resources: [],
    detail: {
      result: 'SUCCESS',
      'repository-name': 'web',
      'image-digest': DIGEST,
      'action-type': 'PUSH',
      'image-tag': 'v1.4.0',
      ...detail,
    },
    ...event,
  };
}

function receive(workflow: Workflow, event: unknown, warn: (message: string) => void = () => {}) {
  const { ledger, executions, world } = workflow;
  return receivePush(event, { ledger, executions, settings: world, warn });
}

describe('a push', () => {
  test('of a version starts one execution, however often its event is delivered', async () => {
    const workflow = new Workflow();
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => receive(workflow, push())));
    expect(outcomes.flat().filter(({ outcome }) => outcome === 'started')).toHaveLength(1);
    expect(workflow.started()).toMatchObject([
      { deployment: 'web-production-v1_4_0-cccccccc-1', attempt: 1, digest: DIGEST },
    ]);
  });

  test.each([
    ['another tag', { 'image-tag': 'latest' }, 'no version'],
    ['no tag', { 'image-tag': undefined }, 'no tag'],
    ['a tag that is a path', { 'image-tag': '../v1.0.0' }, 'no version'],
    ['a deletion', { 'action-type': 'DELETE' }, 'not PUSH'],
    ['a replica', { 'action-type': 'REPLICATE' }, 'not PUSH'],
    ['a failure', { result: 'FAILURE' }, 'not SUCCESS'],
    ['another repository', { 'repository-name': 'billing' }, 'no target is deployed from pushes to billing'],
    ['an invalid digest', { 'image-digest': 'sha256:zz' }, 'no sha256 digest'],
  ])('that is no release of a target (%s) is ignored with its reason', async (_name, detail, reason) => {
    const workflow = new Workflow();
    expect(await receive(workflow, push(detail))).toEqual([
      { outcome: 'ignored', what: expect.stringContaining(reason) },
    ]);
    expect(workflow.started()).toEqual([]);
    expect(workflow.ledger.entries).toEqual([]);
  });

  test.each([null, 'x', {}, { source: 'aws.ecr' }, push({}, { source: 'aws.s3' })])(
    'that is no event at all changes nothing: %j',
    async (event) => {
      const workflow = new Workflow();
      expect(await receive(workflow, event)).toMatchObject([
        { outcome: 'ignored', what: expect.stringContaining('not an ECR image action') },
      ]);
      expect(workflow.started()).toEqual([]);
    },
  );

  test('is not heard by a target that is promoted from another', async () => {
    const workflow = new Workflow({ source: 'promotion of web/staging' });
    expect(await receive(workflow, push())).toEqual([
      { outcome: 'ignored', what: 'no target is deployed from pushes to web' },
    ]);
    expect(workflow.started()).toEqual([]);
  });

  test('while another deployment holds the lock waits behind it; the newest one only', async () => {
    const workflow = new Workflow();
    const request = workflow.request(workflow.world.push('v1.3.0'));
    await workflow.ledger.takeLock(request, 'execution:x', undefined);
    expect(await receive(workflow, push({ 'image-tag': 'v1.5.0' }))).toMatchObject([{ outcome: 'queued' }]);
    expect(await receive(workflow, push())).toMatchObject([{ outcome: 'older' }]);
    expect(await receive(workflow, push({ 'image-tag': 'v1.6.0' }))).toMatchObject([{ outcome: 'queued' }]);
    expect(await workflow.ledger.waiting('web/production')).toMatchObject({ version: 'v1.6.0' });
    expect(workflow.started()).toEqual([]);
  });

  test('is heard by the other targets though the settings of one cannot be read', async () => {
    const workflow = new Workflow();
    const all = await workflow.world.all();
    workflow.world.all = async () => [{ target: 'web/staging', error: 'no JSON' }, ...all];
    const warnings: string[] = [];
    expect(await receive(workflow, push(), (message) => warnings.push(message))).toMatchObject([
      { outcome: 'started' },
    ]);
    expect(warnings).toEqual([expect.stringContaining('web/staging')]);
  });
});
