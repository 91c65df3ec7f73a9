/** JSON bodies by the model: of the `json` and `rest-json` protocols. */

import type { Member, Shape } from './model.ts';
import {
  elements,
  entries,
  isStructure,
  memberNames,
  presentMembers,
  readTimestamp,
  type Structure,
  timestampFormat,
  type Unknown,
  writeBlob,
  writeScalar,
  writeTimestamp,
} from './values.ts';

/** Reads a structure. Members that are null count as absent; a value of the wrong type is kept for the validation. */
export function readJsonStructure(shape: Shape, value: Structure, unknown: Unknown): Structure {
  if (shape.raw.document) return value;
  const names = memberNames(shape);
  const result: Structure = {};
  for (const [wire, present] of Object.entries(value)) {
    if (present === null || present === undefined) continue;
    const name = names.get(wire);
    const member = name === undefined ? undefined : shape.members.get(name);
    if (name !== undefined && member !== undefined) result[name] = readJson(member, present, unknown);
    else if (unknown === 'keep') result[wire] = present;
  }
  return result;
}

function readJson(member: Member, value: unknown, unknown: Unknown): unknown {
  const { shape } = member;
  if (shape.type === 'timestamp') return readTimestamp(value);
  if (shape.type === 'blob') return typeof value === 'string' ? new Uint8Array(Buffer.from(value, 'base64')) : value;
  if (shape.type === 'list' && Array.isArray(value))
    return value.filter((element) => element !== null).map((element) => readJson(shape.member, element, unknown));
  if (!isStructure(value)) return value;
  if (shape.type === 'structure') return readJsonStructure(shape, value, unknown);
  if (shape.type !== 'map') return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, element]) => element !== null)
      .map(([key, element]) => [key, readJson(shape.value, element, unknown)]),
  );
}

/** @throws {ModelMismatch} when the value does not fit the model. */
export function writeJsonStructure(shape: Shape, value: unknown, path: string): Structure {
  if (shape.raw.document && isStructure(value)) return value;
  const result: Structure = {};
  for (const [name, member, present] of presentMembers(shape, value, path)) {
    result[member.locationName ?? name] = writeJson(member, present, `${path}.${name}`);
  }
  return result;
}

/** @throws {ModelMismatch} when the value does not fit the model. */
export function writeJson(member: Member, value: unknown, path: string): unknown {
  const { shape } = member;
  if (shape.type === 'structure') return writeJsonStructure(shape, value, path);
  if (shape.type === 'list')
    return elements(value, path).map((element, at) => writeJson(shape.member, element, `${path}[${at}]`));
  if (shape.type === 'map')
    return Object.fromEntries(
      entries(value, path).map(([key, element]) => [key, writeJson(shape.value, element, `${path}.${key}`)]),
    );
  if (shape.type === 'timestamp') return writeTimestamp(value, timestampFormat(member, 'unixTimestamp'), path);
  if (shape.type === 'blob') return writeBlob(value, path);
  return writeScalar(shape, value, path);
}
