import { describe, expect, test } from 'vitest';
import type { Approval } from '#core/contract/approval.ts';
import type { DeploymentPlan, DeploymentRequest, Fact } from '#core/contract/ledger.ts';
import type { Deployable, MigrationPlan } from '#core/contract/release.ts';
import { decided, type PromotedFrom, question } from '#core/domain/approval.ts';
import type { Facts } from '#core/domain/gates.ts';
import { MIGRATING_RELEASE_JSON } from '../../../../fixtures/release-json.ts';
import { SETTINGS } from '../../../../fixtures/settings.ts';

const DIGEST = `sha256:${'b'.repeat(64)}` as const;
const DEPLOYABLE: Deployable = { digest: DIGEST, version: 'v1.1.0', settingsHash: '0'.repeat(16) };
const LIVE: Deployable = { digest: `sha256:${'a'.repeat(64)}`, version: 'v1.0.0', settingsHash: '0'.repeat(16) };

const REQUEST: DeploymentRequest = {
  kind: 'release',
  target: 'web/production',
  deployment: 'web-production-v1_1_0-1',
  version: 'v1.1.0',
  digest: DIGEST,
  attempt: 1,
  cause: 'push of web:v1.1.0',
};

const PLAN: DeploymentPlan = {
  settings: { ...SETTINGS, approval: { timeout: '1d' } },
  deployable: DEPLOYABLE,
  commit: 'c0ffee',
  author: 'Ana <ana@example.com>',
  build: 'web:1',
  releaseJson: MIGRATING_RELEASE_JSON,
  candidate: 'green',
  capacity: 2,
  steps: [{ weight: 100, checks: 1, checkSeconds: 60, metricsSeconds: 0 }],
};
const UNTIL = '2026-11-24T18:00:00.000Z';

const fact = (kind: Fact['kind'], detail: Record<string, unknown>): Fact => ({
  kind,
  deployable: DEPLOYABLE,
  at: '2026-11-23T18:00:00.000Z',
  detail,
});
const planFact = (plan: MigrationPlan): Facts => ({ 'migration-plan': fact('migration-plan', { ...plan }) });

function lines({
  plan = {},
  before = 'traffic',
  facts = {},
  from,
}: {
  plan?: Partial<DeploymentPlan>;
  before?: Approval['before'];
  facts?: Facts;
  from?: PromotedFrom;
} = {}): string[] {
  return question(REQUEST, { ...PLAN, ...plan }, { before, until: UNTIL }, facts, from).text.split('\n');
}

test('the whole question, of a first release without migrations and without a build that says who began it', () => {
  expect(question(REQUEST, PLAN, { before: 'traffic', until: UNTIL }, {}, undefined)).toEqual({
    subject: 'web/production: approve v1.1.0?',
    text: [
      'v1.1.0 waits for an approval to go live on web/production (push of web:v1.1.0). Nothing has been live there yet.',
      `Image ${DIGEST}, commit c0ffee, written by Ana <ana@example.com>. The author is what the commit says; nothing proves it, nor who pushed the tag.`,
      "Approved, it gets its traffic, step by step. It runs already, without users, behind http://preview.internal:8082 (a listener that only the target's probe reaches).",
      'The release has no migrations.',
      'To approve: farol approve web-production-v1_1_0-1',
      'To reject:  farol reject web-production-v1_1_0-1',
      `Without an answer until ${UNTIL} (1d in all) it is not made live: silence is no.`,
    ].join('\n'),
  });
});

test.each([
  [
    'candidate',
    'Approved, the database is migrated where that is pending, and the release is started, checked and given its traffic. Nothing of it has run yet but the plan of its migrations, which can only look.',
  ],
  [
    'migrate',
    'Approved, the database is migrated; then the release is started, checked and given its traffic. Nothing of it has been started yet.',
  ],
] as const)('before the %s it says what has not happened yet', (before, sentence) => {
  expect(lines({ before })).toContain(sentence);
});

test('what is live, an unknown commit and author, and who began the build', () => {
  const live = {
    slot: 'blue',
    deployable: LIVE,
    taskDefinition: 'web:1',
    releaseJson: MIGRATING_RELEASE_JSON,
    deployment: 'first',
  } as const;
  const [first, image, build] = lines({
    plan: { live, commit: '', author: '' },
    facts: { provenance: fact('provenance', { started: 'ana' }) },
  });
  expect(first).toMatch(/ v1\.0\.0 is live there now\.$/);
  expect(image).toContain(', commit unknown, written by unknown. ');
  expect(build).toBe('Its build was started by ana.');
});

test('who alone may answer', () => {
  const settings = {
    ...SETTINGS,
    approval: { timeout: '2h' as const, approvers: ['ana@example.com', 'bo@example.com'] },
  };
  const text = lines({ plan: { settings } });
  expect(text).toContain('Only these may answer: ana@example.com, bo@example.com');
  expect(text.at(-1)).toContain('(2h in all)');
});

test('settings that ask nobody any more', () => {
  expect(lines({ plan: { settings: SETTINGS } }).at(-1)).toContain('(now in all)');
});

describe('a release that is promoted', () => {
  const compared = (from: Partial<PromotedFrom>, facts: Facts = {}) =>
    lines({ facts, from: { target: 'web/staging', live: LIVE, applied: [], ...from } })[2];
  const SAME = 'web/staging runs the same image now, with its own settings.';
  const pending: MigrationPlan = {
    migrations: [
      { name: 'board.0002', compatible: 'yes', why: 'additive' },
      { name: 'board.0003', compatible: 'yes', why: 'additive' },
      { name: 'board.0004', compatible: 'yes', why: 'additive' },
    ],
  };

  test.each([
    [
      'nothing is live there',
      { live: undefined },
      {},
      'Nothing is live on web/staging: what is asked about differs from it in everything.',
    ],
    [
      'another image is',
      {},
      {},
      `It differs from what web/staging runs now: v1.0.0, image ${LIVE.digest}. What was learnt there since does not hold for it.`,
    ],
    ['the same image is, nothing to migrate', { live: DEPLOYABLE }, {}, SAME],
    [
      'the same image is, all was applied there',
      { live: DEPLOYABLE, applied: ['board.0002', 'board.0003', 'board.0004'] },
      planFact(pending),
      SAME,
    ],
    ['the same image is, nothing is known of there', { live: DEPLOYABLE, applied: undefined }, {}, SAME],
  ])('%s', (_what, from, facts, sentence) => {
    expect(compared(from, facts)).toBe(sentence);
  });

  test.each([
    [['board.0003'], 'board.0002, board.0004'],
    [undefined, 'board.0002, board.0003, board.0004'],
  ])('names what its deployment there did not apply: with %j applied', (applied, missing) => {
    expect(compared({ live: DEPLOYABLE, applied }, planFact(pending))).toBe(
      `${SAME} Its deployment there did not apply these migrations, which are pending here: ${missing}.`,
    );
  });
});

describe('what would be migrated', () => {
  const migrations = (facts: Facts) => lines({ facts }).slice(3, -3);

  test('what cannot be told', () => {
    expect(migrations({ 'migration-plan': fact('migration-plan', { unknown: true }) })).toEqual([
      'It migrates the database, and cannot tell beforehand what it would do.',
    ]);
  });

  test('nothing, or nothing but records', () => {
    expect(migrations(planFact({ migrations: [] }))).toEqual(['No migration is pending.']);
    expect(migrations(planFact({ migrations: [], records: [] }))).toEqual(['No migration is pending.']);
    expect(migrations(planFact({ migrations: [], records: ['a.1', 'a.2'] }))).toEqual([
      'No migration is pending, but these are recorded as applied: a.1, a.2.',
    ]);
  });

  test('each migration with what it means for what is live', () => {
    const plan: MigrationPlan = {
      migrations: [
        { name: 'a.1', compatible: 'yes', why: 'adds' },
        { name: 'a.2', compatible: 'no', why: 'drops' },
        { name: 'a.3', compatible: 'unknown', why: 'runs SQL', sql: 'DROP\nTABLE' },
      ],
    };
    expect(migrations(planFact(plan))).toEqual([
      'Pending migrations, by the release’s own plan. They are never taken back:',
      '- a.1: what is live now goes on working after it (adds)',
      '- a.2: what is live now BREAKS after it (drops)',
      '- a.3: what is live now may break after it (runs SQL)',
      '  | DROP',
      '  | TABLE',
    ]);
  });

  test.each([
    [40, 40, undefined],
    [41, 40, '  | … 1 lines more'],
    [55, 40, '  | … 15 lines more'],
  ])('of %i lines of SQL, %i are shown', (total, shown, more) => {
    const sql = Array.from({ length: total }, (_, i) => `line ${i}`).join('\n');
    const marked = migrations(planFact({ migrations: [{ name: 'a.1', compatible: 'yes', why: 'adds', sql }] })).slice(
      2,
    );
    expect(marked.filter((line) => /^ {2}\| line \d+$/.test(line))).toHaveLength(shown);
    expect(marked.slice(shown)).toEqual(more === undefined ? [] : [more]);
  });
});

test.each([
  ['approved', undefined, 'Approved by ana at now.'],
  ['rejected', 'not today', 'Rejected by ana at now: not today.'],
  ['expired', undefined, 'The approval expired at now.'],
] as const)('an answer in a sentence: %s', (outcome, reason, sentence) => {
  expect(decided({ outcome, by: 'ana', at: 'now', ...(reason === undefined ? {} : { reason }) })).toBe(sentence);
});
