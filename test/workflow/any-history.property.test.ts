import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SLOTS } from '#core/contract/slot.ts';
import { healthyNeeded } from '#core/domain/traffic-plan.ts';
import type { Behaviour } from '../fakes/behaviour.ts';
import { Workflow } from './harness.ts';
import { Aborted } from './interpreter.ts';
import { settle } from './repair.ts';

const TARGET = 'web/production';
/** settings.drain.settle of the fixture. */
const SETTLE_MS = 60_000;
const ADDITIVE = [{ name: 'board.0002_likes', compatible: 'yes', why: 'additive' }] as const;

/** Ways for a release to behave; none of them needs a person. */
const BEHAVIOURS: readonly Behaviour[] = [
  {},
  { migrations: [...ADDITIVE] },
  { crashes: true },
  { neverHealthy: true },
  { failsSmoke: true },
  { saysVersion: 'v0.0.0' },
  { errorShare: 0.5 },
  { migrations: [...ADDITIVE], migrationExits: [1] },
  { migrations: [...ADDITIVE], migrationExits: [75, 0] },
];

/** One deployment of a history: what is released, and what goes wrong meanwhile, counted in changes of AWS. */
const Deployment = fc.record({
  behaviour: fc.nat({ max: BEHAVIOURS.length - 1 }),
  failsAt: fc.option(fc.record({ change: fc.integer({ min: 1, max: 15 }), after: fc.boolean() }), { nil: undefined }),
  abortsAt: fc.option(fc.integer({ min: 1, max: 30 }), { nil: undefined }),
  /** What people say when they are asked; undefined: nothing. */
  answer: fc.constantFrom('approve', 'approve', 'reject', undefined),
  /** Requests a minute from one of its changes on: scaling follows them. */
  load: fc.record({ change: fc.integer({ min: 1, max: 15 }), requests: fc.constantFrom(0, 1, 2_500, 4_500, 50_000) }),
  /** Milliseconds that looks are old at most, one after the other. */
  ages: fc.array(fc.integer({ min: 0, max: 10_000 }), { minLength: 1, maxLength: 7 }),
});

test('after any history of releases, failing calls and stopped executions, one slot serves everything and it is the live one', async () => {
  await fc.assert(
    fc.asyncProperty(fc.boolean(), fc.array(Deployment, { minLength: 1, maxLength: 5 }), async (asks, history) => {
      const workflow = new Workflow(asks ? { approval: { timeout: '1h' } } : {});
      const broken = watch(workflow);
      for (const [i, { behaviour, failsAt, abortsAt, answer, load, ages }] of history.entries()) {
        workflow.whileWaiting = async () => void (answer && (await workflow.answer(answer)));
        const base = workflow.world.actions.length;
        let looks = 0;
        workflow.world.lookIsOld = () => ages[(looks += 1) % ages.length] ?? 0;
        let failed = false;
        let invocations = 0;
        workflow.beforeInvoke = () => {
          invocations += 1;
          if (abortsAt !== undefined && invocations >= abortsAt) throw new Aborted('stopped');
        };
        const fault = (after: boolean) => (n: number) => {
          if (n - base >= load.change) workflow.world.requestsPerMinute = load.requests;
          if (failsAt === undefined || failed || failsAt.after !== after || n - base !== failsAt.change) return;
          failed = true;
          throw new Error('ThrottlingException');
        };
        faults.set(workflow, { before: fault(false), after: fault(true) });
        await workflow.runOrAbort(workflow.request(workflow.world.push(`v1.${i}.0`, BEHAVIOURS[behaviour])));
        workflow.beforeInvoke = () => {};
        await settle(workflow);
      }
      expect(broken).toEqual([]);
      await expectSettled(workflow);
    }),
    { numRuns: 150 },
  );
});

const faults = new WeakMap<Workflow, { before: (n: number) => void; after: (n: number) => void }>();

/**
 * Holds each change against the invariants, on the world as it is when the change is made. A broken one is noted rather
 * than thrown: the state machine would take an exception for a surprise and retry it.
 */
function watch(workflow: Workflow): string[] {
  const { world, ledger, clock } = workflow;
  const broken: string[] = [];
  world.beforeAction = (action, n) => {
    if (action.do === 'set weights' || action.do === 'create rule') {
      for (const slot of SLOTS) {
        if (action.weights[slot] <= (world.weights?.[slot] ?? 0)) continue;
        const intent = ledger.intents.get(TARGET);
        const facts = ledger.factsOf.get(intent?.deployment ?? '');
        if (workflow.settings.approval && intent?.phase === 'shift' && facts?.approval === undefined)
          broken.push(`I3: ${slot} got ${action.weights[slot]} % without an approval`);
        const filled = intent?.slots[slot];
        const needed =
          intent?.phase === 'restore' || filled?.state !== 'filled'
            ? 1
            : healthyNeeded(action.weights[slot], filled.desired);
        if (world.healthy(slot) < needed)
          broken.push(`I4: ${slot} got ${action.weights[slot]} % with ${world.healthy(slot)} healthy`);
      }
    }
    if (action.do === 'empty slot') {
      if ((world.weights?.[action.slot] ?? 0) > 0) broken.push(`I5: ${action.slot} was emptied with weight`);
      const written = ledger.trafficOf.get(TARGET);
      const settled = written === undefined ? SETTLE_MS : Date.parse(clock.now()) - Date.parse(written.at);
      if (settled < SETTLE_MS) broken.push(`I5: ${action.slot} was emptied ${settled} ms after the weights`);
    }
    if (
      action.do === 'fill slot' &&
      world.slots[action.slot].tasks.some((task) => task.taskDefinition !== action.taskDefinition)
    ) {
      broken.push(`${action.slot} was filled before it was empty`);
    }
    faults.get(workflow)?.before(n);
  };
  world.afterAction = (_action, n) => {
    if (!world.servesEverything()) broken.push('I1: weight on a slot without a healthy task');
    faults.get(workflow)?.after(n);
  };
  return broken;
}

async function expectSettled({ ledger, world }: Workflow): Promise<void> {
  const { live, frozen } = await ledger.head(TARGET);
  expect(frozen).toBeUndefined();
  expect((await ledger.lock(TARGET))?.deployment).toBeUndefined();
  const expected = { blue: { blue: 100, green: 0 }, green: { blue: 0, green: 100 } };
  expect(world.weights).toEqual(live === undefined ? null : expected[live.slot]);
  for (const [i, entry] of ledger.entries.entries()) expect(entry.seq).toBe(i + 1);
}
