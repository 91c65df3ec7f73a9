import type { Approval, Decision } from '../contract/approval.ts';
import type { DeploymentPlan, DeploymentRequest, Fact } from '../contract/ledger.ts';
import { type Deployable, type Digest, MigrationPlan } from '../contract/release.ts';
import type { Target } from '../contract/target.ts';
import type { Facts } from './gates.ts';

/** What the target that a release is promoted from runs now, and what its deployment applied. */
export interface PromotedFrom {
  readonly target: Target;
  readonly live: Deployable | undefined;
  readonly applied: readonly string[] | undefined;
}

/**
 * What people are asked, so that they need look nowhere else before they answer. Text of the release's own stands in lines
 * of its own, each behind a mark.
 * @param from undefined: the release is not promoted
 */
export function question(
  { deployment, version, digest, target, cause }: DeploymentRequest,
  { settings, live, candidate, commit, author }: DeploymentPlan,
  { before, until }: Pick<Approval, 'before' | 'until'>,
  facts: Facts,
  from: PromotedFrom | undefined,
): { readonly subject: string; readonly text: string } {
  const now = live === undefined ? 'Nothing has been live there yet.' : `${live.deployable.version} is live there now.`;
  const preview = settings.infrastructure.slots[candidate].preview;
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
      `Image ${digest}, commit ${commit || 'unknown'}, written by ${author || 'unknown'}. The author is what the commit says; nothing proves it, nor who pushed the tag.`,
      ...startedBy(facts.provenance),
      ...(from === undefined ? [] : [comparison(from, digest, facts)]),
      next,
      migrationsIn(facts['migration-plan']),
      `To approve: farol approve ${deployment}`,
      `To reject:  farol reject ${deployment}`,
      ...(settings.approval?.approvers === undefined
        ? []
        : [`Only these may answer: ${settings.approval.approvers.join(', ')}`]),
      `Without an answer until ${until} (${settings.approval?.timeout ?? 'now'} in all) it is not made live: silence is no.`,
    ].join('\n'),
  };
}

/** Who or what began the run of the pipeline that built the image, as far as its build knew. */
function startedBy(provenance: Fact | undefined): string[] {
  const started = provenance?.detail['started'];
  return typeof started === 'string' ? [`Its build was started by ${started}.`] : [];
}

/** Whether what is asked about differs from what runs where it is promoted from. */
function comparison({ target, live, applied }: PromotedFrom, digest: Digest, facts: Facts): string {
  if (live === undefined) return `Nothing is live on ${target}: what is asked about differs from it in everything.`;
  if (live.digest !== digest)
    return `It differs from what ${target} runs now: ${live.version}, image ${live.digest}. What was learnt there since does not hold for it.`;
  const { data } = MigrationPlan.safeParse(facts['migration-plan']?.detail);
  const names = data?.migrations.map(({ name }) => name) ?? [];
  const missing = names.filter((name) => !applied?.includes(name));
  const same = `${target} runs the same image now, with its own settings.`;
  if (missing.length === 0) return same;
  return `${same} Its deployment there did not apply these migrations, which are pending here: ${missing.join(', ')}.`;
}

/** Lines of SQL that are shown in a notice, for each migration. */
const SQL_LINES = 40;

function migrationsIn(plan: Fact | undefined): string {
  if (plan === undefined) return 'The release has no migrations.';
  const { data } = MigrationPlan.safeParse(plan.detail);
  if (data === undefined) return 'It migrates the database, and cannot tell beforehand what it would do.';
  if (data.migrations.length === 0)
    return data.records?.length
      ? `No migration is pending, but these are recorded as applied: ${data.records.join(', ')}.`
      : 'No migration is pending.';
  const goesOn = { yes: 'goes on working', no: 'BREAKS', unknown: 'may break' } as const;
  return [
    'Pending migrations, by the release’s own plan. They are never taken back:',
    ...data.migrations.flatMap(({ name, compatible, why, sql }) => [
      `- ${name}: what is live now ${goesOn[compatible]} after it (${why})`,
      ...(sql === undefined ? [] : marked(sql)),
    ]),
  ].join('\n');
}

/** SQL behind a mark, so that no line of it is taken for one of the question's. */
function marked(sql: string): string[] {
  const lines = sql.split('\n');
  const shown = lines.slice(0, SQL_LINES).map((text) => `  | ${text}`);
  return lines.length > SQL_LINES ? [...shown, `  | … ${lines.length - SQL_LINES} lines more`] : shown;
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
