import { describe, expect, test } from 'vitest';
import { healthyPlaced } from '#core/domain/converge-plan.ts';
import type { ObservedScaling } from '#core/domain/observed.ts';
import { SETTINGS } from '../../../../fixtures/settings.ts';
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
  OLD,
  plan,
  READY,
  slot,
  targetValue,
} from './converge-inputs.ts';

/** converge-plan.test.ts tells the ways; here are the edges of the rules for filling and keeping slots, with whole answers. */

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
