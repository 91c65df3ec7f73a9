import { describe, expect, test } from 'vitest';
import type { Settings } from '#core/contract/settings.ts';
import { Workflow } from './harness.ts';
import { Aborted } from './interpreter.ts';
import { settle } from './repair.ts';

const TARGET = 'web/production';

async function aWorkflowWithLive(approval?: Settings['approval']): Promise<Workflow> {
  const workflow = new Workflow({ approval });
  workflow.whileWaiting = async () => void (await workflow.answer('approve'));
  await workflow.deploy(workflow.world.push('v1.0.0'));
  return workflow;
}

function pushUpdate(workflow: Workflow, behaviour = {}) {
  return workflow.world.push('v1.1.0', {
    migrations: [{ name: 'board.0002_likes', compatible: 'yes', why: 'additive' }],
    ...behaviour,
  });
}

/** I6: one slot has all the weight, it is the ledger's live, and the lock is free. */
async function expectSettled(workflow: Workflow): Promise<void> {
  const head = await workflow.ledger.head(TARGET);
  const { live } = head;
  expect(live).toBeDefined();
  expect(workflow.world.weights).toEqual(live?.slot === 'blue' ? { blue: 100, green: 0 } : { blue: 0, green: 100 });
  expect(workflow.world.servesEverything()).toBe(true);
  expect((await workflow.ledger.lock(TARGET))?.deployment).toBeUndefined();
  expect(head.frozen).toBeUndefined();
}

describe('an execution that is stopped', () => {
  test.each([
    ['without an approval', undefined],
    ['with one', { timeout: '1h' }],
  ])('at any invocation, %s, is recovered to what the ledger calls live', async (_name, approval) => {
    let invocations = Number.POSITIVE_INFINITY;
    for (let k = 1; k <= invocations; k += 1) {
      const workflow = await aWorkflowWithLive(approval);
      let n = 0;
      const request = workflow.request(pushUpdate(workflow));
      workflow.beforeInvoke = () => {
        n += 1;
        if (n >= k) throw new Aborted('stopped');
      };
      let served = true;
      workflow.world.afterAction = () => {
        served &&= workflow.world.servesEverything();
      };
      await workflow.runOrAbort(request);
      if (n < k) {
        invocations = n;
        break;
      }
      workflow.beforeInvoke = () => {};
      await settle(workflow);
      await expectSettled(workflow);
      expect(served).toBe(true);
    }
    expect(invocations).toBeGreaterThan(15);
  });

  test('in the middle of a change is recovered, whether the change took effect or not', async () => {
    for (const moment of ['beforeAction', 'afterAction'] as const) {
      let actions = Number.POSITIVE_INFINITY;
      for (let k = 1; k <= actions; k += 1) {
        const workflow = await aWorkflowWithLive();
        const before = workflow.world.actions.length;
        let aborted = false;
        const request = workflow.request(pushUpdate(workflow));
        workflow.world[moment] = (_action, n) => {
          if (n - before !== k) return;
          aborted = true;
          throw new Aborted('stopped');
        };
        workflow.beforeInvoke = () => {
          if (aborted) throw new Aborted('stopped');
        };
        await workflow.runOrAbort(request);
        workflow.world[moment] = () => {};
        workflow.beforeInvoke = () => {};
        if (!aborted) {
          actions = k;
          break;
        }
        await settle(workflow);
        await expectSettled(workflow);
      }
      expect(actions).toBeGreaterThan(6);
    }
  });
});

describe('a call that fails once', () => {
  test('before or after its effect changes nothing in the outcome', async () => {
    for (const moment of ['beforeAction', 'afterAction'] as const) {
      for (let k = 1; ; k += 1) {
        const workflow = await aWorkflowWithLive();
        const before = workflow.world.actions.length;
        let failed = false;
        workflow.world[moment] = (_action, n) => {
          if (failed || n - before !== k) return;
          failed = true;
          throw new Error('ThrottlingException: Rate exceeded');
        };
        const ending = await workflow.deploy(pushUpdate(workflow));
        expect(ending, `change ${k}, ${moment}`).toMatchObject({ status: 'SUCCEEDED', last: 'Done' });
        await expectSettled(workflow);
        if (!failed) break;
        expect(k).toBeLessThan(40);
      }
    }
  });
});

describe('a push during a deployment', () => {
  test('is queued behind the holder of the lock', async () => {
    const workflow = await aWorkflowWithLive();
    let queued: unknown;
    const second = workflow.request(workflow.world.push('v1.2.0'));
    let inner: Promise<unknown> | undefined;
    workflow.beforeInvoke = (name) => {
      if (name === '${ConvergeFunction}' && inner === undefined) {
        inner = workflow
          .invoke('${AcquireLockFunction}', { request: second, executionArn: `execution:${second.deployment}` })
          .then((outcome) => (queued = outcome));
      }
    };
    await workflow.deploy(pushUpdate(workflow));
    await inner;
    expect(queued).toMatchObject({ outcome: 'busy' });
    const [next] = workflow.started();
    expect(next).toMatchObject({ version: 'v1.2.0', attempt: 2 });
    if (next !== undefined) await workflow.run(next);
    expect((await workflow.ledger.head(TARGET)).live?.deployable.version).toBe('v1.2.0');
  });
});
