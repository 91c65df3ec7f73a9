import { describe, expect, test } from 'vitest';
import type { Head } from '#core/contract/ledger.ts';
import type { Release } from '#core/contract/release.ts';
import type { Slot } from '#core/contract/slot.ts';
import type { Observed, ObservedSlot } from '#core/domain/observed.ts';
import {
  deployableOf,
  deploymentPlan,
  type Proof,
  sameDeployable,
  targetRefusal,
  unproven,
  unwell,
} from '#core/domain/preflight.ts';
import { MIGRATING_RELEASE_JSON } from '../../../../fixtures/release-json.ts';
import { SETTINGS } from '../../../../fixtures/settings.ts';

const RELEASE: Release = {
  repository: 'web',
  digest: `sha256:${'b'.repeat(64)}`,
  version: 'v1.1.0',
  commit: 'c0ffee',
  author: 'Ana <ana@example.com>',
  build: 'web:1',
  releaseJson: MIGRATING_RELEASE_JSON,
};
const OLD = {
  ...deployableOf(RELEASE, SETTINGS),
  digest: `sha256:${'a'.repeat(64)}` as const,
  version: 'v1.0.0' as const,
};

const NOTHING: ObservedSlot = {
  service: null,
  tasks: [],
  registeredTargets: 0,
  unhealthyReasons: [],
  scaling: null,
  crashes: [],
};

function serving(tasks: number, healthy = tasks): ObservedSlot {
  return {
    ...NOTHING,
    service: { taskDefinition: 'web:1', desired: tasks, running: tasks, pending: 0, failed: false, events: [] },
    tasks: Array.from({ length: tasks }, (_, i) => ({
      taskDefinition: 'web:1',
      digest: OLD.digest,
      running: true,
      healthy: i < healthy,
    })),
    registeredTargets: tasks,
  };
}

function head(slot: Slot, taskDefinition = 'web:1'): Head {
  return {
    live: {
      slot,
      deployable: OLD,
      taskDefinition,
      deployment: 'web-v1.0.0',
      releaseJson: MIGRATING_RELEASE_JSON,
    },
  };
}

function observed(blue: ObservedSlot, weights = { blue: 100, green: 0 }, foreign: string | null = null): Observed {
  return { rule: { arn: 'rule', weights, foreign }, slots: { blue, green: NOTHING } };
}

describe('a target that nothing may be deployed on', () => {
  const LIVE = head('blue');
  test.each<[string, Head, Observed, string[], RegExp]>([
    ['a migration runs', LIVE, observed(serving(2)), ['task/1'], /^A migration still runs \(task\/1\)/],
    [
      'its rule is foreign',
      LIVE,
      observed(serving(2), undefined, 'it has a condition'),
      [],
      /not by Farol: it has a condition/,
    ],
    [
      'its rule is foreign before the first release',
      {},
      observed(NOTHING, undefined, 'it has a condition'),
      [],
      /not by Farol/,
    ],
    [
      'its weights were moved',
      LIVE,
      observed(serving(2), { blue: 90, green: 10 }),
      [],
      /blue is live, yet it gets 90 % of the/,
    ],
    ['its rule is gone', LIVE, { ...observed(serving(2)), rule: null }, [], /it gets 0 % of the traffic/],
    ['live runs nothing', LIVE, observed(NOTHING), [], /live slot blue runs nothing, the ledger says web:1/],
    ['live runs something else', head('blue', 'web:9'), observed(serving(2)), [], /runs web:1, the ledger says web:9/],
  ])('%s', (_what, ledger, aws, migrating, reason) => {
    expect(targetRefusal(ledger, aws, migrating)).toMatch(reason);
  });

  test.each<[string, Head, Observed]>([
    ['live serves', LIVE, observed(serving(2, 1))],
    ['nothing was ever live', {}, { rule: null, slots: { blue: NOTHING, green: NOTHING } }],
    ['live has no healthy task: a release comes as a rescue', LIVE, observed(serving(2, 0))],
  ])('is not one where %s', (_what, ledger, aws) => {
    expect(targetRefusal(ledger, aws, [])).toBeUndefined();
  });
});

describe('what a release has to prove', () => {
  const settings = {
    provenance: { ...SETTINGS.provenance, timeout: '10m' as const },
    scan: { ...SETTINGS.scan, timeout: '5m' as const },
  };
  const MINUTE = 60_000;
  const proven: Proof = {
    provenance: { state: 'proven', started: 'ana' },
    scan: { state: 'proven', detail: {} },
  };
  const open = { state: 'open', reason: 'Not there yet.' } as const;
  const refused = { state: 'refused', reason: 'Wrong.' } as const;

  test('is nothing more when all is proven, or no scan is asked for', () => {
    expect(unproven(proven, settings, 0)).toBeUndefined();
    expect(unproven({ ...proven, scan: undefined }, settings, 0)).toBeUndefined();
  });

  test.each<[string, Proof, number, string, string]>([
    ['a build that has not ended', { ...proven, provenance: open }, 10 * MINUTE - 1, 'waiting', 'Not there yet.'],
    [
      'one that did not end in its time',
      { ...proven, provenance: open },
      10 * MINUTE,
      'refused',
      'Not there yet. It had 10m (provenance.timeout).',
    ],
    ['a scan that has not ended', { ...proven, scan: open }, 5 * MINUTE - 1, 'waiting', 'Not there yet.'],
    [
      'one that did not end in its time',
      { ...proven, scan: open },
      5 * MINUTE,
      'refused',
      'Not there yet. It had 5m (scan.timeout).',
    ],
    ['an image of another build', { ...proven, provenance: refused }, 0, 'refused', 'Wrong.'],
    ['findings, while the build is still waited for', { provenance: open, scan: refused }, 0, 'refused', 'Wrong.'],
    [
      'the wrong build, while the scan is still waited for',
      { provenance: refused, scan: open },
      0,
      'refused',
      'Wrong.',
    ],
  ])('%s: after %#', (_what, proof, waited, outcome, reason) => {
    expect(unproven(proof, settings, waited)).toEqual({ outcome, reason });
  });
});

describe('a deployment’s plan', () => {
  test('the first goes into blue with the minimum, and all traffic at once', () => {
    const plan = deploymentPlan(SETTINGS, RELEASE, {}, { rule: null, slots: { blue: NOTHING, green: NOTHING } });
    expect(plan).toMatchObject({
      candidate: 'blue',
      capacity: SETTINGS.capacity.min,
      deployable: deployableOf(RELEASE, SETTINGS),
    });
    expect(plan).not.toHaveProperty('live');
    expect(plan.steps.map(({ weight }) => weight)).toEqual([100]);
  });

  test.each<[Slot, Slot, number]>([
    ['blue', 'green', 5],
    ['green', 'blue', 3],
  ])('an update beside live in %s goes into %s, as large as live is now', (slot, candidate, tasks) => {
    const slots = { blue: NOTHING, green: NOTHING, [slot]: serving(tasks) };
    const plan = deploymentPlan(SETTINGS, RELEASE, head(slot), { rule: null, slots });
    expect(plan).toMatchObject({ candidate, capacity: tasks, live: { slot } });
    expect(plan.steps.length).toBeGreaterThan(1);
  });

  test('has at least one task where live has none', () => {
    const plan = deploymentPlan(SETTINGS, RELEASE, head('blue'), observed(NOTHING));
    expect(plan.capacity).toBe(1);
  });
});

test('the same image with the same settings is the same deployable, under whatever tag', () => {
  const one = deployableOf(RELEASE, SETTINGS);
  expect(sameDeployable(one, { ...one, version: 'v9.0.0' })).toBe(true);
  expect(sameDeployable(one, { ...one, digest: OLD.digest })).toBe(false);
  expect(sameDeployable(one, deployableOf(RELEASE, { ...SETTINGS, address: 'https://other.example' }))).toBe(false);
});

test('live is unwell when none of its tasks is healthy, and only then', () => {
  expect(unwell(head('blue'), observed(serving(2, 0)))).toBe(
    'v1.0.0 is live in blue and has no healthy task, so it serves no request',
  );
  expect(unwell(head('blue'), observed(serving(2, 1)))).toBeUndefined();
  expect(unwell({}, observed(NOTHING))).toBeUndefined();
});

test('weights that were left anywhere hold up no rescue of a person', () => {
  const aws = observed(serving(2, 0), { blue: 90, green: 10 });
  expect(targetRefusal(head('blue'), aws, [], true)).toBeUndefined();
  expect(targetRefusal(head('blue'), aws, [])).toContain('it gets 90 % of the traffic');
});

test('a rescue has the capacity of the settings, and all the traffic at once', () => {
  const plan = deploymentPlan(SETTINGS, RELEASE, head('blue'), observed(serving(5, 0)), 'nobody is served');
  expect(plan).toMatchObject({ rescue: 'nobody is served', candidate: 'green', capacity: SETTINGS.capacity.min });
  expect(plan.steps).toMatchObject([{ weight: 100 }]);
});
