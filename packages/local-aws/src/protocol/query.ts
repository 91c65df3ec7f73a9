/** Parameters of the query protocol: `Actions.member.1.Type=forward`, flattened lists and maps included. */

import type { Member, Shape } from './model.ts';
import { memberNames, readText, type Structure } from './values.ts';

/** Keys cut at their dots: what stands at this place, and below it. */
interface Node {
  text?: string;
  readonly below: Map<string, Node>;
}

/** Parameters that belong to the protocol, not to the operation. */
const protocolKeys = new Set(['Action', 'Version']);

/** Reads a form body. A key that the model does not know stays, with its first part as name, for the validation. */
export function readQuery(shape: Shape | undefined, form: URLSearchParams): Structure {
  const root: Node = { below: new Map() };
  for (const [key, text] of form) {
    if (protocolKeys.has(key)) continue;
    let node = root;
    for (const part of key.split('.')) {
      let next = node.below.get(part);
      if (next === undefined) {
        next = { below: new Map() };
        node.below.set(part, next);
      }
      node = next;
    }
    node.text = text;
  }
  return readStructure(shape, root);
}

function readStructure(shape: Shape | undefined, node: Node): Structure {
  const result: Structure = {};
  const names = shape === undefined ? new Map<string, string>() : queryNames(shape);
  for (const [wire, below] of node.below) {
    const name = names.get(wire);
    const member = name === undefined ? undefined : shape?.members.get(name);
    if (name !== undefined && member !== undefined) result[name] = read(member, below);
    else result[wire] = plain(below);
  }
  return result;
}

/** A flattened list is named by its element's name, where the model gives one. */
function queryNames(shape: Shape): ReadonlyMap<string, string> {
  const names = new Map(memberNames(shape));
  for (const [name, member] of shape.members) {
    if (member.flattened && member.shape.type === 'list' && member.shape.member.locationName !== undefined)
      names.set(member.shape.member.locationName, name);
  }
  return names;
}

function read(member: Member, node: Node): unknown {
  const { shape } = member;
  if (shape.type === 'structure') return readStructure(shape, node);
  if (shape.type === 'list')
    return numbered(member.flattened ? node : child(node, shape.member.locationName ?? 'member')).map((element) =>
      read(shape.member, element),
    );
  if (shape.type !== 'map') return readText(member, node.text ?? '');
  const result: Structure = {};
  for (const entry of numbered(member.flattened ? node : child(node, 'entry'))) {
    const key = entry.below.get(shape.key.locationName ?? 'key')?.text ?? '';
    const value = entry.below.get(shape.value.locationName ?? 'value');
    result[key] = value === undefined ? '' : read(shape.value, value);
  }
  return result;
}

function child(node: Node, name: string): Node {
  return node.below.get(name) ?? { below: new Map() };
}

function numbered(node: Node): Node[] {
  return [...node.below]
    .filter(([key]) => /^\d+$/.test(key))
    .toSorted(([a], [b]) => Number(a) - Number(b))
    .map(([, element]) => element);
}

function plain(node: Node): unknown {
  if (node.below.size === 0) return node.text ?? '';
  return Object.fromEntries([...node.below].map(([key, below]) => [key, plain(below)]));
}
