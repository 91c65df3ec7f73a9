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
  readonly roles: Readonly<Record<'execution' | 'task' | 'migration' | 'plan' | 'planExecution', string>>;
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
    roles: {
      execution: `farol-${slug}-execution`,
      task: `farol-${slug}-task`,
      migration: `farol-${slug}-migration`,
      plan: `farol-${slug}-plan`,
      planExecution: `farol-${slug}-plan-execution`,
    },
    logGroup: `/farol/${app}/${environment}`,
    settingsParameter: settingsParameter(`${app}/${environment}`),
    secretKey: `${secretPrefix(`${app}/${environment}`)}secret-key`,
    probe: `farol-${PROBE}-${slug}`,
    database: `farol-${DATABASE}-${slug}`,
    removeSlots: `farol-${REMOVE_SLOTS}-${slug}`,
  };
}

/** How the names of a target's secrets in Secrets Manager begin. */
export function secretPrefix(target: Target): string {
  return `farol/${target}/`;
}
