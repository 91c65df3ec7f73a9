import { AwsError, type Caller, type Operation } from './protocol/service.ts';

/** Gives an operation the types of AWS's model. The gateway has validated the parameters against that model before. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller names the model's type
export function operation<Input extends object, Output extends object>(
  run: (input: Input, caller: Caller) => Output | Promise<Output>,
): Operation {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the parameters were validated against the model of that type
  return (params, caller) => run(params as Input, caller);
}

/** The value of a member that the service needs, although its model does not say so; else the service's validation error. */
export function need<T>(value: T | undefined | null, member: string, code = 'InvalidParameterException'): T {
  if (value === undefined || value === null) throw new AwsError(code, `${member} cannot be blank.`);
  return value;
}

/**
 * One page of `items`, by their position. `token` is what an earlier page returned; a foreign one is refused.
 * Items are identified by `key`, so that a page goes on at the right place although items before it have gone.
 */
export function page<T>(
  items: readonly T[],
  key: (item: T) => string,
  { size, token, error }: { size: number; token: string | undefined; error: string },
): { items: T[]; next: string | undefined } {
  const sorted = items.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
  const last = token === undefined ? '' : readToken(token, error);
  const rest = sorted.filter((item) => key(item) > last);
  const shown = rest.slice(0, size);
  const end = shown.at(-1);
  return { items: shown, next: rest.length > size && end ? writeToken(key(end)) : undefined };
}

const PREFIX = 'after:';

function writeToken(key: string): string {
  return Buffer.from(PREFIX + key).toString('base64url');
}

function readToken(token: string, error: string): string {
  const text = Buffer.from(token, 'base64url').toString();
  if (!text.startsWith(PREFIX)) throw new AwsError(error, 'Invalid pagination token.');
  return text.slice(PREFIX.length);
}
