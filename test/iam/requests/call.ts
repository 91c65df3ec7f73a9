import type { CallRecord } from '@farol/local-aws/gateway/record.ts';
import type { Context } from '../conditions.ts';
import type { Request } from '../evaluate.ts';

type Params = CallRecord['params'];

/** Where the calls were made, and what earlier ones had made. */
export interface World {
  readonly account: string;
  readonly region: string;
  /** Roles of each task definition, by its ARN. */
  readonly taskRoles: ReadonlyMap<string, readonly string[]>;
}

/** Asks IAM what an operation asks it. */
export type Asks = (call: CallRecord, world: World) => Request[];

/** `arn:aws:<service>:<region>:<account>:<resource>`; a full ARN stays what it is. */
export function arnOf({ region, account }: World, service: string, resource: string): string {
  return resource.startsWith('arn:') ? resource : `arn:aws:${service}:${region}:${account}:${resource}`;
}

export function request(action: string, resource: string, context: Context = {}): Request {
  return { action, resource, context };
}

/** A text among a call's parameters, or in what a member of them holds. @throws {TypeError} if it is not a text */
export function text(params: unknown, name: string): string {
  const value: unknown = typeof params === 'object' && params !== null ? Reflect.get(params, name) : undefined;
  if (typeof value === 'string') return value;
  throw new TypeError(`${name} was expected to be a text, not ${JSON.stringify(value)}`);
}

/** Texts in a list among a call's parameters; none when it is absent. */
export function texts(params: Params, name: string): string[] {
  const value = params[name] ?? [];
  if (Array.isArray(value) && value.every((each) => typeof each === 'string')) return value;
  throw new TypeError(`${name} was expected to be a list of texts, not ${JSON.stringify(value)}`);
}

/** An object among a call's parameters, or in one of them. */
export function object(params: unknown, name: string): object {
  const value: unknown = typeof params === 'object' && params !== null ? Reflect.get(params, name) : undefined;
  if (typeof value === 'object' && value !== null) return value;
  throw new TypeError(`${name} was expected to be an object, not ${JSON.stringify(value)}`);
}

/** Whether a list among a call's parameters has anything in it. */
export function given(params: Params, name: string): boolean {
  const value = params[name];
  return Array.isArray(value) && value.length > 0;
}

/** The operations of a service that all ask for one action on one resource. */
export function each(operations: readonly string[], asks: Asks): Record<string, Asks> {
  return Object.fromEntries(operations.map((operation) => [operation, asks]));
}
