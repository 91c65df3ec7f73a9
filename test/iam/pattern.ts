/** Parts of an ARN: `arn`, partition, service, region, account, and the rest, in which colons are characters like others. */
const ARN_PARTS = 6;

/** Whether a text is what a pattern describes: `*` any characters, `?` one. */
export function matches(pattern: string, text: string): boolean {
  return glob(pattern).test(text);
}

const globs = new Map<string, RegExp>();
function glob(pattern: string): RegExp {
  const known = globs.get(pattern);
  if (known) return known;
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  const made = new RegExp(`^${source}$`, 's');
  globs.set(pattern, made);
  return made;
}

/** The parts of an ARN or of a pattern for ARNs. */
export function arnParts(arn: string): string[] {
  const parts = arn.split(':');
  return parts.length <= ARN_PARTS ? parts : [...parts.slice(0, ARN_PARTS - 1), parts.slice(ARN_PARTS - 1).join(':')];
}

/**
 * Whether an ARN is what a pattern describes, part by part: a wildcard does not reach into the next one. IAM User Guide,
 * "IAM JSON policy elements: Resource" and "Condition operators", ARN.
 */
export function arnMatches(pattern: string, arn: string): boolean {
  if (pattern === '*') return true;
  const [wanted, given] = [arnParts(pattern), arnParts(arn)];
  return (
    wanted.length === ARN_PARTS &&
    given.length === ARN_PARTS &&
    wanted.every((part, index) => matches(part, given[index] ?? ''))
  );
}

/** Whether some text is what both of two patterns describe. */
export function intersects(a: string, b: string): boolean {
  const known = new Map<string, boolean>();
  const from = (i: number, j: number): boolean => {
    const key = `${i} ${j}`;
    const found = known.get(key) ?? compute(i, j);
    known.set(key, found);
    return found;
  };
  const compute = (i: number, j: number): boolean => {
    const [x, y] = [a[i], b[j]];
    if (x === undefined && y === undefined) return true;
    if (x === '*') return from(i + 1, j) || (y !== undefined && from(i, j + 1));
    if (y === '*') return from(i, j + 1) || (x !== undefined && from(i + 1, j));
    return x !== undefined && y !== undefined && (x === y || x === '?' || y === '?') && from(i + 1, j + 1);
  };
  return from(0, 0);
}
