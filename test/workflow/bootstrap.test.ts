import { describe, expect, test } from 'vitest';
import { Workflow } from './harness.ts';

const BOOTSTRAP = ['bootstrap', '--all'];

async function withFirstRelease(): Promise<Workflow> {
  const workflow = new Workflow();
  const ending = await workflow.deploy(workflow.world.push('v1.0.0', { bootstrap: BOOTSTRAP }));
  expect(ending, JSON.stringify(ending)).toMatchObject({ status: 'SUCCEEDED', last: 'Done' });
  expect(ending.visited).toContain('Check bootstrap');
  return workflow;
}

/** States of a deployment up to the plan of its migrations. */
function beforePlan(visited: readonly string[]): string[] {
  return visited.slice(visited.indexOf('Bootstrap database'), visited.indexOf('Plan migrations'));
}

describe('the bootstrap of a database', () => {
  test('is done before the migrations are planned, and the ledger says so', async () => {
    const workflow = await withFirstRelease();
    const prepared = workflow.ledger.entries.filter(({ type }) => type === 'database prepared');
    expect(prepared).toHaveLength(1);
    expect((await workflow.ledger.head('web/production')).bootstrapped).toBe(prepared[0]?.facts['fingerprint']);
  });

  test('is not done again while neither command nor variables change', async () => {
    const workflow = await withFirstRelease();
    const ending = await workflow.deploy(workflow.world.push('v1.1.0', { bootstrap: BOOTSTRAP }));
    expect(ending).toMatchObject({ status: 'SUCCEEDED', last: 'Done' });
    expect(beforePlan(ending.visited)).toEqual(['Bootstrap database', 'Bootstrapping?']);
  });

  test('is done again when its command changes', async () => {
    const workflow = await withFirstRelease();
    const ending = await workflow.deploy(workflow.world.push('v1.1.0', { bootstrap: ['bootstrap', '--more'] }));
    expect(beforePlan(ending.visited)).toContain('Check bootstrap');
  });

  test('is nothing for an application that has none', async () => {
    const workflow = new Workflow();
    const ending = await workflow.deploy(workflow.world.push('v1.0.0'));
    expect(beforePlan(ending.visited)).toEqual(['Bootstrap database', 'Bootstrapping?']);
    expect((await workflow.ledger.head('web/production')).bootstrapped).toBeUndefined();
  });

  test.each([
    [3, 'Preparing the database ended with exit code 3'],
    ['killed', 'Preparing the database stopped without an exit code'],
  ] as const)(
    'that fails (%s) ends the deployment with nothing changed, and is tried by the next',
    async (exit, said) => {
      const workflow = await withFirstRelease();
      const before = workflow.world.actions.length;
      const failing = { bootstrap: ['bootstrap', '--more'], bootstrapExit: exit };
      const ending = await workflow.deploy(workflow.world.push('v1.1.0', failing));
      expect(ending).toMatchObject({ status: 'FAILED', error: 'refused', cause: expect.stringContaining(said) });
      expect(ending).toMatchObject({ cause: expect.stringContaining('Last lines: Bootstrap: role web_owner') });
      expect(ending).toMatchObject({ cause: expect.stringContaining('v1.0.0 serves web/production') });
      expect(ending.visited).not.toContain('Plan migrations');
      expect(workflow.world.actions).toHaveLength(before);
      const head = await workflow.ledger.head('web/production');
      expect(head.frozen).toBeUndefined();
      const next = await workflow.deploy(workflow.world.push('v1.2.0', { bootstrap: failing.bootstrap }));
      expect(next).toMatchObject({ status: 'SUCCEEDED', last: 'Done' });
      expect(beforePlan(next.visited)).toContain('Check bootstrap');
    },
  );
});
