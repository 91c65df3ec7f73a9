import { describe, expect, test } from 'vitest';
import type { Fact } from '#core/contract/ledger.ts';
import { addedRecords, deviation, plannedRecords, recordsOf } from '#core/domain/applied-migrations.ts';

const migration = (name: string) => ({ name, compatible: 'yes' as const, why: 'additive' });
const fact = (detail: Record<string, unknown>): Fact => ({
  kind: 'migration-plan',
  deployable: { digest: `sha256:${'a'.repeat(64)}`, version: 'v1.0.0', settingsHash: '0'.repeat(16) },
  at: '2026-11-23T18:00:00.000Z',
  detail,
});

test('a plan’s migrations are recorded by their names, or as the plan says', () => {
  const migrations = [migration('a.1'), migration('a.2')];
  expect(recordsOf({ migrations })).toEqual(['a.1', 'a.2']);
  expect(recordsOf({ migrations, records: ['a.0'] })).toEqual(['a.0']);
  expect(plannedRecords({ 'migration-plan': fact({ migrations }) })).toEqual(['a.1', 'a.2']);
  expect(plannedRecords({ 'migration-plan': fact({ unknown: true }) })).toBeUndefined();
  expect(plannedRecords({})).toBeUndefined();
});

describe('what a migration recorded', () => {
  test('is what the table has more than before', () => {
    expect(addedRecords({ before: ['a.1'], after: ['a.1', 'a.2', 'a.3'] })).toEqual(['a.2', 'a.3']);
  });

  test.each([
    ['by the plan', ['a.2'], { before: ['a.1'], after: ['a.1', 'a.2'] }],
    ['nothing, and nothing was planned', [], { before: ['a.1'], after: ['a.1'] }],
    ['what was there already', ['a.1'], { before: ['a.1'], after: ['a.1'] }],
  ])('is as planned: %s', (_what, plan, recorded) => {
    expect(deviation(plan, recorded, { complete: true })).toBeUndefined();
  });

  test.each([
    [['a.2'], { before: [], after: ['a.2', 'a.3'] }, true, 'applied without having been planned: a.3.'],
    [['a.2', 'a.3'], { before: [], after: ['a.2'] }, true, 'planned and not applied: a.3.'],
    [['a.2'], { before: ['a.1'], after: ['a.2'] }, false, 'recorded before and no longer: a.1.'],
    [
      ['a.2'],
      { before: ['a.1'], after: ['a.3'] },
      true,
      'applied without having been planned: a.3; planned and not applied: a.2; recorded before and no longer: a.1.',
    ],
  ])('is told where it is otherwise: planned %j, %j', (plan, recorded, complete, words) => {
    expect(deviation(plan, recorded, { complete })).toBe(`The migration did something else than was planned. ${words}`);
  });

  test('need not be complete after a migration that failed', () => {
    expect(deviation(['a.2', 'a.3'], { before: [], after: ['a.2'] }, { complete: false })).toBeUndefined();
  });

  test.each([
    [10, /: n0, [^]*, n9\.$/],
    [11, /, n9 and 1 more\.$/],
    [14, /, n9 and 4 more\.$/],
  ])('is told with ten names at most: of %i', (count, words) => {
    const after = Array.from({ length: count }, (_, i) => `n${i}`);
    expect(deviation([], { before: [], after }, { complete: true })).toMatch(words);
  });
});
