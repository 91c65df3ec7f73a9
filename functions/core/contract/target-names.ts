import { settingsParameter, type Target, targetSlug } from './target.ts';

/** The functions, by their folders under functions/, that each target has for itself. */
export const PROBE = 'probe';
export const DATABASE = 'database';
export const REMOVE_SLOTS = 'remove-slots';

/** Physical names of what belongs to one target; rights are limited to them, and its settings may name no others. */
export interface TargetNames {
  /** `web-production`; also the name of cluster and load balancer, and the family prefix of task definitions. */
  readonly slug: string;
  readonly stack: string;
  readonly targetGroups: { readonly blue: string; readonly green: string };
  readonly logGroup: string;
  readonly settingsParameter: string;
  readonly secretKey: string;
  /** The function that asks the previews. */
  readonly probe: string;
  /** The function that prepares the database and reads from it. */
  readonly database: string;
  /** The function that removes the slots with the stack. */
  readonly removeSlots: string;
}

/** The names of a target's resources: all follow from its own. */
export function targetNames(app: string, environment: string): TargetNames {
  const slug = targetSlug(`${app}/${environment}`);
  return {
    slug,
    stack: `${slug}-service`,
    targetGroups: { blue: `${slug}-blue`, green: `${slug}-green` },
    logGroup: `/farol/${app}/${environment}`,
    settingsParameter: settingsParameter(`${app}/${environment}`),
    secretKey: `${secretPrefix(`${app}/${environment}`)}secret-key`,
    probe: `farol-${PROBE}-${slug}`,
    database: `farol-${DATABASE}-${slug}`,
    removeSlots: `farol-${REMOVE_SLOTS}-${slug}`,
  };
}

/** The roles of a target's tasks. */
export type TaskRoleKind = 'execution' | 'task' | 'migration' | 'plan' | 'planExecution';

/**
 * Names of the roles of a target's tasks. With the region in them, because roles are of the account: the same target may be in two
 * regions. With the longest names of targets and regions they have the 64 characters that IAM takes, and no more.
 */
export function taskRoleNames(
  app: string,
  environment: string,
  region: string,
): Readonly<Record<TaskRoleKind, string>> {
  const name = (kind: string): string => `farol-${targetSlug(`${app}/${environment}`)}-${kind}-${region}`;
  return {
    execution: name('execution'),
    task: name('task'),
    migration: name('migration'),
    plan: name('plan'),
    planExecution: name('plan-execution'),
  };
}

/** How the names of a target's secrets in Secrets Manager begin. */
export function secretPrefix(target: Target): string {
  return `farol/${target}/`;
}
