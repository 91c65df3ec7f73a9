import { describe, expect, test } from 'vitest';
import type { Fact, FactKind } from '#core/contract/ledger.ts';
import type { Deployable } from '#core/contract/release.ts';
import {
  type Facts,
  migrationPlanHash,
  missingForCandidate,
  missingForMigration,
  missingForPlan,
  missingForTraffic,
  PROOFS,
} from '#core/domain/gates.ts';

const deployable: Deployable = {
  digest: `sha256:${'a'.repeat(64)}`,
  version: 'v1.0.0',
  settingsHash: '0123456789abcdef',
};
const PLAN = { migrations: [{ name: 'board.0002', compatible: 'yes', why: 'additive' }] };

function fact(kind: FactKind, detail: Fact['detail'] = {}, of = deployable): Fact {
  return { kind, deployable: of, at: '2026-11-23T18:00:00.000Z', detail };
}

const proven: Facts = {
  provenance: fact('provenance'),
  scan: fact('scan'),
  'migration-plan': fact('migration-plan', PLAN),
  migration: fact('migration'),
  smoke: fact('smoke'),
};
const approved: Facts = { ...proven, approval: fact('approval', { by: 'ana', plan: migrationPlanHash(proven) }) };
const without = (facts: Facts, kind: FactKind): Facts => ({ ...facts, [kind]: undefined });

const scan = { block: 'CRITICAL' } as const;
const asking = { deployable, settings: { scan, approval: { timeout: '1d' } } };
const trusting = { deployable, settings: { scan } };
const askingFirst = { deployable, settings: { scan, approval: { timeout: '1d', before: 'anything' } } } as const;

describe('where nobody is asked', () => {
  test('facts are enough', () => {
    expect(missingForMigration(trusting, proven)).toBeUndefined();
    expect(missingForTraffic(trusting, proven)).toBeUndefined();
  });

  test.each(['provenance', 'scan', 'migration-plan'] as const)('no migration without %s', (kind) => {
    expect(missingForMigration(trusting, without(proven, kind))).toContain(`no ${PROOFS[kind]}`);
  });

  test.each(['provenance', 'scan', 'smoke', 'migration'] as const)('no weight without %s', (kind) => {
    expect(missingForTraffic(trusting, without(proven, kind))).toContain(`no ${PROOFS[kind]}`);
  });

  test('a release without pending migrations needs no migration', () => {
    const none = { ...without(proven, 'migration'), 'migration-plan': fact('migration-plan', { migrations: [] }) };
    expect(missingForTraffic(trusting, none)).toBeUndefined();
    const unknown = { ...none, 'migration-plan': fact('migration-plan', { unknown: true }) };
    expect(missingForTraffic(trusting, unknown)).toContain('no finished migration');
  });
});

describe('nothing of a release runs (I18)', () => {
  test.each(['provenance', 'scan'] as const)('not even its plan, without %s', (kind) => {
    expect(missingForPlan(trusting, proven)).toBeUndefined();
    expect(missingForPlan(trusting, without(proven, kind))).toContain(`no ${PROOFS[kind]}`);
  });

  test('but without a scan where the target asks for none', () => {
    const plan = { deployable, settings: { scan: { block: 'none' } } } as const;
    const unseen = without(proven, 'scan');
    for (const lack of [missingForPlan, missingForMigration, missingForCandidate, missingForTraffic])
      expect(lack(plan, unseen)).toBeUndefined();
  });

  test.each([trusting, asking, askingFirst])('as a candidate, without provenance and its migration', (plan) => {
    expect(missingForCandidate(plan, approved)).toBeUndefined();
    for (const kind of ['provenance', 'scan'] as const)
      expect(missingForCandidate(plan, without(approved, kind))).toContain(`no ${PROOFS[kind]}`);
    expect(missingForCandidate(plan, without(approved, 'migration'))).toContain('no finished migration');
  });

  test('as a candidate, without the approval where anything waits for it', () => {
    expect(missingForCandidate(asking, proven)).toBeUndefined();
    expect(missingForCandidate(askingFirst, proven)).toContain('no approval is recorded');
    const other = { ...approved, 'migration-plan': fact('migration-plan', { migrations: [{ name: 'other' }] }) };
    expect(missingForCandidate(askingFirst, other)).toContain('other migrations are pending');
  });
});

describe.each([
  ['migration', missingForMigration],
  ['weight', missingForTraffic],
] as const)('where people are asked, no %s', (_what, lack) => {
  test('without their approval', () => {
    expect(lack(asking, proven)).toContain('no approval is recorded for this deployment');
    expect(lack(asking, approved)).toBeUndefined();
  });

  test('by the approval of another release or of other settings', () => {
    const plan = migrationPlanHash(proven);
    for (const of of [
      { ...deployable, digest: `sha256:${'b'.repeat(64)}` },
      { ...deployable, settingsHash: 'fedcba9876543210' },
    ])
      expect(lack(asking, { ...proven, approval: fact('approval', { by: 'ana', plan }, of) })).toContain(
        'another release',
      );
  });

  test('by the approval of somebody who is not asked', () => {
    const ana = 'arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Release_0123456789abcdef/ana@example.com';
    const plan = { ...asking, settings: { scan, approval: { timeout: '1d', approvers: ['ana@example.com'] } } };
    expect(lack(plan, approved)).toContain(
      'is not among those who are asked (approval.approvers): ana@example.com (I3)',
    );
    const byAna = fact('approval', { by: ana, plan: migrationPlanHash(proven) });
    expect(lack(plan, { ...proven, approval: byAna })).toBeUndefined();
  });

  test('by the approval of other migrations', () => {
    const more = { migrations: [...PLAN.migrations, { name: 'board.0003', compatible: 'yes', why: 'additive' }] };
    expect(lack(asking, { ...approved, 'migration-plan': fact('migration-plan', more) })).toContain('other migrations');
  });
});
