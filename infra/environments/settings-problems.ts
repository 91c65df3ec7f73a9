import type * as z from 'zod';
import { knownKeys, nearest } from './known-keys.ts';

const KINDS: Record<string, string> = {
  string: 'a text in quotes',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};
const FORMATS: Record<string, string> = {
  url: 'an address, as in https://www.example.com',
  email: 'a mail address',
  cidrv4: 'a range of IPv4 addresses, as in 10.20.0.0/16',
  hostname: 'a host name, as in www.example.com',
};

/** What would be right, where a schema has no words of its own for it; for zod's parse. */
export const wording: z.core.$ZodErrorMap = (issue) => {
  const expected = issue.input === undefined ? 'missing: ' : 'expected ';
  switch (issue.code) {
    case 'invalid_type':
      return `${expected}${KINDS[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `${expected}${issue.values.length > 1 ? 'one of ' : ''}${issue.values.join(', ')}`;
    case 'invalid_union':
      return Array.isArray(issue['options']) ? `${expected}one of ${issue['options'].join(', ')}` : undefined;
    case 'too_small':
      return `expected ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}${unit(issue.origin, issue.minimum)}`;
    case 'too_big':
      return `expected ${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}${unit(issue.origin, issue.maximum)}`;
    case 'invalid_format':
      if (issue.format === 'starts_with') return `expected a text that begins with ${String(issue['prefix'])}`;
      return FORMATS[issue.format] && `expected ${FORMATS[issue.format]}`;
    case 'custom':
    case 'invalid_element':
    case 'invalid_key':
    case 'not_multiple_of':
    case 'unrecognized_keys':
      return undefined;
    default:
      return issue satisfies never;
  }
};

function unit(origin: string, count: number | bigint): string {
  if (origin === 'array') return count === 1 ? ' entry' : ' entries';
  return origin === 'string' ? ' characters' : '';
}

/** One line for each problem that zod found in a value: the place, what would be right, what was there. */
export function settingsProblems(schema: z.ZodType, error: z.ZodError, value: unknown): string[] {
  const wrongKind = new Set(
    error.issues.filter(({ code }) => code === 'invalid_type').map(({ path }) => path.join('.')),
  );
  return error.issues
    .filter(({ code, path }) => code === 'invalid_type' || !wrongKind.has(path.join('.')))
    .flatMap((issue) => {
      const place = issue.path.length === 0 ? 'environments' : issue.path.join('.');
      const found = valueAt(value, issue.path);
      if (issue.code === 'unrecognized_keys')
        return issue.keys.map((key) => unknownKey(schema, place, issue.path, key));
      if (issue.code === 'invalid_key')
        return `${place}: ${issue.issues[0]?.message ?? issue.message}${got(issue, issue.path.at(-1))}`;
      if (issue.code === 'invalid_type' && found === undefined) {
        const keys = issue.expected === 'object' ? knownKeys(schema, issue.path) : [];
        return `${place}: ${issue.message}${keys.length === 0 ? '' : ` with ${keys.join(', ')}`}`;
      }
      return `${place}: ${issue.message}${got(issue, found)}`;
    });
}

/** Rules that one would expect and that nothing could keep, and why. */
const REFUSED: Record<string, string> = {
  // `git config user.email`: Farol asks no git host, which alone could prove more.
  'approval.notTheAuthor':
    'who wrote a release is what its commits say of themselves, and nothing that Farol asks proves it: such a rule would not hold anyone back. Name those who may answer in approvers, and let the git host decide who may push tags (docs/deploy.md)',
};

function unknownKey(schema: z.ZodType, place: string, path: PropertyKey[], key: string): string {
  const refused = REFUSED[`${String(path.at(-1))}.${key}`];
  if (refused !== undefined) return `${place}.${key}: ${refused}`;
  const near = nearest(key, knownKeys(schema, path));
  return `${place}: unknown key "${key}"${near === undefined ? '' : `; did you mean "${near}"?`}`;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (outer, key) => (typeof outer === 'object' && outer !== null ? Reflect.get(outer, key) : undefined),
    value,
  );
}

/** What was there, if it is short enough to be seen at a glance, or of another kind than expected. */
function got(issue: z.core.$ZodIssue, found: unknown): string {
  if (found === undefined) return '';
  if (typeof found !== 'object' || found === null) {
    // NaN has no form in JSON, and is what a misspelt sum leads to.
    const text = typeof found === 'number' ? found.toString() : (JSON.stringify(found) ?? typeof found);
    return `; got ${text.length > 80 ? `${text.slice(0, 80)}…` : text}`;
  }
  if (Array.isArray(found) && issue.code.startsWith('too_')) return `; got ${found.length}`;
  if (issue.code !== 'invalid_type') return '';
  return `; got ${Array.isArray(found) ? 'a list' : 'an object'}`;
}
