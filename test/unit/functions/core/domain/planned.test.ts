import { expect, test } from 'vitest';
import type { DeploymentPlan } from '#core/contract/ledger.ts';
import { planned, releaseOf } from '#core/domain/planned.ts';
import { MIGRATING_RELEASE_JSON } from '../../../../fixtures/release-json.ts';
import { SETTINGS } from '../../../../fixtures/settings.ts';

const PLAN: DeploymentPlan = {
  settings: SETTINGS,
  deployable: { digest: `sha256:${'a'.repeat(64)}`, version: 'v1.0.0', settingsHash: '0'.repeat(16) },
  commit: 'c0ffee',
  author: 'Ana <ana@example.com>',
  build: 'web:1',
  releaseJson: MIGRATING_RELEASE_JSON,
  candidate: 'blue',
  capacity: 2,
  steps: [{ weight: 100, checks: 1, checkSeconds: 60, metricsSeconds: 0 }],
};

test('a deployment has its plan from preflight, or something is wrong with the ledger', () => {
  expect(planned({ plan: PLAN }, 'one')).toBe(PLAN);
  const problem = 'one has no plan in the ledger: preflight did not end';
  expect(() => planned({}, 'one')).toThrow(problem);
  expect(() => planned(undefined, 'one')).toThrow(problem);
});

test('a plan says which release it deploys', () => {
  expect(releaseOf(PLAN)).toEqual({
    repository: 'web',
    digest: PLAN.deployable.digest,
    version: 'v1.0.0',
    commit: 'c0ffee',
    author: 'Ana <ana@example.com>',
    build: 'web:1',
    releaseJson: MIGRATING_RELEASE_JSON,
  });
});
