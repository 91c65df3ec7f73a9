/** Scalars and names on the wire, common to all protocols. */

import type { Member, Shape } from './model.ts';

/** What a parser does with a member that the model does not know. */
export type Unknown =
  /** Keep it, so that the validation can name it. */
  | 'keep'
  /** Leave it out, as an AWS SDK does with an answer. */
  | 'drop';

export type TimestampFormat = 'unixTimestamp' | 'iso8601' | 'rfc822';

export type Structure = Record<string, unknown>;

export function isStructure(value: unknown): value is Structure {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Date) &&
    !(value instanceof Uint8Array)
  );
}

/** A mistake in what a local service returned: it does not fit the model. */
export class ModelMismatch extends Error {
  constructor(path: string, problem: string) {
    super(`${path}: ${problem}`);
    this.name = 'ModelMismatch';
  }
}

const namesOnTheWire = new WeakMap<Shape, ReadonlyMap<string, string>>();

/** From the name on the wire to the model's name, for the members of a structure. */
export function memberNames(shape: Shape): ReadonlyMap<string, string> {
  let names = namesOnTheWire.get(shape);
  if (names === undefined) {
    names = new Map([...shape.members].map(([name, member]) => [member.locationName ?? name, name]));
    namesOnTheWire.set(shape, names);
  }
  return names;
}

/** Reads seconds since 1970 (number or digits), ISO 8601 and RFC 822; any other value is returned as it came. */
export function readTimestamp(value: unknown): unknown {
  if (typeof value === 'number') return new Date(Math.round(value * 1000));
  if (typeof value !== 'string') return value;
  if (/^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(value)) return new Date(Math.round(Number(value) * 1000));
  const at = new Date(value);
  return Number.isNaN(at.getTime()) ? value : at;
}

export function writeTimestamp(value: unknown, format: TimestampFormat, path: string): string | number {
  if (!(value instanceof Date) || Number.isNaN(value.getTime()))
    throw new ModelMismatch(path, 'a timestamp has to be a valid Date');
  if (format === 'unixTimestamp') return value.getTime() / 1000;
  return format === 'rfc822' ? value.toUTCString() : value.toISOString();
}

/** The format of a timestamp: what the model says, else the default of the place where it stands. */
export function timestampFormat(member: Member, otherwise: TimestampFormat): TimestampFormat {
  const format = member.timestampFormat;
  return format === 'unixTimestamp' || format === 'iso8601' || format === 'rfc822' ? format : otherwise;
}

/** Reads a scalar that came as text; text that is no value of the type is returned as it came, for the validation. */
export function readText(member: Member, text: string): unknown {
  const { type } = member.shape;
  if (type === 'integer' || type === 'long' || type === 'float' || type === 'double')
    return text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text);
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text;
  if (type === 'timestamp') return readTimestamp(text);
  if (type === 'blob') return new Uint8Array(Buffer.from(text, 'base64'));
  return text;
}

export function writeText(member: Member, value: unknown, format: TimestampFormat, path: string): string {
  const { type } = member.shape;
  if (type === 'timestamp') return String(writeTimestamp(value, timestampFormat(member, format), path));
  if (type === 'blob') return writeBlob(value, path);
  return String(writeScalar(member.shape, value, path));
}

export function writeBlob(value: unknown, path: string): string {
  if (typeof value === 'string') return Buffer.from(value).toString('base64');
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  throw new ModelMismatch(path, 'a blob has to be a Uint8Array or a string');
}

/** Checks that a string, number or boolean is one of the shape's type. */
export function writeScalar(shape: Shape, value: unknown, path: string): string | number | boolean {
  const type =
    shape.type === 'boolean'
      ? 'boolean'
      : shape.type === 'string' || shape.type === 'character' || shape.type === 'bigdecimal'
        ? 'string'
        : 'number';
  if (typeof value === type && (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')) {
    if ((shape.type === 'integer' || shape.type === 'long') && !Number.isInteger(value))
      throw new ModelMismatch(path, `${String(value)} is no whole number`);
    return value;
  }
  throw new ModelMismatch(path, `the model says ${shape.type}, this is ${describe(value)}`);
}

/** The members to write, in the model's order: with their value, without those that are absent. */
export function* presentMembers(
  shape: Shape,
  value: unknown,
  path: string,
): Generator<readonly [name: string, member: Member, value: unknown]> {
  if (!isStructure(value)) throw new ModelMismatch(path, `the model says structure, this is ${describe(value)}`);
  for (const name of Object.keys(value)) {
    if (!shape.members.has(name)) throw new ModelMismatch(`${path}.${name}`, `${shape.name} has no such member`);
  }
  for (const [name, member] of shape.members) {
    const present = value[name];
    if (present !== undefined && present !== null) yield [name, member, present];
  }
}

export function elements(value: unknown, path: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new ModelMismatch(path, `the model says list, this is ${describe(value)}`);
  return value;
}

export function entries(value: unknown, path: string): readonly (readonly [string, unknown])[] {
  if (!isStructure(value)) throw new ModelMismatch(path, `the model says map, this is ${describe(value)}`);
  return Object.entries(value).filter(([, present]) => present !== undefined && present !== null);
}

function describe(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}
