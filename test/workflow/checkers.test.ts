import { describe, expect, test } from 'vitest';
import type { Behaviour } from '../fakes/behaviour.ts';
import { Workflow } from './harness.ts';

/** Who checks may fail too: that is no verdict about the application (I19). */

const TARGET = 'web/production';
const SLEEPS = 'ResourceNotReadyException: the function is being woken up';
const MIGRATES: Behaviour = { migrations: [{ name: 'board.0002_likes', compatible: 'yes', why: 'additive' }] };

/** A target whose probe fails for so many requests of an update, from a state on. */
async function deploy(state: 'Check live' | 'Smoke candidate' | 'Smoke again', failures: number, behaviour = MIGRATES) {
  const workflow = new Workflow();
  await workflow.deploy(workflow.world.push('v1.0.0'));
  let left = failures;
  let asleep = false;
  const phases = {
    'Check live': '"role":"live"',
    'Smoke candidate': '"role":"candidate"',
    'Smoke again': 'baked',
  } as const;
  let shifted = false;
  workflow.beforeInvoke = (name, payload) => {
    const asked = JSON.stringify(payload);
    if (asked.includes('"phase":"shift"')) shifted = true;
    asleep = name === '${SmokeFunction}' && (state === 'Smoke again' ? shifted : asked.includes(phases[state]));
  };
  workflow.world.beforeProbe = () => {
    if (!asleep || left === 0) return;
    left -= 1;
    throw new Error(SLEEPS);
  };
  return { workflow, ending: await workflow.deploy(workflow.world.push('v1.1.0', behaviour)) };
}

describe.each(['Check live', 'Smoke candidate', 'Smoke again'] as const)('a probe that sleeps in %s', (state) => {
  test('for some minutes is asked again, and the release becomes live', async () => {
    const { workflow, ending } = await deploy(state, 60);
    expect(ending).toMatchObject({ status: 'SUCCEEDED' });
    const { live, frozen } = await workflow.ledger.head(TARGET);
    expect(live?.deployable.version).toBe('v1.1.0');
    expect(frozen).toBeUndefined();
  });

  test('for ever ends in a sentence that names who could not ask, with the traffic on what was live', async () => {
    const { workflow, ending } = await deploy(state, Number.POSITIVE_INFINITY);
    expect(ending).toMatchObject({
      error: 'rolled back',
      cause: expect.stringMatching(
        /could not ask \/version, which says nothing about the application: ResourceNotReady/,
      ),
    });
    expect((await workflow.ledger.head(TARGET)).frozen).toBeUndefined();
    expect(workflow.world.weights).toEqual({ blue: 100, green: 0 });
  });
});

test('a check that the application failed is a verdict, whatever else could not be asked', async () => {
  const { ending } = await deploy('Smoke candidate', 1, { failsSmoke: true });
  expect(ending).toMatchObject({ error: 'rolled back', cause: expect.stringContaining('status 500 instead of 200') });
});

test('checks are asked a few at a time', async () => {
  const workflow = new Workflow();
  let underWay = 0;
  let most = 0;
  const get = workflow.world.get.bind(workflow.world);
  workflow.world.get = async (...request) => {
    underWay += 1;
    most = Math.max(most, underWay);
    await new Promise((resolve) => setImmediate(resolve));
    underWay -= 1;
    return get(...request);
  };
  expect(await workflow.deploy(workflow.world.push('v1.0.0'))).toMatchObject({ status: 'SUCCEEDED' });
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(3);
});
