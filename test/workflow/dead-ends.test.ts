import { describe, expect, test } from 'vitest';
import { reconcile } from '../../functions/reconcile/reconcile.ts';
import { unfreeze } from '../../functions/unfreeze/unfreeze.ts';
import type { Behaviour } from '../fakes/behaviour.ts';
import { user } from '../fixtures/people.ts';
import { Workflow } from './harness.ts';
import { settle } from './repair.ts';

/** States that Farol was once left in without a way on, each with the bad day that led there (I20). */

const TARGET = 'web/production';
const OUTAGE = new Error('ProvisionedThroughputExceededException');

async function withLive(): Promise<Workflow> {
  const workflow = new Workflow();
  await workflow.deploy(workflow.world.push('v1.0.0'));
  return workflow;
}

/** Deploys an update while every call of a function fails, from its first in a phase on. */
async function deployDuring(workflow: Workflow, phase: string, behaviour: Behaviour = {}) {
  workflow.beforeInvoke = (name, payload) => {
    if (name === '${ConvergeFunction}' && JSON.stringify(payload).includes(`"phase":"${phase}"`)) throw OUTAGE;
  };
  const ending = await workflow.deploy(workflow.world.push('v1.1.0', behaviour));
  workflow.beforeInvoke = () => {};
  return ending;
}

describe('the ledger is out of reach while a release is promoted', () => {
  test('for so long that the promotion fails: what is live has all the traffic again, and nothing is frozen', async () => {
    const workflow = await withLive();
    const ending = await deployDuring(workflow, 'promote');
    expect(ending).toMatchObject({ error: 'rolled back', cause: expect.stringContaining('in the state Promote') });
    expect(workflow.world.weights).toEqual({ blue: 100, green: 0 });
    expect((await workflow.ledger.head(TARGET)).frozen).toBeUndefined();
  });

  test('after the ledger called it live: it stays live, and the execution says so', async () => {
    const workflow = await withLive();
    workflow.world.beforeAction = () => {};
    const write = workflow.ledger.writeIntent.bind(workflow.ledger);
    workflow.ledger.writeIntent = async (context, draft, cause) => {
      if (draft.phase === 'promote') throw OUTAGE;
      return write(context, draft, cause);
    };
    const ending = await workflow.deploy(workflow.world.push('v1.1.0'));
    expect(ending).toMatchObject({ status: 'SUCCEEDED', output: expect.stringMatching(/^v1\.1\.0 is live on/) });
    expect(workflow.world.weights).toEqual({ blue: 0, green: 100 });
  });

  test('and while it is rolled back too: a recovery ends it, and the next push is deployed', async () => {
    const workflow = await withLive();
    workflow.beforeInvoke = (name, payload) => {
      if (name === '${ConvergeFunction}' && /"phase":"(?:promote|restore)"/.test(JSON.stringify(payload))) throw OUTAGE;
    };
    const ending = await workflow.deploy(workflow.world.push('v1.1.0'));
    expect(ending).toMatchObject({ error: 'interrupted', cause: expect.stringContaining('A recovery goes on') });
    expect(workflow.world.weights).toEqual({ blue: 0, green: 100 });
    workflow.beforeInvoke = () => {};
    expect(await reconcile({ ...workflow.ports(), warn: () => {} })).toMatchObject([{ outcome: 'recovery started' }]);
    for (const request of workflow.started())
      expect(await workflow.run(request)).toMatchObject({ status: 'SUCCEEDED' });
    expect(workflow.world.weights).toEqual({ blue: 100, green: 0 });
    expect(await workflow.deploy(workflow.world.push('v1.2.0'))).toMatchObject({ status: 'SUCCEEDED' });
  });
});

test('a push that comes before the recovery brings back what is live itself, and is not refused', async () => {
  const workflow = await withLive();
  workflow.beforeInvoke = (name, payload) => {
    if (name === '${ConvergeFunction}' && JSON.stringify(payload).includes('"phase":"restore"')) throw OUTAGE;
  };
  expect(await workflow.deploy(workflow.world.push('v1.1.0', { errorShare: 0.5 }))).toMatchObject({ status: 'FAILED' });
  expect(workflow.world.weights).toEqual({ blue: 90, green: 10 });
  workflow.beforeInvoke = () => {};
  const ending = await workflow.deploy(workflow.world.push('v1.2.0'));
  expect(ending).toMatchObject({ status: 'SUCCEEDED' });
  expect(ending.visited).toContain('Restore first');
  expect((await workflow.ledger.head(TARGET)).live?.deployable.version).toBe('v1.2.0');
});

describe('nine calls that fail while a release is rolled back', () => {
  test('leave no users on it: reconcile starts a recovery', async () => {
    const workflow = await withLive();
    await deployDuring(workflow, 'restore', { errorShare: 0.5 });
    expect(workflow.world.weights).toEqual({ blue: 90, green: 10 });
    await settle(workflow);
    expect(workflow.world.weights).toEqual({ blue: 100, green: 0 });
    expect(await reconcile({ ...workflow.ports(), warn: () => {} })).toMatchObject([{ outcome: 'in order' }]);
  });
});

test('unfreeze starts the recovery of a deployment that did not end', async () => {
  const workflow = await withLive();
  await workflow.deploy(
    workflow.world.push('v1.1.0', {
      migrations: [{ name: 'board.0002_likes', compatible: 'yes', why: 'additive' }],
      migrationExits: ['killed'],
    }),
  );
  expect((await workflow.ledger.head(TARGET)).frozen).toBeDefined();
  const input = { target: TARGET, reason: 'the migration was finished by hand' };
  const { sentence } = await unfreeze({ input, caller: user('ana') }, workflow.ports());
  expect(sentence).toContain('web-production-recovery-2-1 was started');
  for (const recovery of workflow.started())
    expect(await workflow.run(recovery)).toMatchObject({ status: 'SUCCEEDED' });
  expect(await workflow.deploy(workflow.world.push('v1.2.0'))).toMatchObject({ status: 'SUCCEEDED' });
});

test('a frozen target whose execution was stopped stays as it is: its recovery only frees the lock', async () => {
  const workflow = await withLive();
  workflow.beforeInvoke = (name) => {
    if (name === '${FinishFunction}') throw OUTAGE;
  };
  const update = {
    migrations: [{ name: 'board.0002_likes', compatible: 'yes', why: 'additive' }],
    breaksLive: true,
  } as const;
  await workflow.deploy(workflow.world.push('v1.1.0', { ...update, migrations: [...update.migrations] }));
  workflow.beforeInvoke = () => {};
  const actions = workflow.world.actions.length;
  await settle(workflow);
  const { frozen } = await workflow.ledger.head(TARGET);
  expect(frozen?.reason).toContain('no longer works on the new schema');
  expect((await workflow.ledger.lock(TARGET))?.deployment).toBeUndefined();
  expect(workflow.world.actions).toHaveLength(actions);
});

describe('a release that is lost before it takes the lock', () => {
  async function lost(times: number): Promise<Workflow> {
    const workflow = await withLive();
    let left = times;
    workflow.beforeInvoke = (name) => {
      if (name !== '${AcquireLockFunction}' || left === 0) return;
      left -= 1;
      throw OUTAGE;
    };
    await workflow.deploy(workflow.world.push('v1.1.0'));
    await workflow.clock.sleep(180_000);
    return workflow;
  }

  test('by an outage that outlasts every retry is begun again under the next name', async () => {
    const workflow = await lost(7);
    expect(workflow.started()).toEqual([]);
    await reconcile({ ...workflow.ports(), warn: () => {} });
    const [again] = workflow.started();
    expect(again).toMatchObject({ version: 'v1.1.0', attempt: 2 });
    if (again !== undefined) await workflow.run(again);
    expect((await workflow.ledger.head(TARGET)).live?.deployable.version).toBe('v1.1.0');
  });

  test('by what never passes is not begun for ever', async () => {
    const workflow = await lost(1_000);
    for (let turn = 1; turn <= 8; turn += 1) await settle(workflow);
    expect([...workflow.endings.keys()].filter((name) => name.includes('v1_1_0'))).toHaveLength(5);
  });
});

test('reports, recoveries and other pushes work while settings are broken', async () => {
  const workflow = await withLive();
  await deployDuring(workflow, 'restore', { errorShare: 0.5 });
  workflow.world.unreadable = 'checkEvery: at least 1s';
  await settle(workflow);
  expect(workflow.world.weights).toEqual({ blue: 100, green: 0 });
});
