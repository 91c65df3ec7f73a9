import { promotedFrom, type Settings, targetOf } from '../contract/settings.ts';
import { compareVersions } from '../contract/version.ts';
import type { Executions, Ledger } from '../ports.ts';
import { startOnce } from './begin-deployment.ts';

/**
 * Offers a target what is live where it is promoted from: the same image with the target's own settings, so that of the
 * other target nothing travels but the digest. Any number of looks make one offer, and what was deployed, refused or
 * rejected here before is not offered again by itself.
 * @returns the deployment that was started; undefined: there is nothing to offer (now)
 */
export async function offerPromotion(
  settings: Settings,
  { ledger, executions }: { readonly ledger: Ledger; readonly executions: Executions },
): Promise<string | undefined> {
  const source = promotedFrom(settings);
  if (source === undefined) return undefined;
  const target = targetOf(settings);
  const [from, to] = await Promise.all([ledger.head(source), ledger.head(target)]);
  // A frozen target would refuse it and use the offer up; it is not known whether a frozen source works.
  if (from.live === undefined || from.frozen !== undefined || to.frozen !== undefined) return undefined;
  const { deployable, deployment: madeLiveBy } = from.live;
  if ((await ledger.deployment(madeLiveBy))?.ended === undefined) return undefined;
  const { version, digest } = deployable;
  if (to.live !== undefined && compareVersions(version, to.live.deployable.version) <= 0) return undefined;
  return startOnce({ target, version, digest, cause: `promotion of ${source}` }, { ledger, executions });
}
