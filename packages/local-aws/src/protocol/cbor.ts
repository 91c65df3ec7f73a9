/** CBOR bodies by the model: of the Smithy RPC v2 protocol. */

import { decode, encode, Token, Type } from 'cborg';
import { readJsonStructure } from './json.ts';
import type { Member, Shape } from './model.ts';
import {
  elements,
  entries,
  isStructure,
  ModelMismatch,
  presentMembers,
  type Structure,
  type Unknown,
  writeScalar,
} from './values.ts';

/** Tag 1 of RFC 8949: seconds since 1970. */
const epochTag = 1;

const encoders = {
  Date: (value: unknown) =>
    value instanceof Date ? [new Token(Type.tag, epochTag), new Token(Type.float, value.getTime() / 1000)] : null,
};

/** Reads a structure; the names on the wire are those of the model. @throws {Error} when the bytes are no CBOR map. */
export function readCbor(shape: Shape | undefined, bytes: Uint8Array, unknown: Unknown): Structure {
  if (bytes.length === 0) return {};
  const value: unknown = decode(bytes, {
    tags: { [epochTag]: (content: () => unknown) => new Date(Math.round(Number(content()) * 1000)) },
  });
  if (!isStructure(value)) throw new Error('the body is no CBOR map');
  return shape === undefined ? value : readJsonStructure(shape, value, unknown);
}

/** @throws {ModelMismatch} when the value does not fit the model. */
export function writeCbor(shape: Shape | undefined, value: unknown, path: string): Uint8Array {
  return encode(shape === undefined ? {} : structure(shape, value, path), { typeEncoders: encoders });
}

function structure(shape: Shape, value: unknown, path: string): Structure {
  const result: Structure = {};
  for (const [name, member, present] of presentMembers(shape, value, path)) {
    result[name] = write(member, present, `${path}.${name}`);
  }
  return result;
}

function write(member: Member, value: unknown, path: string): unknown {
  const { shape } = member;
  if (shape.type === 'structure') return structure(shape, value, path);
  if (shape.type === 'list')
    return elements(value, path).map((each, at) => write(shape.member, each, `${path}[${at}]`));
  if (shape.type === 'map')
    return Object.fromEntries(
      entries(value, path).map(([key, each]) => [key, write(shape.value, each, `${path}.${key}`)]),
    );
  if (shape.type === 'blob') return typeof value === 'string' ? new TextEncoder().encode(value) : value;
  if (shape.type !== 'timestamp') return writeScalar(shape, value, path);
  if (!(value instanceof Date)) throw new ModelMismatch(path, 'a timestamp has to be a Date');
  return value;
}
