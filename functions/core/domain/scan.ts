import type { Settings } from '../contract/settings.ts';

/** A vulnerability that the registry found in an image. */
export interface ScanFinding {
  /** As in CVE-2023-45853. */
  readonly name: string;
  /** `CRITICAL`, `HIGH`, `MEDIUM`, `LOW`, `INFORMATIONAL`, `UNDEFINED` or `UNTRIAGED`. */
  readonly severity: string;
}

/** What the registry says of an image's scan. */
export type ImageScan =
  | { readonly state: 'complete'; readonly findings: readonly ScanFinding[] }
  /** It runs, or has not begun (yet). @param status in the registry's words */
  | { readonly state: 'open'; readonly status: string }
  /** There are no findings and none will come by themselves. */
  | { readonly state: 'absent'; readonly status: string };

/** What is known of an image's vulnerabilities, by the target's policy. */
export type ScanVerdict =
  | { readonly state: 'proven'; readonly detail: Record<string, unknown> }
  | { readonly state: 'open' | 'refused'; readonly reason: string };

type Policy = Settings['scan'];

const BLOCKING: Readonly<Record<Policy['block'], readonly string[]>> = {
  CRITICAL: ['CRITICAL'],
  HIGH: ['CRITICAL', 'HIGH'],
  none: [],
};

/** Most findings that a sentence names. */
const NAMED = 10;

/**
 * Holds an image's findings against what a target lets pass. A scan that is absent blocks: what was not looked at is not
 * known to be well.
 * @param now ISO 8601; an acceptance holds to the end of its day, in UTC
 */
export function judgeScan({ block, accept = [] }: Policy, version: string, scan: ImageScan, now: string): ScanVerdict {
  const asked = `scan.block is ${block}`;
  if (scan.state === 'open')
    return {
      state: 'open',
      reason: `The scan of the image of ${version} has not ended (${scan.status}), and ${asked}.`,
    };
  if (scan.state === 'absent')
    return {
      state: 'refused',
      reason: `The image of ${version} has no scan findings (${scan.status}), and ${asked}. Have it scanned, then deploy again.`,
    };
  const today = now.slice(0, 10);
  const acceptances = new Map(accept.map((one) => [one.cve, one]));
  const severe = unique(scan.findings).filter(({ severity }) => BLOCKING[block].includes(severity));
  const accepted = severe.filter(({ name }) => (acceptances.get(name)?.until ?? '') >= today);
  const blocking = severe.filter((finding) => !accepted.includes(finding));
  if (blocking.length > 0) {
    const words = blocking.map(({ name, severity }) => {
      const expired = acceptances.get(name);
      const until = expired === undefined ? '' : `, accepted until ${expired.until} and no longer: ${expired.reason}`;
      return `${name} (${severity}${until})`;
    });
    const more = words.length > NAMED ? ` and ${words.length - NAMED} more` : '';
    return {
      state: 'refused',
      reason: `The image of ${version} has findings that block (${asked}): ${words.slice(0, NAMED).join(', ')}${more}. Build it on a base that has them fixed, or accept them (scan.accept).`,
    };
  }
  return {
    state: 'proven',
    detail: { block, findings: counts(scan.findings), accepted: accepted.map(({ name }) => name) },
  };
}

/** Each once, though several packages have it, with its highest severity; the highest first. */
function unique(findings: readonly ScanFinding[]): ScanFinding[] {
  const rank = ({ severity }: ScanFinding): number => ['CRITICAL', 'HIGH'].indexOf(severity) + 1 || 3;
  return [
    ...new Map(
      findings.toSorted((a, b) => rank(b) - rank(a)).map((finding): [string, ScanFinding] => [finding.name, finding]),
    ).values(),
  ].toSorted((a, b) => rank(a) - rank(b));
}

function counts(findings: readonly ScanFinding[]): Record<string, number> {
  const bySeverity: Record<string, number> = {};
  for (const { severity } of findings) bySeverity[severity] = (bySeverity[severity] ?? 0) + 1;
  return bySeverity;
}
