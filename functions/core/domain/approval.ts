import type { Approval, Decision } from '../contract/approval.ts';
import type { DeploymentPlan, DeploymentRequest, Fact } from '../contract/ledger.ts';
import { MigrationPlan } from '../contract/release.ts';
import type { Facts } from './gates.ts';

/** What people are asked, so that they need look nowhere else before they answer. */
export function question(
  { deployment, version, target, cause }: DeploymentRequest,
  { settings, live, candidate }: DeploymentPlan,
  { before, until }: Pick<Approval, 'before' | 'until'>,
  facts: Facts,
): { readonly subject: string; readonly text: string } {
  const now = live === undefined ? 'Nothing has been live there yet.' : `${live.deployable.version} is live there now.`;
  const preview = settings.place.slots[candidate].preview;
  const next = {
    candidate:
      'Approved, the database is migrated where that is pending, and the release is started, checked and given its traffic. Nothing of it has run yet but the plan of its migrations, which can only look.',
    migrate:
      'Approved, the database is migrated; then the release is started, checked and given its traffic. Nothing of it has been started yet.',
    traffic: `Approved, it gets its traffic, step by step. It runs already, without users, behind ${preview} (a listener that only the target's probe reaches).`,
  }[before];
  return {
    subject: `${target}: approve ${version}?`,
    text: [
      `${version} waits for an approval to go live on ${target} (${cause}). ${now}`,
      next,
      migrationsIn(facts['migration-plan']),
      `To approve: farol approve ${deployment}`,
      `To reject:  farol reject ${deployment}`,
      `Without an answer until ${until} (${settings.approval?.timeout ?? 'now'} in all) it is not made live: silence is no.`,
    ].join('\n'),
  };
}

function migrationsIn(plan: Fact | undefined): string {
  if (plan === undefined) return 'The release has no migrations.';
  const { data } = MigrationPlan.safeParse(plan.detail);
  if (data === undefined) return 'It migrates the database, and cannot tell beforehand what it would do.';
  if (data.migrations.length === 0) return 'No migration is pending.';
  const goesOn = { yes: 'goes on working', no: 'BREAKS', unknown: 'may break' } as const;
  return [
    'Pending migrations, which are never taken back:',
    ...data.migrations.map(
      ({ name, compatible, why }) => `- ${name}: what is live now ${goesOn[compatible]} after it (${why})`,
    ),
  ].join('\n');
}

/** How a question was answered, in a sentence. */
export function decided({ outcome, by, at, reason }: Decision): string {
  const why = reason === undefined ? '' : `: ${reason}`;
  switch (outcome) {
    case 'approved':
      return `Approved by ${by} at ${at}${why}.`;
    case 'rejected':
      return `Rejected by ${by} at ${at}${why}.`;
    case 'expired':
      return `The approval expired at ${at}${why}.`;
    default:
      return outcome satisfies never;
  }
}
