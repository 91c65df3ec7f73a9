import { describe, expect, test } from 'vitest';
import type { Intent, SlotIntent, Traffic } from '#core/contract/ledger.ts';
import { healthyPlaced, planConvergence } from '#core/domain/converge-plan.ts';
import type { Observed, ObservedScaling, ObservedSlot } from '#core/domain/observed.ts';
import { SETTINGS } from '../../../../fixtures/settings.ts';

/** converge-plan.test.ts tells the ways; here are the edges of each rule, with whole answers. */

const NOW = '2026-11-23T18:10:00.000Z';
const LONG_AGO = '2026-11-23T17:00:00.000Z';
const OLD = { digest: `sha256:${'a'.repeat(64)}`, version: 'v1.0.0', settingsHash: '0'.repeat(16) };
const NEW = { digest: `sha256:${'b'.repeat(64)}`, version: 'v1.1.0', settingsHash: '0'.repeat(16) };
const targetValue = SETTINGS.capacity.requestsPerTarget;

type Filled = Extract<SlotIntent, { state: 'filled' }>;

const EMPTY: SlotIntent = { state: 'empty' };
const LIVE: Filled = {
  state: 'filled',
  role: 'live',
  deployable: OLD,
  taskDefinition: 'web:1',
  min: 2,
  max: 6,
  desired: 2,
  scaleIn: false,
  scaleOut: true,
};
const CANDIDATE: Filled = { ...LIVE, role: 'candidate', deployable: NEW, taskDefinition: 'web:2' };

const NOTHING: ObservedSlot = {
  service: null,
  tasks: [],
  registeredTargets: 0,
  unhealthyReasons: [],
  scaling: null,
  crashes: [],
};
/** The capacity of a slot that may be filled. */
const READY: ObservedScaling = { min: 0, max: 6, scaleIn: false, scaleOut: false, targetValue };
const KEPT: ObservedScaling = { ...READY, min: 2, scaleOut: true };

function slot(
  taskDefinition: string,
  tasks: number,
  {
    healthy = tasks,
    digest = OLD.digest,
    scaling = KEPT,
    ...more
  }: Partial<Omit<ObservedSlot, 'tasks'>> & { healthy?: number; digest?: string } = {},
): ObservedSlot {
  return {
    ...NOTHING,
    service: { taskDefinition, desired: tasks, running: tasks, pending: 0, failed: false, events: [] },
    tasks: Array.from({ length: tasks }, (_, i) => ({ taskDefinition, digest, running: true, healthy: i < healthy })),
    registeredTargets: tasks,
    scaling,
    ...more,
  };
}

const SERVES = slot('web:1', 2);
const emptied = (change: Partial<ObservedSlot> = {}): ObservedSlot => ({
  ...slot('web:0', 0, { scaling: READY }),
  ...change,
});

function plan({
  phase = 'start',
  blue = LIVE,
  green = CANDIDATE,
  weights = { blue: 100, green: 0 },
  rule = { arn: 'rule', weights: { blue: 100, green: 0 }, foreign: null },
  traffic,
  at = NOW,
  ...slots
}: {
  phase?: Intent['phase'];
  blue?: SlotIntent;
  green?: SlotIntent;
  weights?: Intent['weights'];
  rule?: Observed['rule'];
  traffic?: Traffic;
  at?: string;
  inBlue?: ObservedSlot;
  inGreen?: ObservedSlot;
}) {
  const { inBlue = SERVES, inGreen = NOTHING } = slots;
  return planConvergence({
    intent: { n: 1, token: 1, deployment: 'd', phase, slots: { blue, green }, weights, at },
    observed: { rule, slots: { blue: inBlue, green: inGreen } },
    traffic,
    settings: SETTINGS,
    now: NOW,
  });
}

const actions = (...made: object[]) => ({ outcome: 'act', actions: made });
const capacity = (change: object) =>
  actions({
    do: 'register scalable target',
    slot: 'green',
    min: 0,
    max: 6,
    scaleIn: false,
    scaleOut: false,
    ...change,
  });

describe('a healthy task counts', () => {
  const task = { taskDefinition: 'web:1', digest: OLD.digest, running: true, healthy: true };
  test.each([
    ['when it runs, is healthy and is exactly what is named', {}, 1],
    ['not when it has stopped', { running: false }, 0],
    ['not when it is not healthy', { healthy: false }, 0],
    ['not of another task definition', { taskDefinition: 'web:2' }, 0],
    ['not of another image', { digest: NEW.digest }, 0],
    ['not of an image that is not known', { digest: undefined }, 0],
  ])('%s', (_what, change, count) => {
    expect(healthyPlaced(LIVE, { ...NOTHING, tasks: [{ ...task, ...change }] })).toBe(count);
  });
});

describe('before a slot is filled, scaling is held back', () => {
  test('from its first registration on', () => {
    expect(plan({ inGreen: emptied({ scaling: null }) })).toEqual(capacity({}));
  });

  test.each<[string, Partial<ObservedScaling>]>([
    ['a minimum above zero', { min: 1 }],
    ['a maximum below what is wanted', { max: 1 }],
    ['scaling out', { scaleOut: true }],
    ['all of it', { min: 3, max: 1, scaleOut: true }],
  ])('%s is changed first', (_what, scaling) => {
    expect(plan({ inGreen: emptied({ scaling: { ...READY, ...scaling } }) })).toEqual(capacity({}));
  });

  test.each<[string, Partial<ObservedScaling>]>([
    ['a maximum of just what is wanted', { max: 2 }],
    ['scaling in, which finds nothing', { scaleIn: true }],
  ])('%s is not', (_what, scaling) => {
    expect(plan({ inGreen: emptied({ scaling: { ...READY, ...scaling } }) })).toEqual(
      actions(
        { do: 'set health check', slot: 'green', health: SETTINGS.health },
        { do: 'set drain', slot: 'green', deregistration: SETTINGS.drain.deregistration },
        { do: 'fill slot', slot: 'green', taskDefinition: 'web:2', desired: 2 },
      ),
    );
  });

  test('a policy that is missing is made for live too, one of other settings only for a candidate', () => {
    const without = slot('web:1', 2, { scaling: { ...KEPT, targetValue: null } });
    const other = slot('web:1', 2, { scaling: { ...KEPT, targetValue: targetValue + 1 } });
    const green = { green: EMPTY, inGreen: emptied() };
    expect(plan({ ...green, inBlue: without })).toEqual(actions({ do: 'put scaling policy', slot: 'blue' }));
    expect(plan({ ...green, inBlue: other })).toEqual({ outcome: 'converged' });
  });
});

describe('a candidate that is there', () => {
  const there = (tasks: number, more: Parameters<typeof slot>[2] = {}) =>
    slot('web:2', tasks, { digest: NEW.digest, scaling: READY, ...more });

  test('grows when live has grown, and is left alone when it has more than is wanted', () => {
    expect(plan({ green: { ...CANDIDATE, desired: 3 }, inGreen: there(2) })).toEqual(
      actions({ do: 'resize slot', slot: 'green', desired: 3 }),
    );
    expect(plan({ inGreen: there(3) })).toEqual(capacity({ min: 2, scaleOut: true }));
  });

  test.each([
    ['the load balancer', { unhealthyReasons: ['it answers 503'] }, 'it answers 503'],
    [
      'the last task that ended',
      { crashes: [{ taskDefinition: 'web:2', reason: 'exit code 1', at: NOW }] },
      'exit code 1',
    ],
    ['nobody', {}, 'no reason was given'],
  ])('and not healthy in time says so in the words of %s', (_who, more, why) => {
    expect(plan({ inGreen: there(2, { healthy: 1, ...more }), at: LONG_AGO })).toEqual({
      outcome: 'stuck',
      reason: `The candidate did not become healthy within 10m: 1 of 2 tasks healthy in green; ${why}`,
    });
  });

  test('or in those of ECS', () => {
    const { service, ...rest } = there(2, { healthy: 0 });
    const told = { ...rest, service: service && { ...service, events: ['unable to place a task'] } };
    expect(plan({ inGreen: told, at: LONG_AGO })).toMatchObject({
      reason: expect.stringMatching(/0 of 2 tasks healthy in green; unable to place a task$/),
    });
  });

  test('has exactly the time that the settings give it', () => {
    const at = (seconds: number) => new Date(Date.parse(NOW) - seconds * 1000).toISOString();
    expect(plan({ inGreen: there(2, { healthy: 1 }), at: at(600) })).toMatchObject({ outcome: 'progressing' });
    expect(plan({ inGreen: there(2, { healthy: 1 }), at: at(601) })).toMatchObject({ outcome: 'stuck' });
  });

  test.each([
    [2, 'progressing'],
    [3, 'stuck'],
  ])('that ended by itself %i times is %s', (times, outcome) => {
    const crashes = Array.from({ length: times }, () => ({ taskDefinition: 'web:2', reason: 'exit code 1', at: NOW }));
    expect(plan({ inGreen: there(2, { healthy: 1, crashes }) })).toMatchObject({ outcome });
  });

  test.each([
    [
      'the last task that ended',
      { crashes: [{ taskDefinition: 'web:2', reason: 'exit code 1', at: NOW }] },
      [],
      'exit code 1',
    ],
    ['ECS', {}, ['tasks failed to start'], 'tasks failed to start'],
    ['nobody', {}, [], 'no event'],
  ])('and given up by ECS says so in the words of %s', (_who, more, events, why) => {
    const { service, ...rest } = there(2, { healthy: 0, ...more });
    const failed = { ...rest, service: service && { ...service, failed: true, events } };
    expect(plan({ inGreen: failed })).toEqual({ outcome: 'stuck', reason: `ECS gave the candidate up: ${why}` });
  });
});

describe('what serves is kept as it was deployed', () => {
  test.each(['live', 'warm'] as const)('%s that runs something else is refused', (role) => {
    expect(plan({ blue: { ...LIVE, role }, green: EMPTY, inBlue: slot('web:9', 2) })).toEqual({
      outcome: 'refused',
      reason: `The ${role} slot blue runs web:9, the ledger says web:1: it was changed, and not by Farol.`,
    });
  });

  test('it may not scale in while a deployment runs, from the first change on', () => {
    const inBlue = slot('web:1', 2, { scaling: { ...KEPT, scaleIn: true } });
    expect(plan({ inBlue })).toEqual(
      actions({ do: 'register scalable target', slot: 'blue', min: 2, max: 6, scaleIn: false, scaleOut: true }),
    );
  });

  test('where it may scale in, nothing is changed for that', () => {
    const inBlue = slot('web:1', 2, { scaling: { ...KEPT, scaleIn: true } });
    const done = { phase: 'restore', blue: { ...LIVE, scaleIn: true }, green: EMPTY, inGreen: emptied() } as const;
    expect(plan({ ...done, inBlue })).toEqual({ outcome: 'converged' });
  });

  test.each<[string, Partial<ObservedScaling>]>([
    ['minimum', { min: 1 }],
    ['maximum', { max: 5 }],
    ['scaling in', { scaleIn: true }],
    ['scaling out', { scaleOut: false }],
  ])('its %s is brought back at the end where it is otherwise', (_what, scaling) => {
    const blue = { ...LIVE, role: 'warm', scaleOut: true } as const;
    const end = plan({
      phase: 'restore',
      blue,
      green: EMPTY,
      inGreen: emptied(),
      inBlue: slot('web:1', 2, { scaling: { ...KEPT, ...scaling } }),
    });
    expect(end).toEqual(
      actions({ do: 'register scalable target', slot: 'blue', min: 2, max: 6, scaleIn: false, scaleOut: true }),
    );
  });
});

describe('weights', () => {
  const healthy = slot('web:2', 2, { digest: NEW.digest });
  const shift = { phase: 'shift', weights: { blue: 50, green: 50 } } as const;

  test('of which one is right are set nevertheless', () => {
    const rule = { arn: 'rule', weights: { blue: 50, green: 40 }, foreign: null };
    expect(plan({ ...shift, inGreen: healthy, rule })).toEqual(
      actions({ do: 'set weights', rule: 'rule', weights: { blue: 50, green: 50 } }),
    );
  });

  test('are refused to a slot that shall hold nothing', () => {
    expect(plan({ ...shift, green: EMPTY, inGreen: emptied() })).toEqual({
      outcome: 'refused',
      reason: 'The green slot is to be empty, yet would get 50 %.',
    });
  });

  test('wait for the healthy tasks that the share needs, where the slot had them before', () => {
    const warm = { ...CANDIDATE, role: 'warm', desired: 4 } as const;
    expect(plan({ ...shift, green: warm, inGreen: slot('web:2', 4, { digest: NEW.digest, healthy: 1 }) })).toEqual({
      outcome: 'progressing',
      waitingFor: '1 of the 2 healthy tasks that 50 % need in green',
    });
  });

  test('do not go back to live without a healthy task', () => {
    const rule = { arn: 'rule', weights: { blue: 0, green: 100 }, foreign: null };
    const back = { phase: 'restore', green: EMPTY, inGreen: healthy, rule } as const;
    expect(plan({ ...back, inBlue: slot('web:1', 4, { healthy: 0 }), blue: { ...LIVE, desired: 4 } })).toEqual({
      outcome: 'stuck',
      reason: 'The live slot cannot take the traffic back: 0 of the 1 healthy tasks that 100 % need in blue.',
    });
  });
});

describe('a slot that is emptied', () => {
  const gone = { phase: 'restore', green: EMPTY } as const;
  const settled = (seconds: number): Traffic => ({
    weights: { blue: 100, green: 0 },
    at: new Date(Date.parse(NOW) - seconds * 1000).toISOString(),
  });
  const left = (more: Parameters<typeof slot>[2] = {}) =>
    slot('web:2', 2, { digest: NEW.digest, scaling: READY, ...more });

  test.each([
    [59, { outcome: 'progressing', waitingFor: 'the old weights to settle before green is emptied' }],
    [60, actions({ do: 'empty slot', slot: 'green' })],
  ])('keeps its tasks until the weights have settled: after %i seconds', (after, expected) => {
    expect(plan({ ...gone, inGreen: left(), traffic: settled(after) })).toEqual(expected);
  });

  test('waits for nothing where no traffic was ever written, or where it has no tasks any more', () => {
    expect(plan({ ...gone, inGreen: left() })).toEqual(actions({ do: 'empty slot', slot: 'green' }));
    const none = emptied({ registeredTargets: 1 });
    expect(plan({ ...gone, inGreen: none, traffic: settled(1) })).toEqual({
      outcome: 'progressing',
      waitingFor: '0 tasks of green to drain and stop',
    });
  });

  test.each<[string, Partial<ObservedScaling>]>([
    ['a minimum', { min: 1 }],
    ['scaling out', { scaleOut: true }],
  ])('loses %s first, or scaling would start tasks again', (_what, scaling) => {
    const inGreen = left({ scaling: { ...READY, max: 5, ...scaling } });
    expect(plan({ ...gone, inGreen })).toEqual(capacity({ max: 5 }));
  });

  test('needs no scaling to be emptied', () => {
    expect(plan({ ...gone, inGreen: left({ scaling: null }) })).toEqual(actions({ do: 'empty slot', slot: 'green' }));
  });

  const { service } = emptied();
  const counts = (change: object) => ({ service: service && { ...service, ...change } });
  test.each<[string, Partial<ObservedSlot>, string]>([
    [
      'targets drain that no service has',
      { service: null, registeredTargets: 1 },
      'the target group of green to be empty',
    ],
    ['a task runs', counts({ running: 1 }), '1 tasks of green to drain and stop'],
    ['one is about to run', counts({ pending: 1 }), '0 tasks of green to drain and stop'],
    ['as many run as are about to', counts({ running: 1, pending: 1 }), '1 tasks of green to drain and stop'],
    ['one is still listed', { tasks: left().tasks.slice(0, 1) }, '0 tasks of green to drain and stop'],
  ])('is not empty while %s', (_what, change, waitingFor) => {
    expect(plan({ ...gone, inGreen: emptied(change) })).toEqual({ outcome: 'progressing', waitingFor });
  });

  test.each([
    ['there never was a service', NOTHING],
    ['its service wants and has nothing', emptied()],
  ])('is empty when %s', (_what, inGreen) => {
    expect(plan({ ...gone, inGreen })).toEqual({ outcome: 'converged' });
  });

  test('is emptied by its count although a task was never there', () => {
    expect(plan({ ...gone, inGreen: emptied(counts({ desired: 2 })) })).toEqual(
      actions({ do: 'empty slot', slot: 'green' }),
    );
  });
});

describe('an end without a healthy live task', () => {
  const end = (more: Partial<ObservedSlot> & { events?: string[] }, at = LONG_AGO) => {
    const { service, ...rest } = slot('web:1', 2, { healthy: 0 });
    const { events = [], ...other } = more;
    return plan({
      phase: 'restore',
      green: EMPTY,
      inGreen: emptied(),
      inBlue: { ...rest, service: service && { ...service, events }, ...other },
      at,
    });
  };

  test.each([
    [
      'the load balancer',
      { unhealthyReasons: ['it answers 503'], events: ['unable to place a task'] },
      'it answers 503',
    ],
    ['ECS', { events: ['unable to place a task'] }, 'unable to place a task'],
    ['nobody', {}, 'no reason was given'],
  ])('is told in the words of %s', (_who, more, why) => {
    expect(end(more)).toEqual({
      outcome: 'stuck',
      reason: `The live slot blue has all the traffic, and had no healthy task within 10m: ${why}`,
    });
  });

  test('waits for exactly as long as a candidate may take', () => {
    expect(end({}, new Date(Date.parse(NOW) - 600_000).toISOString())).toMatchObject({ outcome: 'progressing' });
    expect(end({}, new Date(Date.parse(NOW) - 600_001).toISOString())).toMatchObject({ outcome: 'stuck' });
  });

  test('does not concern a warm slot', () => {
    const warm = { ...LIVE, role: 'warm' } as const;
    expect(
      plan({
        phase: 'promote',
        blue: warm,
        green: EMPTY,
        inGreen: emptied(),
        inBlue: slot('web:1', 2, { healthy: 0 }),
      }),
    ).toEqual({
      outcome: 'converged',
    });
  });
});
