import type { Finding } from './finding.ts';

/** A finding that is meant to be, with the reason. */
export interface Acknowledgement {
  /** The checker's name for it. */
  readonly rule: string;
  /**
   * The findings' {@link Finding.detail}, where a rule has several for one resource; `{}` stands for names, as of a region,
   * an account or a target: any characters but an asterisk, which is what such rules are about.
   */
  readonly detail?: string;
  /** `<environment>/<stack>/<path of the construct>`; `*` stands for any characters but a slash. */
  readonly on: readonly string[];
  /** Why this is right as it is: what it would cost, what stands in its place. */
  readonly reason: string;
}

const escaped = (text: string) => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
const matcher = (pattern: string, wildcard: string, stands: string) =>
  new RegExp(`^${pattern.split(wildcard).map(escaped).join(stands)}$`, 's');

interface Place {
  readonly acknowledgement: Acknowledgement;
  readonly on: string;
  covers(finding: Finding): boolean;
}

function placesOf(acknowledgement: Acknowledgement): Place[] {
  const { rule, detail } = acknowledgement;
  const details = detail === undefined ? undefined : matcher(detail, '{}', '[^*]+');
  return acknowledgement.on.map((on) => {
    const resources = matcher(on, '*', '[^/]*');
    return {
      acknowledgement,
      on,
      covers: (finding) =>
        finding.rule === rule && resources.test(finding.resource) && (details?.test(finding.detail) ?? true),
    };
  });
}

/**
 * What is left of findings when those acknowledged are taken away, and the acknowledgements that there was no finding for:
 * what they excused has been mended, and they would hide it coming back.
 */
export function settle(findings: readonly Finding[], acknowledgements: readonly Acknowledgement[]) {
  const places = acknowledgements.flatMap(placesOf);
  const used = new Set<Place>();
  const open = findings.filter((finding) => {
    const covering = places.filter((place) => place.covers(finding));
    for (const place of covering) used.add(place);
    return covering.length === 0;
  });
  return { open, unneeded: places.filter((place) => !used.has(place)) };
}
