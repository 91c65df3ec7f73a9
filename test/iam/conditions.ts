import { arnMatches, matches } from './pattern.ts';

/** A request's values of a condition key: one text, several (a multivalued key), or null where AWS sends none. */
type KeyValue = string | readonly string[] | null;
/** What a request tells conditions, by key. A key that is not in it cannot be judged. */
export type Context = Readonly<Record<string, KeyValue>>;
/** A statement's conditions, by operator, then by key. */
type Conditions = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

interface Operator {
  /** Whether a value of the request meets a value of the policy. */
  readonly meets: (wanted: string, given: string) => boolean;
  /** Met when the request's value meets none of the policy's, and when it has no value. */
  readonly negated: boolean;
}

function operator(meets: Operator['meets'], negated = false): Operator {
  return { meets, negated };
}

function same(wanted: string, given: string): boolean {
  return wanted === given;
}

function sameIgnoringCase(wanted: string, given: string): boolean {
  return wanted.toLowerCase() === given.toLowerCase();
}

/** IAM User Guide, "IAM JSON policy elements: Condition operators". ArnEquals and ArnLike are one and the same there. */
const OPERATORS = new Map<string, Operator>([
  ['StringEquals', operator(same)],
  ['StringNotEquals', operator(same, true)],
  ['StringEqualsIgnoreCase', operator(sameIgnoringCase)],
  ['StringLike', operator(matches)],
  ['StringNotLike', operator(matches, true)],
  ['ArnEquals', operator(arnMatches)],
  ['ArnLike', operator(arnMatches)],
  ['ArnNotEquals', operator(arnMatches, true)],
  ['ArnNotLike', operator(arnMatches, true)],
  ['Bool', operator(sameIgnoringCase)],
]);

interface Parsed extends Operator {
  readonly set: 'ForAllValues' | 'ForAnyValue' | undefined;
  readonly ifExists: boolean;
}

function parse(name: string): Parsed {
  const [, set, base = '', suffix] = /^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/.exec(name) ?? [];
  const found = OPERATORS.get(base);
  if (found === undefined) throw new TypeError(`the condition operator ${name} is not evaluated here`);
  return {
    ...found,
    set: set === 'ForAllValues' || set === 'ForAnyValue' ? set : undefined,
    ifExists: suffix !== undefined,
  };
}

/** @throws {TypeError} at an operator that is not evaluated here */
export function checkOperators(conditions: Conditions): void {
  for (const name of Object.keys(conditions)) parse(name);
}

/**
 * Whether a request meets all conditions of a statement.
 * @throws {Error} when the request says nothing of a key that they ask for: silence is no answer, neither to an Allow nor to a Deny
 */
export function conditionsHold(conditions: Conditions, context: Context): boolean {
  return Object.entries(conditions).every(([name, keys]) => {
    const parsed = parse(name);
    return Object.entries(keys).every(([key, wanted]) => holds(parsed, wanted, valueOf(context, key), key));
  });
}

function valueOf(context: Context, key: string): KeyValue {
  const found = Object.entries(context).find(([name]) => sameIgnoringCase(name, key));
  if (found === undefined) throw new Error(`the request does not say what ${key} is`);
  return found[1];
}

function holds(
  { meets, negated, set, ifExists }: Parsed,
  wanted: readonly string[],
  value: KeyValue,
  key: string,
): boolean {
  const one = (given: string): boolean => wanted.some((each) => meets(each, given)) !== negated;
  // Without the key, ForAllValues is met and ForAnyValue is not: IAM User Guide, "Set operators for multivalued context keys".
  if (value === null) return set === undefined ? ifExists || negated : set === 'ForAllValues' || ifExists;
  if (set === 'ForAllValues') return [value].flat().every(one);
  if (set === 'ForAnyValue') return [value].flat().some(one);
  if (typeof value !== 'string')
    throw new TypeError(`${key} has several values and asks for ForAllValues or ForAnyValue`);
  return one(value);
}
