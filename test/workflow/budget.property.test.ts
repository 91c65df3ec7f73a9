import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { longestSeconds, partsOf } from '#core/contract/budget.ts';
import { releaseDefinition } from '../../statemachines/definition.ts';
import type { Behaviour } from '../fakes/behaviour.ts';
import { SETTINGS } from '../fixtures/settings.ts';
import { Workflow } from './harness.ts';

/** Events of a state in an execution's history. Step Functions API Reference, HistoryEvent, type. */
const EVENTS: Readonly<Record<string, number>> = {
  Task: 5,
  Wait: 2,
  Choice: 2,
  Pass: 2,
  Parallel: 4,
  Succeed: 2,
  Fail: 1,
};

const States = z.record(
  z.string(),
  z.object({ Type: z.string(), Branches: z.array(z.object({ States: z.unknown() })).default([]) }),
);
const typeOf = new Map<string, string>();

function collect(states: unknown): void {
  for (const [name, { Type, Branches }] of Object.entries(States.parse(states))) {
    typeOf.set(name, Type);
    for (const branch of Branches) collect(branch.States);
  }
}
collect(z.object({ States: z.unknown() }).parse(JSON.parse(releaseDefinition())).States);

const BEHAVIOURS: readonly Behaviour[] = [
  {},
  { neverHealthy: true },
  { errorShare: 0.5 },
  { migrations: [{ name: 'board.0002_likes', compatible: 'yes', why: 'additive' }], migrationExits: [75, 75, 0] },
];
const minutes = (most: number) => fc.integer({ min: 1, max: most });

test('no deployment takes more events or more time than its settings are budgeted for', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat({ max: BEHAVIOURS.length - 1 }),
      fc.array(fc.tuple(minutes(60), minutes(60)), { minLength: 1, maxLength: 4 }),
      minutes(30),
      async (behaviour, bakes, starts) => {
        const settings = {
          ...SETTINGS,
          candidate: { timeout: `${starts}m`, crashes: 3 },
          traffic: bakes.map(([bake, checkEvery], i) => ({
            weight: i === bakes.length - 1 ? 100 : 10 * (i + 1),
            bake: `${Math.max(bake, checkEvery)}m`,
            checkEvery: `${checkEvery}m`,
          })),
        };
        const workflow = new Workflow(settings);
        await workflow.deploy(workflow.world.push('v1.0.0'));
        const began = Date.parse(workflow.clock.now());
        const { visited } = await workflow.deploy(workflow.world.push('v1.1.0', BEHAVIOURS[behaviour]));
        const events = visited.reduce((sum, state) => sum + (EVENTS[typeOf.get(state) ?? ''] ?? Number.NaN), 2);
        expect(events).toBeLessThanOrEqual(partsOf(settings).reduce((sum, part) => sum + part.events, 0));
        const seconds = (Date.parse(workflow.clock.now()) - began) / 1000;
        expect(seconds).toBeLessThanOrEqual(longestSeconds(settings));
      },
    ),
    { numRuns: 60 },
  );
});
