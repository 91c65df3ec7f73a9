import { describe, expect, test } from 'vitest';
import type { Slot } from '#core/contract/slot.ts';
import { SETTINGS } from '../fixtures/settings.ts';
import { Workflow } from './harness.ts';
import { settle } from './repair.ts';

const TARGET = 'web/production';
const { min, max, requestsPerTarget } = SETTINGS.capacity;

/** Requests a minute that want so many tasks. */
const loadFor = (tasks: number): number => tasks * requestsPerTarget;

/** v1.0.0 is live in blue with as many tasks as the load wants; each change from then on is noted with the tasks of both slots. */
async function busySite(tasks: number) {
  const workflow = new Workflow();
  const { world } = workflow;
  await workflow.deploy(world.push('v1.0.0'));
  world.requestsPerMinute = loadFor(tasks);
  await workflow.clock.sleep(3_600_000);
  await world.observe();
  const seen: {
    readonly change: string;
    readonly slot: Slot | undefined;
    readonly blue: number;
    readonly green: number;
  }[] = [];
  world.afterAction = (action) => {
    const { blue, green } = world.slots;
    const slot = 'slot' in action ? action.slot : undefined;
    seen.push({ change: action.do, slot, blue: blue.tasks.length, green: green.tasks.length });
  };
  return { workflow, world, seen };
}

const shifts = (seen: Awaited<ReturnType<typeof busySite>>['seen']) =>
  seen.filter(({ change }) => change === 'set weights');

describe('scaling while a release is deployed', () => {
  test('live has as many tasks as before until all traffic has left it, however quiet it becomes', async () => {
    const { workflow, world, seen } = await busySite(max);
    expect(world.slots.blue.tasks).toHaveLength(max);
    // From the first change of the deployment on.
    world.beforeAction = () => {
      world.requestsPerMinute = seen.length > 0 ? 1 : world.requestsPerMinute;
    };
    await workflow.deploy(world.push('v1.1.0'));
    const until = seen.findLastIndex(({ change }) => change === 'set weights');
    expect(until).toBeGreaterThan(0);
    expect(seen.slice(0, until + 1).map(({ blue }) => blue)).toEqual(Array.from({ length: until + 1 }, () => max));
  });

  test('the candidate is as large as live before it gets its first request', async () => {
    const { workflow, world, seen } = await busySite(max - 1);
    await workflow.deploy(world.push('v1.1.0'));
    expect(shifts(seen)[0]).toMatchObject({ blue: max - 1, green: max - 1 });
  });

  test('live may grow, and the candidate then grows with it before it gets more', async () => {
    const { workflow, world, seen } = await busySite(min);
    let shifted = 0;
    const note = world.afterAction;
    world.afterAction = (action, n) => {
      note(action, n);
      if (action.do === 'set weights' && (shifted += 1) === 1) world.requestsPerMinute = loadFor(max) * 2;
    };
    await workflow.deploy(world.push('v1.1.0'));
    const steps = shifts(seen);
    expect(steps.at(0)).toMatchObject({ blue: min, green: min });
    expect(steps.at(-1)).toMatchObject({ blue: max, green: max });
  });

  test('neither slot ever has more tasks than the settings allow', async () => {
    const { workflow, world, seen } = await busySite(max * 3);
    await workflow.deploy(world.push('v1.1.0'));
    await settle(workflow);
    expect(Math.max(...seen.flatMap(({ blue, green }) => [blue, green]))).toBe(max);
  });

  test('what was scaled by the settings of the release before keeps theirs until the other settings have passed', async () => {
    const { workflow, world, seen } = await busySite(max);
    world.publish({ capacity: { ...SETTINGS.capacity, min: 1, max: max - 2 } });
    await workflow.deploy(world.push('v1.1.0'));
    const last = shifts(seen).at(-1);
    expect(last).toMatchObject({ blue: max, green: max - 2 });
    expect(world.slots.green.scaling).toMatchObject({ min: 1, max: max - 2, scaleIn: true, scaleOut: true });
  });
});

describe('scaling after a release', () => {
  test('live scales in and out again by its load', async () => {
    const { workflow, world } = await busySite(max);
    await workflow.deploy(world.push('v1.1.0'));
    for (const tasks of [min, max, min + 1]) {
      world.requestsPerMinute = loadFor(tasks);
      await world.observe();
      expect(world.slots.green.tasks).toHaveLength(tasks);
    }
  });

  test('the warm slot keeps what it had, able to serve at once, and is emptied when its time is over', async () => {
    const { workflow, world } = await busySite(max - 1);
    await workflow.deploy(world.push('v1.1.0'));
    world.requestsPerMinute = 1;
    await world.observe();
    expect(world.slots.blue.tasks).toHaveLength(max - 1);
    const { warm } = await workflow.ledger.head(TARGET);
    await workflow.clock.sleep(Date.parse(warm?.until ?? '') - Date.parse(workflow.clock.now()) + 1);
    await settle(workflow);
    expect(world.slots.blue.tasks).toHaveLength(0);
  });

  test('after a roll back live scales again, and the candidate holds nothing', async () => {
    const { workflow, world } = await busySite(max);
    await workflow.deploy(world.push('v1.1.0', { errorShare: 0.5 }));
    world.requestsPerMinute = 1;
    await world.observe();
    expect(world.slots.blue.tasks).toHaveLength(min);
    expect(world.slots.green.tasks).toHaveLength(0);
  });
});

test('a first release starts with the minimum, and scales by its load once it is live', async () => {
  const workflow = new Workflow();
  const { world } = workflow;
  world.requestsPerMinute = loadFor(max);
  const sizes = new Set<number>();
  world.afterAction = () => void sizes.add(world.slots.blue.tasks.length);
  await workflow.deploy(world.push('v1.0.0'));
  await world.observe();
  expect(sizes).toContain(min);
  expect(world.slots.blue.tasks).toHaveLength(max);
});
