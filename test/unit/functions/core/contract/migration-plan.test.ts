import { expect, test } from 'vitest';
import { MigrationPlan } from '#core/contract/release.ts';

const migrations = (count: number, sql: string) =>
  Array.from({ length: count }, (_, i) => ({ name: `shop.${i}`, compatible: 'yes', why: 'additive', sql }));

test('a plan is kept with its SQL where that fits into the ledger, and without it where it does not', () => {
  expect(MigrationPlan.parse({ migrations: migrations(2, 'SELECT 1') }).migrations[0]).toHaveProperty(
    'sql',
    'SELECT 1',
  );
  const long = MigrationPlan.parse({ migrations: migrations(100, 'x'.repeat(4_000)) });
  expect(long.migrations).toHaveLength(100);
  expect(JSON.stringify(long)).not.toContain('xxx');
});

test('a plan that still does not fit is refused', () => {
  expect(MigrationPlan.safeParse({ migrations: migrations(5_000, '') }).error?.issues[0]?.message).toContain(
    'more than 150000 bytes even without SQL',
  );
});
