import { describe, expect, test } from 'vitest';
import { judgeMigrations } from '#core/domain/migration-gate.ts';

const STRICT = { incompatible: 'refuse', unknown: 'refuse' } as const;
const migration = (compatible: 'yes' | 'no' | 'unknown', name = `board.${compatible}`) => ({
  name,
  compatible,
  why: 'because',
});

describe('pending migrations', () => {
  test('that live survives are allowed, by their names', () => {
    expect(judgeMigrations({ migrations: [migration('yes', 'a.1'), migration('yes', 'a.2')] }, STRICT)).toEqual({
      outcome: 'allowed',
      reason: '2 pending: a.1, a.2',
    });
  });

  test('none at all are none, also where nothing is recorded', () => {
    expect(judgeMigrations({ migrations: [] }, STRICT)).toEqual({ outcome: 'none' });
    expect(judgeMigrations({ migrations: [], records: [] }, STRICT)).toEqual({ outcome: 'none' });
  });

  test('that only record what is there are allowed', () => {
    expect(judgeMigrations({ migrations: [], records: ['a.1', 'a.2'] }, STRICT)).toEqual({
      outcome: 'allowed',
      reason: 'Nothing changes but what is recorded as applied: a.1, a.2',
    });
  });

  test('that break live are refused by their names, unless the settings allow them', () => {
    const plan = { migrations: [migration('no', 'a.1'), migration('yes', 'a.2'), migration('no', 'a.3')] };
    expect(judgeMigrations(plan, STRICT)).toEqual({
      outcome: 'refused',
      reason:
        'The live release would break on the new schema: a.1 (because), a.3 (because). Split the change: expand in one release, contract in a later one.',
    });
    expect(judgeMigrations(plan, { ...STRICT, incompatible: 'allow' }).outcome).toBe('allowed');
    expect(judgeMigrations(plan, { ...STRICT, unknown: 'allow' }).outcome).toBe('refused');
  });

  test('of which nobody knows are refused by their names, unless the settings allow them', () => {
    const plan = { migrations: [migration('yes', 'a.1'), migration('unknown', 'a.2')] };
    expect(judgeMigrations(plan, STRICT)).toEqual({
      outcome: 'refused',
      reason:
        'It is not known whether the live release survives a.2 (because). Mark the migration as compatible in the application, or set settings.migrate.unknown to allow.',
    });
    expect(judgeMigrations(plan, { ...STRICT, unknown: 'allow' }).outcome).toBe('allowed');
    expect(judgeMigrations(plan, { ...STRICT, incompatible: 'allow' }).outcome).toBe('refused');
  });

  test('of an application that cannot tell are refused, unless the settings allow them', () => {
    expect(judgeMigrations(undefined, STRICT)).toEqual({
      outcome: 'refused',
      reason:
        'What would be migrated is not known (release.json has no migrationPlan), and settings.migrate.unknown is refuse.',
    });
    expect(judgeMigrations(undefined, { ...STRICT, unknown: 'allow' })).toEqual({
      outcome: 'allowed',
      reason:
        'What would be migrated is not known (release.json has no migrationPlan); settings.migrate.unknown allows it.',
    });
  });
});
