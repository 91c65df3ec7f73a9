import { describe, expect, test } from 'vitest';
import type { Traffic } from '#core/contract/ledger.ts';
import type { ObservedScaling, ObservedSlot } from '#core/domain/observed.ts';
import {
  actions,
  CANDIDATE,
  capacity,
  EMPTY,
  emptied,
  KEPT,
  LIVE,
  LONG_AGO,
  NEW,
  NOTHING,
  NOW,
  plan,
  READY,
  slot,
} from './converge-inputs.ts';

/** The edges of the rules for weights, for emptying, and for an end. */

describe('weights', () => {
  const healthy = slot('web:2', 2, { digest: NEW.digest });
  const shift = { phase: 'shift', weights: { blue: 50, green: 50 } } as const;

  test('of which one is right are set nevertheless', () => {
    const rule = { arn: 'rule', weights: { blue: 50, green: 40 }, foreign: null };
    expect(plan({ ...shift, inGreen: healthy, rule })).toEqual(
      actions({ do: 'set weights', rule: 'rule', weights: { blue: 50, green: 50 } }),
    );
  });

  test('are refused to a slot that must be empty', () => {
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

  const ago = (ms: number): string => new Date(Date.parse(NOW) - ms).toISOString();

  test('are raised on a look of the last three seconds alone', () => {
    expect(plan({ ...shift, inGreen: healthy, lookedAt: ago(3_000) })).toMatchObject({ outcome: 'act' });
    expect(plan({ ...shift, inGreen: healthy, lookedAt: ago(3_001) })).toEqual({
      outcome: 'progressing',
      waitingFor: 'a look that is at most 3 s old',
    });
  });

  test('go back to live on any look: a slow AWS keeps no users on a release that failed', () => {
    const rule = { arn: 'rule', weights: { blue: 50, green: 50 }, foreign: null };
    const weights = { blue: 100, green: 0 };
    expect(plan({ phase: 'restore', weights, green: EMPTY, inGreen: healthy, rule, lookedAt: ago(60_000) })).toEqual(
      actions({ do: 'set weights', rule: 'rule', weights }),
    );
  });

  test('are not waited for longer than a candidate may take', () => {
    const waiting = {
      ...shift,
      green: { ...CANDIDATE, role: 'warm', desired: 4 },
      inGreen: slot('web:2', 4, { healthy: 1, digest: NEW.digest }),
    } as const;
    expect(plan({ ...waiting, at: ago(600_000) })).toMatchObject({ outcome: 'progressing' });
    expect(plan({ ...waiting, at: ago(600_001) })).toEqual({
      outcome: 'stuck',
      reason:
        'The candidate did not become able to serve 50 % within 10m: 1 of the 2 healthy tasks that 50 % need in green.',
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

describe('a slot that does not become empty', () => {
  /** settle + deregistration + stopTimeout of the settings, and ten minutes. */
  const ALLOWED_MS = (60 + 30 + 60 + 600) * 1000;
  const at = (ms: number): string => new Date(Date.parse(NOW) - ms).toISOString();
  const lingering = emptied({ registeredTargets: 1 });

  test('holds up what would be filled into it for a bounded time', () => {
    const empty = { phase: 'empty', green: EMPTY, inGreen: lingering } as const;
    expect(plan({ ...empty, at: at(ALLOWED_MS) })).toMatchObject({ outcome: 'progressing' });
    expect(plan({ ...empty, at: at(ALLOWED_MS + 1) })).toEqual({
      outcome: 'stuck',
      reason: 'The green slot did not become empty within 750 s, waiting for 0 tasks of green to drain and stop.',
    });
  });

  test('keeps no deployment from its end that has all the traffic where it belongs', () => {
    const end = { phase: 'restore', green: EMPTY, inGreen: lingering, blue: { ...LIVE, scaleIn: true } } as const;
    expect(plan({ ...end, at: at(ALLOWED_MS + 1) })).toMatchObject(
      capacity({ slot: 'blue', min: 2, scaleIn: true, scaleOut: true }),
    );
    const inBlue = slot('web:1', 2, { scaling: { ...KEPT, scaleIn: true } });
    expect(plan({ ...end, inBlue, at: at(ALLOWED_MS + 1) })).toEqual({
      outcome: 'converged',
      left: 'The green slot is not empty yet: look at its service and its target group in the console.',
    });
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
