import { describe, expect, test } from 'vitest';
import { reconcile } from '../../functions/reconcile/reconcile.ts';
import { startDeployment } from '../../functions/start-deployment/start-deployment.ts';
import { user } from '../fixtures/people.ts';
import { Workflow } from './harness.ts';

/** What is live serves no user: the fix must not be refused. */

const TARGET = 'web/production';

async function withDeadLive(): Promise<Workflow> {
  const workflow = new Workflow();
  await workflow.deploy(workflow.world.push('v1.0.0'));
  workflow.world.unhealthy.add('blue');
  return workflow;
}

async function redeploy(workflow: Workflow, version: string, rescue?: string) {
  const input = { target: TARGET, version, ...(rescue !== undefined && { rescue }) };
  const answer = await startDeployment({ input, caller: user('ana') }, workflow.ports());
  const endings = [];
  for (const request of workflow.started()) endings.push(await workflow.run(request));
  return { answer, ending: endings[0] };
}

describe('a release while live has no healthy task', () => {
  test('gets all the traffic at once after its smoke checks, and plan, ledger and notice say why', async () => {
    const workflow = await withDeadLive();
    const ending = await workflow.deploy(workflow.world.push('v1.1.0'));
    expect(ending).toMatchObject({ status: 'SUCCEEDED' });
    expect(ending.visited).toContain('Smoke candidate');
    expect(ending.visited).not.toContain('Bake');
    const why = 'v1.0.0 is live in blue and has no healthy task';
    expect(workflow.messages.at(-1)).toContain(`it came as a rescue, with all the traffic at once: ${why}`);
    expect(workflow.ledger.entries.find(({ type }) => type === 'rescue began')?.cause).toContain(why);
    const head = await workflow.ledger.head(TARGET);
    expect(head.live?.deployable.version).toBe('v1.1.0');
    expect(head.warm).toBeUndefined();
    expect(workflow.world.weights).toEqual({ blue: 0, green: 100 });
    expect(workflow.world.actions.filter(({ do: what }) => what === 'set weights')).toHaveLength(1);
  });

  test('that has a migration is not held up by a check of live', async () => {
    const workflow = await withDeadLive();
    const migrations = [{ name: 'board.0002_likes', compatible: 'yes', why: 'additive' }] as const;
    const ending = await workflow.deploy(
      workflow.world.push('v1.1.0', { migrations: [...migrations], breaksLive: true }),
    );
    expect(ending.visited).not.toContain('Check live');
    expect(ending.visited).toContain('Smoke candidate');
  });

  test('that fails its smoke checks leaves the weights where they are', async () => {
    const workflow = await withDeadLive();
    const ending = await workflow.deploy(workflow.world.push('v1.1.0', { failsSmoke: true }));
    expect(ending.status).toBe('FAILED');
    expect(workflow.world.weights).toEqual({ blue: 100, green: 0 });
    expect((await workflow.ledger.head(TARGET)).live?.deployable.version).toBe('v1.0.0');
  });

  test('is not declared after a single bad look', async () => {
    const workflow = await withDeadLive();
    const observe = workflow.world.observe.bind(workflow.world);
    workflow.world.observe = async () => {
      const seen = await observe();
      workflow.world.unhealthy.clear();
      return seen;
    };
    const ending = await workflow.deploy(workflow.world.push('v1.1.0'));
    expect(ending).toMatchObject({ status: 'SUCCEEDED' });
    expect(ending.visited).toContain('Bake');
  });
});

test('the live version itself may be deployed again', async () => {
  const workflow = await withDeadLive();
  const { answer, ending } = await redeploy(workflow, 'v1.0.0');
  expect(answer).toMatchObject({ outcome: 'started' });
  expect(ending).toMatchObject({ status: 'SUCCEEDED', output: expect.stringContaining('it came as a rescue') });
  expect((await workflow.ledger.head(TARGET)).live?.slot).toBe('green');
});

describe('a frozen target with traffic on both slots, whose live dies', () => {
  async function frozen(): Promise<Workflow> {
    const workflow = new Workflow();
    await workflow.deploy(workflow.world.push('v1.0.0'));
    workflow.beforeInvoke = (name) => {
      if (name === '${CheckStepFunction}') workflow.world.unhealthy.add('blue');
    };
    await workflow.deploy(workflow.world.push('v1.1.0', { errorShare: 0.5 }));
    workflow.beforeInvoke = () => {};
    expect((await workflow.ledger.head(TARGET)).frozen?.reason).toContain('cannot take the traffic back');
    expect(workflow.world.weights).toEqual({ blue: 90, green: 10 });
    return workflow;
  }

  test('takes no push, and says what is to be done', async () => {
    const workflow = await frozen();
    const ending = await workflow.deploy(workflow.world.push('v1.2.0'));
    expect(ending).toMatchObject({
      error: 'refused',
      cause: expect.stringContaining(`farol redeploy ${TARGET} <version> --rescue`),
    });
  });

  test('is opened by a rescue that names itself, which gets all the traffic', async () => {
    const workflow = await frozen();
    workflow.world.push('v1.2.0');
    const { answer, ending } = await redeploy(workflow, 'v1.2.0', 'the tasks of v1.0.0 died of a full disk');
    expect(answer).toMatchObject({ outcome: 'started' });
    expect(ending).toMatchObject({ status: 'SUCCEEDED' });
    const { live, frozen: still } = await workflow.ledger.head(TARGET);
    expect(still).toBeUndefined();
    expect(live?.deployable.version).toBe('v1.2.0');
    const opened = workflow.ledger.entries.find(({ type }) => type === 'unfrozen');
    expect(opened?.cause).toMatch(/user\/ana: rescue by v1\.2\.0: the tasks of v1\.0\.0 died of a full disk$/);
    expect(await reconcile({ ...workflow.ports(), warn: () => {} })).toMatchObject([{ outcome: 'in order' }]);
  });

  test('without naming it a rescue is refused as before', async () => {
    const workflow = await frozen();
    workflow.world.push('v1.2.0');
    expect((await redeploy(workflow, 'v1.2.0')).answer).toMatchObject({ outcome: 'refused' });
  });
});
