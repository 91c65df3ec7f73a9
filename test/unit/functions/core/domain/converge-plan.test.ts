import { describe, expect, test } from 'vitest';
import type { Intent, SlotIntent } from '#core/contract/ledger.ts';
import { planConvergence } from '#core/domain/converge-plan.ts';
import type { Observed, ObservedSlot } from '#core/domain/observed.ts';
import { SETTINGS } from '../../../../fixtures/settings.ts';

const NOW = '2026-11-23T18:10:00.000Z';
const LONG_AGO = '2026-11-23T18:00:00.000Z';
const TARGET_VALUE = SETTINGS.capacity.requestsPerTarget;
const OLD = { digest: `sha256:${'a'.repeat(64)}`, version: 'v1.0.0', settingsHash: '0'.repeat(16) };
const NEW = { digest: `sha256:${'b'.repeat(64)}`, version: 'v1.1.0', settingsHash: '0'.repeat(16) };

type Filled = Extract<SlotIntent, { state: 'filled' }>;

const filled = (
  role: 'live' | 'candidate' | 'warm',
  taskDefinition: string,
  deployable = role === 'candidate' ? NEW : OLD,
): Filled => ({
  state: 'filled',
  role,
  deployable,
  taskDefinition,
  min: 2,
  max: 6,
  desired: 2,
  scaleIn: false,
  scaleOut: true,
});

const LIVE = filled('live', 'web:1');
const CANDIDATE = filled('candidate', 'web:2');

const NOTHING: ObservedSlot = {
  service: null,
  tasks: [],
  registeredTargets: 0,
  unhealthyReasons: [],
  scaling: null,
  crashes: [],
};

function running(taskDefinition: string, digest: string, healthy: number, total = 2): ObservedSlot {
  return {
    service: { taskDefinition, desired: total, running: total, pending: 0, failed: false, events: [] },
    tasks: Array.from({ length: total }, (_, i) => ({ taskDefinition, digest, running: true, healthy: i < healthy })),
    registeredTargets: total,
    unhealthyReasons: [],
    scaling: { min: 2, max: 6, scaleIn: false, scaleOut: true, targetValue: TARGET_VALUE },
    crashes: [],
  };
}

const EMPTIED: ObservedSlot = {
  ...NOTHING,
  service: { taskDefinition: 'web:0', desired: 0, running: 0, pending: 0, failed: false, events: [] },
  scaling: { min: 0, max: 6, scaleIn: false, scaleOut: false, targetValue: TARGET_VALUE },
};

/** The target group takes the settings of what comes, while nobody is in it. */
const FILL = [
  { do: 'set health check', slot: 'green', health: SETTINGS.health },
  { do: 'set drain', slot: 'green', deregistration: SETTINGS.drain.deregistration },
  { do: 'fill slot', slot: 'green', taskDefinition: 'web:2', desired: 2 },
];

function plan({
  phase = 'shift',
  blue = LIVE,
  green = CANDIDATE,
  weights = { blue: 90, green: 10 },
  observed,
  traffic = { weights: { blue: 100, green: 0 }, at: LONG_AGO },
  at = LONG_AGO,
}: {
  phase?: Intent['phase'];
  blue?: SlotIntent;
  green?: SlotIntent;
  weights?: Intent['weights'];
  observed: Partial<Observed['slots']> & { rule?: Observed['rule'] };
  traffic?: { weights: Intent['weights']; at: string };
  at?: string;
}) {
  const { rule = { arn: 'rule', weights: { blue: 100, green: 0 }, foreign: null }, ...slots } = observed;
  return planConvergence({
    intent: { n: 1, token: 1, deployment: 'd', settingsOf: 'd', phase, slots: { blue, green }, weights, at },
    observed: { rule, slots: { blue: running('web:1', OLD.digest, 2), green: NOTHING, ...slots } },
    traffic,
    settings: SETTINGS,
    lookedAt: NOW,
    now: NOW,
  });
}

describe('capacity up', () => {
  test('a slot that never was is made at zero, then bounded, then given its policy, then filled by one change', () => {
    expect(plan({ observed: {} })).toMatchObject({
      actions: [{ do: 'create service', slot: 'green', taskDefinition: 'web:2' }],
    });
    const made = { ...EMPTIED, scaling: null };
    expect(plan({ observed: { green: made } })).toMatchObject({
      actions: [{ do: 'register scalable target', min: 0, max: 6, scaleOut: false }],
    });
    const bounded = { ...EMPTIED, scaling: { min: 0, max: 6, scaleIn: false, scaleOut: false, targetValue: null } };
    expect(plan({ observed: { green: bounded } })).toMatchObject({ actions: [{ do: 'put scaling policy' }] });
    expect(plan({ observed: { green: EMPTIED } })).toEqual({ outcome: 'act', actions: FILL });
  });

  test('a candidate gets the policy of its own settings, what serves keeps the one that it was deployed with', () => {
    const outdated = {
      ...EMPTIED,
      scaling: { min: 0, max: 6, scaleIn: false, scaleOut: false, targetValue: TARGET_VALUE + 1 },
    };
    expect(plan({ observed: { green: outdated } })).toMatchObject({
      actions: [{ do: 'put scaling policy', slot: 'green' }],
    });
    const live = running('web:1', OLD.digest, 2);
    const blue = {
      ...live,
      scaling: { min: 2, max: 6, scaleIn: false, scaleOut: true, targetValue: TARGET_VALUE + 1 },
    };
    expect(plan({ observed: { blue, green: EMPTIED } })).toEqual({ outcome: 'act', actions: FILL });
  });

  test('a minimum above zero is lowered before the fill, or scaling would start the former release', () => {
    const green = { ...EMPTIED, scaling: { min: 2, max: 6, scaleIn: true, scaleOut: true, targetValue: TARGET_VALUE } };
    expect(plan({ observed: { green } })).toMatchObject({
      actions: [{ do: 'register scalable target', min: 0, max: 6 }],
    });
  });

  test('a slot that still runs another release is emptied before it is filled', () => {
    const green = running('web:0', OLD.digest, 2);
    expect(plan({ observed: { green } })).toMatchObject({
      actions: [{ do: 'register scalable target', slot: 'green', min: 0 }],
    });
    const unbounded = {
      ...green,
      scaling: { min: 0, max: 6, scaleIn: false, scaleOut: false, targetValue: TARGET_VALUE },
    };
    expect(plan({ observed: { green: unbounded } })).toMatchObject({ actions: [{ do: 'empty slot', slot: 'green' }] });
  });

  test('it waits while the last targets of the former release drain', () => {
    const green = { ...EMPTIED, registeredTargets: 1 };
    expect(plan({ observed: { green } })).toMatchObject({ outcome: 'progressing' });
  });

  test('a slot that holds another release and gets traffic is refused', () => {
    const rule = { arn: 'rule', weights: { blue: 50, green: 50 }, foreign: null };
    expect(plan({ observed: { green: running('web:0', OLD.digest, 2), rule } })).toMatchObject({ outcome: 'refused' });
  });

  test('it is stuck when the candidate crashes again and again, with the last reason', () => {
    const crash = { taskDefinition: 'web:2', reason: 'Essential container in task exited (exit code 3).', at: NOW };
    const green = { ...running('web:2', NEW.digest, 0), crashes: [crash, crash, crash] };
    expect(plan({ observed: { green } })).toMatchObject({
      outcome: 'stuck',
      reason: expect.stringContaining('exit code 3'),
    });
    const others = { ...green, crashes: [crash, crash, { ...crash, taskDefinition: 'web:1' }] };
    expect(plan({ observed: { green: others }, at: NOW })).toMatchObject({ outcome: 'progressing' });
  });

  test('it is stuck when ECS gives the deployment up, and when the time is over', () => {
    const green = running('web:2', NEW.digest, 1);
    expect(plan({ observed: { green }, at: NOW })).toMatchObject({
      outcome: 'progressing',
      waitingFor: '1 of 2 tasks healthy in green',
    });
    expect(plan({ observed: { green }, at: '2026-11-23T17:59:59.000Z' })).toMatchObject({
      outcome: 'stuck',
      reason: expect.stringContaining('within 10m'),
    });
    const service = {
      taskDefinition: 'web:2',
      desired: 2,
      running: 2,
      pending: 0,
      failed: true,
      events: ['tasks failed to start'],
    };
    expect(plan({ observed: { green: { ...green, service } }, at: NOW })).toMatchObject({
      outcome: 'stuck',
      reason: expect.stringContaining('tasks failed to start'),
    });
  });

  test('a task of another digest does not count, however healthy it is', () => {
    expect(plan({ observed: { green: running('web:2', OLD.digest, 2) }, at: NOW })).toMatchObject({
      outcome: 'progressing',
    });
  });
});

describe('weights', () => {
  test('are set when the candidate is healthy, and read back by the next look', () => {
    const green = running('web:2', NEW.digest, 2);
    expect(plan({ observed: { green } })).toEqual({
      outcome: 'act',
      actions: [{ do: 'set weights', rule: 'rule', weights: { blue: 90, green: 10 } }],
    });
    const rule = { arn: 'rule', weights: { blue: 90, green: 10 }, foreign: null };
    expect(plan({ observed: { green, rule } })).toEqual({ outcome: 'converged' });
  });

  test('are not raised on a slot that lost its healthy tasks (I4)', () => {
    const green = { ...running('web:2', NEW.digest, 1) };
    const wide = { ...CANDIDATE, desired: 1 };
    expect(
      plan({ green: wide, weights: { blue: 0, green: 100 }, observed: { green: { ...green, tasks: [] } }, at: NOW }),
    ).toMatchObject({ outcome: 'progressing' });
  });

  test('make the rule when there is none, and remove it when nothing is to be served', () => {
    const green = running('web:2', NEW.digest, 2);
    expect(plan({ observed: { green, rule: null } })).toMatchObject({ actions: [{ do: 'create rule' }] });
    const nothing = { state: 'empty' } as const;
    expect(plan({ phase: 'restore', blue: nothing, green: nothing, weights: null, observed: {} })).toMatchObject({
      actions: [{ do: 'delete rule' }],
    });
  });

  test('a rule made outside Farol is refused before anything else', () => {
    const rule = { arn: 'rule', weights: { blue: 30, green: 30 }, foreign: 'its weights are 30 and 30' };
    expect(plan({ observed: { rule } })).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining('30 and 30'),
    });
  });
});

describe('the way back', () => {
  const empty = { state: 'empty' } as const;
  const back = { phase: 'restore', green: empty, weights: { blue: 100, green: 0 } } as const;
  const green = running('web:2', NEW.digest, 2);
  const shifted = { arn: 'rule', weights: { blue: 50, green: 50 }, foreign: null };

  test('sets the weights first, though the candidate is still full', () => {
    expect(plan({ ...back, observed: { green, rule: shifted } })).toMatchObject({
      actions: [{ do: 'set weights', weights: { blue: 100, green: 0 } }],
    });
  });

  test('lets the weights settle before the candidate goes', () => {
    const traffic = { weights: { blue: 100, green: 0 }, at: '2026-11-23T18:09:30.000Z' };
    expect(plan({ ...back, observed: { green }, traffic })).toMatchObject({
      outcome: 'progressing',
      waitingFor: expect.stringContaining('settle'),
    });
    expect(plan({ ...back, observed: { green } })).toMatchObject({
      actions: [{ do: 'register scalable target', slot: 'green', min: 0 }],
    });
  });

  test('needs one healthy live task only, and is stuck without any', () => {
    const one = running('web:1', OLD.digest, 1);
    expect(plan({ ...back, observed: { blue: one, green, rule: shifted } })).toMatchObject({
      actions: [{ do: 'set weights' }],
    });
    const none = running('web:1', OLD.digest, 0);
    expect(plan({ ...back, observed: { blue: none, green, rule: shifted } })).toMatchObject({ outcome: 'stuck' });
  });

  test('gives live its bounds back at the very end', () => {
    const free = { ...LIVE, scaleIn: true };
    expect(plan({ ...back, blue: free, observed: { green: EMPTIED } })).toMatchObject({
      actions: [{ do: 'register scalable target', slot: 'blue', min: 2, max: 6, scaleIn: true }],
    });
  });
});

describe('nothing has converged while nothing serves', () => {
  const dead = (at: string, phase: Intent['phase'] = 'restore') =>
    plan({
      phase,
      green: { state: 'empty' },
      weights: { blue: 100, green: 0 },
      observed: { blue: running('web:1', OLD.digest, 0), green: EMPTIED },
      at,
    });

  test.each(['restore', 'promote'] as const)('%s waits for a healthy task of the live release', (phase) => {
    expect(dead(NOW, phase)).toEqual({
      outcome: 'progressing',
      waitingFor: 'a healthy task of the live release in blue',
    });
  });

  test('and is stuck once a candidate’s time is over, with what the load balancer says', () => {
    expect(dead('2026-11-23T17:59:59.000Z')).toMatchObject({
      outcome: 'stuck',
      reason: expect.stringMatching(
        /live slot blue has all the traffic, and had no healthy task within 10m: no reason was given/,
      ),
    });
  });

  test('during a deployment live is looked at by others', () => {
    expect(dead(NOW, 'empty')).toMatchObject({ outcome: 'converged' });
  });
});
