import { describe, expect, test } from 'vitest';
import type { Behaviour } from '../fakes/behaviour.ts';
import { conformance } from '../unit/functions/core/exploration/conformance.ts';
import { Workflow } from './harness.ts';
import { Aborted } from './interpreter.ts';
import { settle } from './repair.ts';

describe('what deployments do is what was explored:', () => {
  test.each<[string, readonly Behaviour[]]>([
    ['releases that go live, one after the other', [{}, {}, {}]],
    ['one that never becomes healthy', [{}, { neverHealthy: true }, {}]],
    ['one that crashes', [{}, { crashes: true }]],
    ['one that fails under traffic', [{}, { errorShare: 0.5 }, {}]],
    ['a first one that fails', [{ failsSmoke: true }, {}]],
  ])('%s', async (_what, behaviours) => {
    const workflow = new Workflow();
    for (const [i, behaviour] of behaviours.entries()) {
      await workflow.deploy(workflow.world.push(`v1.${i}.0`, behaviour));
      await settle(workflow);
    }
    const { strays, changes } = conformance(workflow.ledger);
    expect(strays).toEqual([]);
    expect(changes.seen).toBeGreaterThan(5);
  });

  test('an execution that is stopped anywhere, and its recovery', async () => {
    for (let k = 5; k < 25; k += 1) {
      const workflow = new Workflow();
      await workflow.deploy(workflow.world.push('v1.0.0'));
      let n = 0;
      workflow.beforeInvoke = () => {
        n += 1;
        if (n >= k) throw new Aborted('stopped');
      };
      await workflow.runOrAbort(workflow.request(workflow.world.push('v1.1.0')));
      workflow.beforeInvoke = () => {};
      await settle(workflow);
      expect(conformance(workflow.ledger).strays).toEqual([]);
    }
  });

  test.each([
    ['a slot that was never filled', 'fill slot'],
    ['weights that never went back', 'set weights'],
  ])('%s would be noticed', async (_what, last) => {
    const workflow = new Workflow();
    await workflow.deploy(workflow.world.push('v1.0.0'));
    await workflow.deploy(workflow.world.push('v1.1.0', { errorShare: 0.5 }));
    const { entries, changes } = workflow.ledger;
    const gone = changes.findLastIndex(({ call }) => call === last);
    const spoiled = { entries, changes: changes.filter((_, i) => i !== gone) };
    expect(conformance(spoiled).strays).not.toEqual([]);
  });
});
