import type { DeploymentRequest, Head } from '../contract/ledger.ts';
import { compareVersions } from '../contract/version.ts';
import { wayOn } from './sentence.ts';

/** Why a target takes no deployment of this release as it stands, in a sentence; undefined: it does. */
export function refusalOf(
  { target, version, digest }: Pick<DeploymentRequest, 'target' | 'version' | 'digest'>,
  { frozen, live }: Head,
): string | undefined {
  if (frozen !== undefined) return `The target is frozen since ${frozen.at}: ${frozen.reason} ${wayOn(target)}`;
  if (live === undefined) return undefined;
  const { deployable } = live;
  const order = compareVersions(version, deployable.version);
  if (order < 0)
    return `${version} is older than ${deployable.version}, which is live. Going back is a command of its own, not a push.`;
  if (order === 0 && digest !== deployable.digest)
    return `${version} is live already with another digest (${deployable.digest}). Give the change a version of its own.`;
  return undefined;
}
