import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MigrationPlan, ReleaseJson } from '#core/contract/release.ts';
import { Settings } from '#core/contract/settings.ts';
import { judgeAnswer } from '#core/domain/smoke-check.ts';
import { receivePush } from '../../../functions/receive-push/receive-push.ts';
import { receiveSettings } from '../../../functions/receive-settings/receive-settings.ts';
import { startDeployment } from '../../../functions/start-deployment/start-deployment.ts';
import { unfreeze } from '../../../functions/unfreeze/unfreeze.ts';
import { user } from '../../fixtures/people.ts';
import { MIGRATING_RELEASE_JSON } from '../../fixtures/release-json.ts';
import { pathsOf, replaced } from '../../fixtures/replaced.ts';
import { SETTINGS } from '../../fixtures/settings.ts';
import { Workflow } from '../../workflow/harness.ts';

/** What comes from outside, with anything at any place: nothing is thrown, and nothing is changed. */

const ODD = fc.oneof(
  fc.jsonValue(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '',
    '0s',
    '1000000000d',
    'NaN',
    '-1s',
    '1e9',
    'v1.0.0\n',
    'promotion of ',
    'arn:aws:x',
    '\u0000',
    '__proto__',
    -1,
    Number.MAX_SAFE_INTEGER,
    Number.NaN,
    '9'.repeat(400) + 's',
  ),
);

/** A value with something odd in one or two places. */
function spoiled(value: unknown): fc.Arbitrary<unknown> {
  const place = fc.tuple(fc.constantFrom(...pathsOf(value)), ODD);
  return fc
    .tuple(place, fc.option(place, { nil: undefined }))
    .map(([[path, instead], more]) => replaced(more === undefined ? value : replaced(value, ...more), path, instead));
}

const PUSH = {
  id: '1',
  source: 'aws.ecr',
  'detail-type': 'ECR Image Action',
  account: '000000000000',
  region: 'us-east-1',
  detail: {
    'action-type': 'PUSH',
    result: 'SUCCESS',
    'repository-name': 'other',
    'image-tag': 'v1.0.0',
    'image-digest': `sha256:${'a'.repeat(64)}`,
  },
};
const CHANGE = {
  source: 'aws.ssm',
  'detail-type': 'Parameter Store Change',
  detail: { name: '/farol/targets/web/other', operation: 'Update', type: 'String' },
};
const PLAN = { migrations: [{ name: 'a.1', compatible: 'yes', why: 'w', sql: 's' }], records: ['a.1'] };

const RUNS = 12_500;

test.each<[string, unknown, (input: unknown, workflow: Workflow) => unknown]>([
  ['settings', { ...SETTINGS, approval: { timeout: '1h' } }, (input) => Settings.safeParse(input)],
  ['release.json', MIGRATING_RELEASE_JSON, (input) => ReleaseJson.safeParse(input)],
  ['a plan of migrations', PLAN, (input) => MigrationPlan.safeParse(input)],
  [
    'an answer to a smoke check',
    { a: [{ b: 1 }] },
    (input) =>
      judgeAnswer({ path: '/', status: 200, json: { a: 1 } }, { status: 200, body: JSON.stringify(input), ms: 1 }),
  ],
  ['the event of a push', PUSH, (input, workflow) => receivePush(input, { ...workflow.ports(), warn: () => {} })],
  [
    'the event of a change',
    CHANGE,
    (input, workflow) => receiveSettings(input, { ...workflow.ports(), warn: () => {} }),
  ],
  [
    'an order to deploy',
    { target: 'web/production', version: 'v9.9.9', rescue: 'why' },
    (input, workflow) => startDeployment({ input, caller: user('ana') }, workflow.ports()),
  ],
  [
    'a wish to unfreeze',
    { target: 'web/production', reason: 'why' },
    (input, workflow) => unfreeze({ input, caller: user('ana') }, workflow.ports()),
  ],
])(`${RUNS} times %s with anything at any place`, async (_what, good, take) => {
  const workflow = new Workflow();
  await fc.assert(
    fc.asyncProperty(spoiled(good), async (input) => {
      await take(input, workflow);
    }),
    { numRuns: RUNS },
  );
  expect(workflow.started()).toEqual([]);
  expect(workflow.ledger.entries).toEqual([]);
  expect(workflow.world.actions).toEqual([]);
});
