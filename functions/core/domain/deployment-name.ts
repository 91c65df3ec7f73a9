import type { Digest, Version } from '../contract/release.ts';
import { type Target, targetSlug } from '../contract/target.ts';

/**
 * Name of a deployment and of its execution: `web-production-v1.4.0-3f9a2c1b-1`.
 * StartExecution takes 1 to 80 characters without `: / # %` and others and reserves a closed execution's name for
 * 90 days (Step Functions API reference), hence the attempt; the schemas of target and version keep it within 80.
 */
export function deploymentName(target: Target, version: Version, digest: Digest, attempt: number): string {
  return `${targetSlug(target)}-${version}-${digest.slice('sha256:'.length, 'sha256:'.length + 8)}-${attempt}`;
}
