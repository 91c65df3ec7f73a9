import type { Digest, Version } from '../contract/release.ts';
import { promotedFrom, type Settings } from '../contract/settings.ts';
import { deploymentName } from '../domain/deployment-name.ts';
import type { Ledger } from '../ports.ts';

/**
 * Why a release may not go to a target that is promoted from another, in a sentence: it was never live there, with this very
 * image. undefined: it may, or the target is deployed from pushes. No caller and no input is a
 * way around the target that a release must be live on first.
 */
export async function neverLiveBefore(
  settings: Pick<Settings, 'source'>,
  { version, digest }: { readonly version: Version; readonly digest: Digest },
  ledger: Pick<Ledger, 'head' | 'deployment'>,
): Promise<string | undefined> {
  const source = promotedFrom(settings);
  if (source === undefined) return undefined;
  const { live } = await ledger.head(source);
  if (live?.deployable.digest === digest) return undefined;
  for (let attempt = 1; ; attempt += 1) {
    const record = await ledger.deployment(deploymentName(source, version, digest, attempt));
    if (record === undefined) return `This image has never been live on ${source}, from where this target is promoted.`;
    if (record.ended?.result === 'live') return undefined;
  }
}
