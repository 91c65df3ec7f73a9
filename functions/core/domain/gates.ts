import type { DeploymentPlan, Fact, FactKind } from '../contract/ledger.ts';
import { settingsHash } from './ledger-chain.ts';
import { unasked } from './person.ts';

/** What a deployment has proven so far. */
export type Facts = Readonly<Partial<Record<FactKind, Fact>>>;

/** What a deployment's settings demand of it. */
interface Demands extends Pick<DeploymentPlan, 'deployable'> {
  readonly settings: Pick<DeploymentPlan['settings'], 'approval'> & {
    readonly scan: Pick<DeploymentPlan['settings']['scan'], 'block'>;
  };
}

/** Facts that a target asks for before anything of a release runs. */
function origin({ settings }: Demands): readonly ('provenance' | 'scan')[] {
  return settings.scan.block === 'none' ? ['provenance'] : ['provenance', 'scan'];
}

/**
 * What the pending migrations are known by: an approval of others, or of none, is no approval of these.
 * The image's digest, which the fact names too, fixes what each of them does.
 */
export function migrationPlanHash(facts: Facts): string {
  return settingsHash(facts['migration-plan']?.detail ?? {});
}

/** What a fact proves, for the sentence that says that it is not recorded. */
export const PROOFS = {
  provenance: 'proof of which build made the image',
  scan: 'scan of the image that the target accepts',
  'migration-plan': 'plan of the migrations',
  migration: 'finished migration',
  smoke: 'passing smoke test',
  approval: 'approval',
} as const satisfies Partial<Record<FactKind, string>>;

/** What a gate holds back, and the invariant that it keeps. */
const HELD_BACK = {
  plan: ['The migrations were not planned', 'I18'],
  candidate: ['The candidate was not started', 'I18'],
  migration: ['The database was not migrated', 'I3'],
  traffic: ['Traffic was not shifted', 'I3'],
} as const;

/** What happened, why, and what to do: a gate that a deployment did not satisfy on its own way is not satisfied by trying again. */
function heldBack(what: keyof typeof HELD_BACK, why: string): string {
  const [happened, invariant] = HELD_BACK[what];
  return `${happened}: ${why} (${invariant}). Deploy the version again with farol redeploy; if this repeats, look at the deployment's facts in the ledger.`;
}

function notRecorded(what: keyof typeof HELD_BACK, missing: readonly (keyof typeof PROOFS)[]): string | undefined {
  if (missing.length === 0) return undefined;
  const proofs = missing.map((kind) => `no ${PROOFS[kind]}`).join(' and ');
  return heldBack(what, `${proofs} is recorded for this deployment`);
}

/** Why a release may not even tell what it would migrate, in a sentence (I18); undefined: it may. */
export function missingForPlan(plan: Demands, facts: Facts): string | undefined {
  return notRecorded('plan', lacking(origin(plan), facts));
}

/**
 * Why a candidate may not be started, in a sentence (I18); undefined: it may. It runs as the application's user of the
 * database, and with the service's secrets.
 */
export function missingForCandidate(plan: Demands, facts: Facts): string | undefined {
  const missing = lacking([...origin(plan), ...migrated(facts)], facts);
  if (missing.length > 0) return notRecorded('candidate', missing);
  return plan.settings.approval?.before === 'anything' ? lackOfApproval('candidate', plan, facts) : undefined;
}

/** Why a migration may not begin, in a sentence (I3); undefined: it may. */
export function missingForMigration(plan: Demands, facts: Facts): string | undefined {
  const missing = lacking([...origin(plan), 'migration-plan'], facts);
  return notRecorded('migration', missing) ?? lackOfApproval('migration', plan, facts);
}

/** Why a candidate may get no share of the traffic, in a sentence (I3); undefined: it may. */
export function missingForTraffic(plan: Demands, facts: Facts): string | undefined {
  const missing = lacking([...origin(plan), ...migrated(facts), 'smoke'], facts);
  return notRecorded('traffic', missing) ?? lackOfApproval('traffic', plan, facts);
}

function lacking(kinds: readonly (keyof typeof PROOFS)[], facts: Facts): (keyof typeof PROOFS)[] {
  return kinds.filter((kind) => facts[kind] === undefined);
}

/** The fact that a release with pending migrations needs besides. */
function migrated(facts: Facts): readonly 'migration'[] {
  return hasMigrations(facts['migration-plan']) ? ['migration'] : [];
}

function lackOfApproval(
  what: keyof typeof HELD_BACK,
  { settings, deployable }: Demands,
  facts: Facts,
): string | undefined {
  if (settings.approval === undefined) return undefined;
  const { approval } = facts;
  if (approval === undefined) return notRecorded(what, ['approval']);
  const { digest, settingsHash: revision } = approval.deployable;
  if (digest !== deployable.digest || revision !== deployable.settingsHash)
    return heldBack(what, 'another release, or other settings, were approved');
  const notAsked = unasked(String(approval.detail['by']), settings.approval.approvers);
  if (notAsked !== undefined) return heldBack(what, notAsked.replace(/\.$/, ''));
  return approval.detail['plan'] === migrationPlanHash(facts)
    ? undefined
    : heldBack(what, 'other migrations are pending than those that were approved');
}

function hasMigrations(plan: Fact | undefined): boolean {
  const { unknown, migrations, records } = plan?.detail ?? {};
  return unknown === true || [migrations, records].some((list) => Array.isArray(list) && list.length > 0);
}
