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
function origin({ settings }: Demands): readonly FactKind[] {
  return settings.scan.block === 'none' ? ['provenance'] : ['provenance', 'scan'];
}

/**
 * What the pending migrations are known by: whoever approved others, or found that there are none, has not approved these.
 * The image's digest, which the fact names too, fixes what each of them does.
 */
export function migrationPlanHash(facts: Facts): string {
  return settingsHash(facts['migration-plan']?.detail ?? {});
}

/** Why a release may not even tell what it would migrate, in a sentence (I18); undefined: it may. */
export function lackForPlan(plan: Demands, facts: Facts): string | undefined {
  const missing = origin(plan).find((kind) => facts[kind] === undefined);
  return missing === undefined ? undefined : `No migration plan without the fact ${missing} (I18).`;
}

/**
 * Why a candidate may not be started, in a sentence (I18); undefined: it may. It runs as the application's user of the
 * database, and with the service's secrets.
 */
export function lackForCandidate(plan: Demands, facts: Facts): string | undefined {
  const missing = origin(plan).find((kind) => facts[kind] === undefined);
  if (missing !== undefined) return `No candidate without the fact ${missing} (I18).`;
  if (hasMigrations(facts['migration-plan']) && facts.migration === undefined)
    return 'No candidate without the fact migration (I18).';
  return plan.settings.approval?.before === 'anything' ? lackOfApproval('No candidate', plan, facts) : undefined;
}

/** Why a migration may not begin, in a sentence (I3); undefined: it may. */
export function lackForMigration(plan: Demands, facts: Facts): string | undefined {
  const missing = [...origin(plan), 'migration-plan' as const].find((kind) => facts[kind] === undefined);
  if (missing !== undefined) return `No migration without the fact ${missing} (I3).`;
  return lackOfApproval('No migration', plan, facts);
}

/** Why a candidate may get no share of the traffic, in a sentence (I3); undefined: it may. */
export function lackForTraffic(plan: Demands, facts: Facts): string | undefined {
  const missing = [...origin(plan), 'smoke' as const].filter((kind) => facts[kind] === undefined);
  if (hasMigrations(facts['migration-plan']) && facts.migration === undefined)
    return 'No weight without the fact migration (I3).';
  if (missing.length > 0) return `No weight without the fact ${missing.join(', ')} (I3).`;
  return lackOfApproval('No weight', plan, facts);
}

function lackOfApproval(what: string, { settings, deployable }: Demands, facts: Facts): string | undefined {
  if (settings.approval === undefined) return undefined;
  const { approval } = facts;
  if (approval === undefined) return `${what} without the fact approval (I3).`;
  const { digest, settingsHash: revision } = approval.deployable;
  if (digest !== deployable.digest || revision !== deployable.settingsHash)
    return `${what}: what was approved is another release or its settings are others (I3).`;
  const notAsked = unasked(String(approval.detail['by']), settings.approval.approvers);
  if (notAsked !== undefined) return `${what}: ${notAsked} (I3)`;
  return approval.detail['plan'] === migrationPlanHash(facts)
    ? undefined
    : `${what}: other migrations are pending than those that were approved (I3).`;
}

function hasMigrations(plan: Fact | undefined): boolean {
  const { unknown, migrations, records } = plan?.detail ?? {};
  return unknown === true || [migrations, records].some((list) => Array.isArray(list) && list.length > 0);
}
