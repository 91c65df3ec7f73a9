import type { Digest, Version } from '../contract/release.ts';
import { type Target, targetSlug } from '../contract/target.ts';

/**
 * Name of a deployment and of its execution: `web-production-v1_4_0-3f9a2c1b-1`.
 * StartExecution takes 1 to 80 characters without `: / # %` and others and reserves a closed execution's name for
 * 90 days (Step Functions API reference), hence the attempt; the schemas of target and version keep it within 80.
 * The version's dots become underscores: logging to CloudWatch wants names of letters, digits, `-` and `_` only (same page,
 * StartExecution, name), and RunTask's `startedBy`, which is this name, takes no dots either.
 */
export function deploymentName(target: Target, version: Version, digest: Digest, attempt: number): string {
  return `${targetSlug(target)}-${version.replaceAll('.', '_')}-${digest.slice('sha256:'.length, 'sha256:'.length + 8)}-${attempt}`;
}
