import type { DeploymentRequest, Placement } from '../contract/ledger.ts';
import type { Result } from '../contract/states.ts';
import type { Target } from '../contract/target.ts';

/** What a task printed, or nothing where it cannot be read: a reason is told without it rather than not at all (I19). */
export async function linesIfAny(read: () => Promise<readonly string[]>): Promise<readonly string[]> {
  try {
    return await read();
  } catch {
    return [];
  }
}

/** The same with what a task last printed behind its reason. @param lines oldest first */
export function withLastLines<T extends { readonly reason: string }>(finding: T, lines: readonly string[]): T {
  return lines.length === 0
    ? finding
    : { ...finding, reason: `${finding.reason} Last lines: ${lines.slice(-5).join(' | ')}` };
}

/** How a person gets a frozen target going again (I20). */
export function wayOn(target: Target): string {
  return `When it is put right, open the target: farol unfreeze ${target} --reason "what was done". That brings all the traffic back to what is live. To open it with a release that mends it: farol redeploy ${target} <version> --rescue "why".`;
}

/** How a deployment ended, in one sentence that a person understands without knowing Farol. */
export function sentenceOf(
  { kind, version: released, target }: DeploymentRequest,
  result: Result,
  reason: string,
  live: Placement | undefined,
): string {
  const version = kind === 'settings' ? `${released} with the changed settings` : released;
  const serves =
    live === undefined ? `nothing has been live on ${target} yet` : `${live.deployable.version} serves ${target}`;
  switch (result) {
    case 'live':
      return `${version} is live on ${target}: ${reason.replace(/\.$/, '')}.`;
    case 'unchanged':
      return `Nothing to do on ${target}: ${reason}`;
    case 'restored':
      return `Restored: ${serves}. ${reason}`;
    case 'rolled back':
      return `${version} was not made live; ${serves}. ${reason}`;
    case 'refused':
      return `${version} was refused before anything changed; ${serves}. ${reason}`;
    case 'frozen':
      return `${target} is frozen until a person has looked. ${reason} ${wayOn(target)}`;
    case 'interrupted':
      return `The deployment of ${version} was interrupted, and the traffic may be shared still; by the ledger ${serves}. A recovery goes on by itself. ${reason}`;
    default:
      return result satisfies never;
  }
}
