import { describe, expect, test } from 'vitest';
import { reconcile } from '../../functions/reconcile/reconcile.ts';
import { Workflow } from './harness.ts';

function look(workflow: Workflow, warn: (message: string) => void = () => {}) {
  return reconcile({ ...workflow.ports(), warn });
}

describe('reconcile', () => {
  test('starts a release whose push nobody heard of, once, and not while its event may be under way', async () => {
    const workflow = new Workflow();
    await workflow.deploy(workflow.world.push('v1.0.0'));
    workflow.world.push('v1.1.0');
    workflow.world.pushed = workflow.clock.now();
    expect(await look(workflow)).toMatchObject([{ outcome: 'in order' }]);
    await workflow.clock.sleep(180_000);
    expect(await look(workflow)).toMatchObject([
      { outcome: 'lost push found', what: expect.stringContaining('v1_1_0') },
    ]);
    const [request] = workflow.started();
    expect(request).toMatchObject({ version: 'v1.1.0', cause: 'sweep found web:v1.1.0 in the registry' });
    if (request !== undefined) await workflow.run(request);
    expect(await look(workflow)).toMatchObject([{ outcome: 'in order' }]);
  });

  test('does not try a release again that failed', async () => {
    const workflow = new Workflow();
    await workflow.deploy(workflow.world.push('v1.0.0'));
    await workflow.deploy(workflow.world.push('v1.1.0', { crashes: true }));
    await workflow.clock.sleep(180_000);
    expect(await look(workflow)).toMatchObject([{ outcome: 'in order' }]);
  });

  test('ends the warm time of the old slot', async () => {
    const workflow = new Workflow();
    await workflow.deploy(workflow.world.push('v1.0.0'));
    await workflow.deploy(workflow.world.push('v1.1.0'));
    expect(workflow.world.slots.blue.tasks).toHaveLength(2);
    expect(await look(workflow)).toMatchObject([{ outcome: 'in order' }]);
    await workflow.clock.sleep(3_600_000);
    expect(await look(workflow)).toMatchObject([{ outcome: 'recovery started' }]);
    for (const request of workflow.started())
      expect(await workflow.run(request)).toMatchObject({ status: 'SUCCEEDED' });
    expect(workflow.world.slots.blue.tasks).toHaveLength(0);
    expect(workflow.world.weights).toEqual({ blue: 0, green: 100 });
    expect((await workflow.ledger.head('web/production')).warm).toBeUndefined();
    expect(await look(workflow)).toMatchObject([{ outcome: 'in order' }]);
  });

  test('goes on to the other targets when one cannot be looked at', async () => {
    const workflow = new Workflow();
    const { ledger, world } = workflow;
    const [first] = await world.all();
    const other = { settings: { ...workflow.settings, environment: 'staging' } };
    world.all = async () => (first === undefined ? [] : [first, other]);
    const looked: string[] = [];
    const lock = ledger.lock.bind(ledger);
    ledger.lock = async (target) => {
      looked.push(target);
      if (target === 'web/production') throw new Error('ProvisionedThroughputExceededException');
      return lock(target);
    };
    const warnings: string[] = [];
    const ports = { ...workflow.ports(), warn: (text: string) => warnings.push(text) };
    await expect(reconcile(ports)).rejects.toThrow('1 targets could not be reconciled');
    expect(new Set(looked)).toEqual(new Set(['web/production', 'web/staging']));
    expect(warnings).toEqual([expect.stringContaining('web/production could not be reconciled')]);
  });

  test('leaves a target alone whose execution runs', async () => {
    const workflow = new Workflow();
    const request = workflow.request(workflow.world.push('v1.0.0'));
    await workflow.executions.start(request);
    await workflow.ledger.takeLock(request, workflow.executions.arn(request.deployment), undefined);
    expect(await look(workflow)).toMatchObject([{ outcome: 'running', what: request.deployment }]);
  });
});
