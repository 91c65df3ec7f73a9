import { type Target, targetSlug } from './target.ts';

/**
 * The roles that a target has for Farol's functions, each with the functions that may take it. A function acts on a target
 * by the target's own role alone, whose name follows from the execution's target: what stands in the target's settings cannot lead it
 * to another one.
 */
export const TARGET_ROLES = {
  converge: ['converge'],
  'start-task': ['start-task'],
  'check-task': ['check-task'],
  'prepare-database': ['prepare-database'],
  smoke: ['smoke'],
  look: ['preflight', 'check-step'],
} as const;
export type TargetRole = keyof typeof TARGET_ROLES;

/** Every target role, in the order above. */
export const TARGET_ROLE_KINDS = Object.keys(TARGET_ROLES).filter((kind): kind is TargetRole => kind in TARGET_ROLES);

/** Path of the targets' roles in IAM: nothing else lies below it. */
export const TARGET_ROLE_PATH = '/farol/targets/';

/** The name of a target's role, without its path. With the region in it, because roles are of the account. */
export function targetRoleName(target: Target, kind: TargetRole, region: string): string {
  return `farol-${targetSlug(target)}-${kind}-${region}`;
}
