import { compare } from 'semver';
import type { Version } from '../contract/release.ts';

/** Negative, zero or positive as `a` is older than, the same as or newer than `b`, by semantic versioning's precedence. */
export function compareVersions(a: Version, b: Version): number {
  return compare(a, b);
}
