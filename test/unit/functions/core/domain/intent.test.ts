import { describe, expect, test } from 'vitest';
import type { DeploymentPlan, Head, Phase, Placement } from '#core/contract/ledger.ts';
import { draftIntent, type IntentBasis } from '#core/domain/intent.ts';
import { RELEASE_JSON } from '../../../../fixtures/release-json.ts';
import { SETTINGS } from '../../../../fixtures/settings.ts';

const NOW = '2026-11-26T12:00:00.000Z';
const deployable = (letter: string, version: string) => ({
  digest: `sha256:${letter.repeat(64)}`,
  version,
  settingsHash: '0'.repeat(16),
});
const OLD = deployable('a', 'v1.0.0');
const NEW = deployable('b', 'v1.1.0');
const LIVE: Placement = {
  slot: 'blue',
  deployable: OLD,
  taskDefinition: 'web:1',
  releaseJson: RELEASE_JSON,
  deployment: 'web-production-v1_0_0-aaaaaaaa-1',
};
const WARM = {
  ...LIVE,
  slot: 'green',
  deployable: NEW,
  taskDefinition: 'web:2',
  until: '2026-11-26T13:00:00.000Z',
} as const;
const PLAN: DeploymentPlan = {
  settings: SETTINGS,
  deployable: NEW,
  commit: 'c0ffee',
  author: '',
  build: '',
  releaseJson: RELEASE_JSON,
  candidate: 'green',
  live: LIVE,
  capacity: 2,
  steps: [],
};
/** What each was deployed with: the candidate's settings are others than those of what serves. */
const CAPACITY = {
  candidate: { min: 2, max: 8, requestsPerTarget: 1000 },
  live: { min: 3, max: 6, requestsPerTarget: 1000 },
  warm: { min: 1, max: 4, requestsPerTarget: 1000 },
};

function draft(phase: Phase, change: Partial<IntentBasis> & { head?: Head } = {}) {
  return draftIntent(phase, {
    head: { live: LIVE },
    settings: { capacity: CAPACITY.candidate },
    served: { live: CAPACITY.live, warm: CAPACITY.warm },
    plan: PLAN,
    taskDefinition: 'web:2',
    running: { blue: 4, green: 0 },
    now: NOW,
    ...change,
  });
}

describe('while a deployment runs, live', () => {
  test.each(['empty', 'start', 'shift'] as const)('in %s keeps its own bounds, grows and does not shrink', (phase) => {
    expect(draft(phase, { weight: 10 }).slots.blue).toEqual({
      state: 'filled',
      role: 'live',
      deployable: OLD,
      taskDefinition: 'web:1',
      min: 3,
      max: 6,
      desired: 4,
      scaleIn: false,
      scaleOut: true,
    });
  });

  test.each([
    [0, 3],
    [9, 6],
  ])('with %i tasks wants as many as its bounds let it have: %i', (blue, desired) => {
    expect(draft('start', { running: { blue, green: 0 } }).slots.blue).toMatchObject({ desired });
  });
});

describe('the candidate', () => {
  test('holds nothing before it is started', () => {
    expect(draft('empty').slots.green).toEqual({ state: 'empty' });
    expect(draft('empty').weights).toEqual({ blue: 100, green: 0 });
  });

  test.each([
    ['as live had when it was planned', 2, 1, 2],
    ['as live has grown to since', 2, 5, 5],
    ['as its own settings allow at most', 2, 20, 8],
    ['as its own settings want at least', 1, 1, 2],
  ])('has as many tasks %s', (_what, capacity, blue, desired) => {
    const { slots } = draft('start', { plan: { ...PLAN, capacity }, running: { blue, green: 0 } });
    expect(slots.green).toEqual({
      state: 'filled',
      role: 'candidate',
      deployable: NEW,
      taskDefinition: 'web:2',
      min: desired,
      max: 8,
      desired,
      scaleIn: false,
      scaleOut: true,
    });
  });

  test.each([
    ['green', 10, { blue: 90, green: 10 }],
    ['green', 100, { blue: 0, green: 100 }],
  ] as const)('in %s gets %i per cent', (_slot, weight, weights) => {
    expect(draft('shift', { weight }).weights).toEqual(weights);
  });

  test('in blue gets its share there', () => {
    const live: Placement = { ...LIVE, slot: 'green' };
    const { weights } = draft('shift', { head: { live }, plan: { ...PLAN, candidate: 'blue', live }, weight: 25 });
    expect(weights).toEqual({ blue: 25, green: 75 });
  });

  test('of a first release gets no rule before its share', () => {
    const first = { head: {}, running: { blue: 0, green: 0 } };
    expect(draft('start', first).weights).toBeNull();
    expect(draft('start', first).slots.blue).toEqual({ state: 'empty' });
    expect(draft('shift', { ...first, weight: 100 }).weights).toEqual({ blue: 0, green: 100 });
  });
});

describe.each(['promote', 'restore'] as const)('in the end, by %s,', (phase) => {
  test('live has all the traffic and scales freely', () => {
    const { slots, weights } = draft(phase);
    expect(weights).toEqual({ blue: 100, green: 0 });
    expect(slots.blue).toMatchObject({ role: 'live', min: 3, max: 6, desired: 4, scaleIn: true, scaleOut: true });
    expect(slots.green).toEqual({ state: 'empty' });
  });

  test('what was live before stays warm with its own maximum, and does not scale', () => {
    const { slots } = draft(phase, { head: { live: LIVE, warm: WARM }, running: { blue: 4, green: 7 } });
    expect(slots.green).toEqual({
      state: 'filled',
      role: 'warm',
      deployable: NEW,
      taskDefinition: 'web:2',
      min: 1,
      max: 4,
      desired: 4,
      scaleIn: false,
      scaleOut: false,
    });
  });

  test.each([
    ['its time is over', { ...WARM, until: NOW }, 2],
    ['nothing of it runs', WARM, 0],
    ['it is in the slot that is live', { ...WARM, slot: 'blue' as const }, 2],
  ])('the warm slot is emptied when %s', (_what, warm, green) => {
    expect(draft(phase, { head: { live: LIVE, warm }, running: { blue: 4, green } }).slots.green).toEqual({
      state: 'empty',
    });
  });

  test('where nothing has been live, nothing is left', () => {
    expect(draft(phase, { head: {} })).toEqual({
      phase,
      slots: { blue: { state: 'empty' }, green: { state: 'empty' } },
      weights: null,
    });
  });
});

describe('what the ledger does not tell is no guess', () => {
  const absent = (key: 'plan' | 'taskDefinition') => ({ [key]: undefined });

  test.each([
    ['the candidate’s task definition', 'start', absent('taskDefinition'), 'no registered task definition'],
    ['the plan', 'start', absent('plan'), 'no plan in the ledger'],
    ['what live was deployed with', 'restore', { served: {} }, 'what live was deployed with'],
  ] as const)('%s', (_what, phase, change, words) => {
    expect(() => draft(phase, change)).toThrow(words);
  });
});
