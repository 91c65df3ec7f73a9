import compare from 'semver/functions/compare.js';
import valid from 'semver/functions/valid.js';

// Bundled into the build's script too (infra/build-script.ts), so nothing here needs more than semver's two functions.

/** A deployment's name holds its version, and Step Functions takes 80 characters for the whole (StartExecution, name). */
const LONGEST_VERSION = 24;

/** Why a tag is no version, in a sentence that says what would be one; undefined: it is one. */
export function versionProblem(tag: string): string | undefined {
  const shown = JSON.stringify(tag.slice(0, 100));
  const right = 'a version is v and a semantic version, as in v1.4.0 or v1.4.0-rc.1';
  if (tag.includes('+'))
    return `${shown} has a plus sign, which the tag of an image cannot hold: leave out ${JSON.stringify(tag.slice(tag.indexOf('+'), 100))}`;
  const semantic = valid(tag.slice(1));
  if (semantic !== null && tag === `v${semantic}`)
    return tag.length > LONGEST_VERSION
      ? `${shown} has ${tag.length} characters, and a version has at most ${LONGEST_VERSION}`
      : undefined;
  const [, number, rest = ''] = /^[vV=\s]*(\d+(?:\.\d+)*)(.*)$/s.exec(tag) ?? [];
  if (number === undefined) return `${shown} is no version: ${right}`;
  const parts = number.split('.').map((part) => part.replace(/^0+(?=\d)/, ''));
  const meant = `v${[...parts, '0', '0'].slice(0, Math.max(3, parts.length)).join('.')}${rest}`;
  if (meant !== tag && versionProblem(meant) === undefined)
    return `${shown} is no version: ${/\b0\d/.test(number) ? 'its numbers have no leading zero' : right}; write ${meant}`;
  return `${shown} is no version: ${right}. Its three numbers are at most ${Number.MAX_SAFE_INTEGER}, none begins with a zero, and no part behind the hyphen is empty`;
}

/** Negative, zero or positive as `a` is older than, the same as or newer than `b`, by semantic versioning's precedence. */
export function compareVersions(a: string, b: string): number {
  return compare(a, b);
}

/** Whether a tag looks as if a release was meant by it, a version or not. */
export function meantAsVersion(tag: string): boolean {
  return /(?:^|\/)[vV]?\d+\.\d/.test(tag);
}
