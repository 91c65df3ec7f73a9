import type { MigrationPlan } from '../contract/release.ts';
import type { Settings } from '../contract/settings.ts';
import { recordsOf } from './applied-migrations.ts';

export type MigrationVerdict =
  | { readonly outcome: 'none' }
  | { readonly outcome: 'allowed'; readonly reason: string }
  | { readonly outcome: 'refused'; readonly reason: string };

/**
 * Whether pending migrations may run while the live release serves. The schema never goes back, so what the live release
 * cannot live with is refused before it is done, unless the target's settings say otherwise.
 * `plan` is undefined when the application cannot tell what it would migrate.
 */
export function judgeMigrations(
  plan: MigrationPlan | undefined,
  policy: Pick<Settings['migrate'], 'incompatible' | 'unknown'>,
): MigrationVerdict {
  if (plan === undefined) {
    const reason = 'What would be migrated is not known (release.json has no migrationPlan)';
    return policy.unknown === 'allow'
      ? { outcome: 'allowed', reason: `${reason}; settings.migrate.unknown allows it.` }
      : { outcome: 'refused', reason: `${reason}, and settings.migrate.unknown is refuse.` };
  }
  if (plan.migrations.length === 0) {
    const records = recordsOf(plan);
    if (records.length === 0) return { outcome: 'none' };
    return { outcome: 'allowed', reason: `Nothing changes but what is recorded as applied: ${records.join(', ')}` };
  }
  const describe = (kind: 'no' | 'unknown') =>
    plan.migrations
      .filter(({ compatible }) => compatible === kind)
      .map(({ name, why }) => `${name} (${why})`)
      .join(', ');
  const incompatible = describe('no');
  if (incompatible !== '' && policy.incompatible === 'refuse') {
    return {
      outcome: 'refused',
      reason: `The live release would break on the new schema: ${incompatible}. Split the change: expand in one release, contract in a later one.`,
    };
  }
  const unknown = describe('unknown');
  if (unknown !== '' && policy.unknown === 'refuse') {
    return {
      outcome: 'refused',
      reason: `It is not known whether the live release survives ${unknown}. Mark the migration as compatible in the application, or set settings.migrate.unknown to allow.`,
    };
  }
  return {
    outcome: 'allowed',
    reason: `${plan.migrations.length} pending: ${plan.migrations.map(({ name }) => name).join(', ')}`,
  };
}
