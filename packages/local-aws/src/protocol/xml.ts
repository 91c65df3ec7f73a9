/** XML bodies by the model: answers of the query protocol, `rest-xml` both ways. */

import { XMLParser } from 'fast-xml-parser';
import type { Member, Shape } from './model.ts';
import { elements, entries, isStructure, presentMembers, readText, type Structure, writeText } from './values.ts';

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  textNodeName: '#text',
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  ignoreDeclaration: true,
});

/** An element: its text, or its children and attributes (`@name`) by name, several of one name as a list. */
export type XmlNode = string | { readonly [name: string]: XmlNode | readonly XmlNode[] };

/** The element at the root of a document. @throws {Error} when the text is no XML. */
export function parseXml(source: string): { readonly name: string; readonly node: XmlNode } {
  const document: unknown = parser.parse(source, true);
  for (const [name, node] of isStructure(document) ? Object.entries(document) : []) {
    if (!name.startsWith('?') && isNode(node)) return { name, node };
  }
  throw new Error('not an XML document');
}

function isNode(value: unknown): value is XmlNode {
  return typeof value === 'string' || isStructure(value);
}

/** The child elements of a name. */
export function children(node: XmlNode, name: string): readonly XmlNode[] {
  if (typeof node === 'string') return [];
  const found = node[name];
  if (found === undefined) return [];
  return isNode(found) ? [found] : found;
}

export function text(node: XmlNode | undefined): string {
  if (node === undefined) return '';
  if (typeof node === 'string') return node;
  const inner = node['#text'];
  return typeof inner === 'string' ? inner : '';
}

/** Reads a structure from an element; elements that the model does not know are left out. */
export function readXmlStructure(shape: Shape, node: XmlNode): Structure {
  const result: Structure = {};
  for (const [name, member] of shape.members) {
    if (member.location !== undefined) continue;
    const wire = member.locationName ?? name;
    if (member.xmlAttribute) {
      const [attribute] = children(node, `@${wire}`);
      if (attribute !== undefined) result[name] = text(attribute);
      continue;
    }
    const found = children(node, member.flattened ? flattenedName(name, member) : wire);
    if (found.length > 0)
      result[name] = member.flattened ? readFlattened(member, found) : readXml(member, found[0] ?? '');
  }
  return result;
}

/** A flattened list has no element of its own: its elements bear their name where the model gives one. */
function flattenedName(name: string, member: Member): string {
  const own = member.shape.type === 'list' ? member.shape.member.locationName : undefined;
  return own ?? member.locationName ?? name;
}

function readFlattened(member: Member, found: readonly XmlNode[]): unknown {
  if (member.shape.type === 'map') return readEntries(member.shape, found);
  return found.map((each) => readXml(member.shape.member, each));
}

function readXml(member: Member, node: XmlNode): unknown {
  const { shape } = member;
  if (shape.type === 'structure') return readXmlStructure(shape, node);
  if (shape.type === 'list')
    return children(node, shape.member.locationName ?? 'member').map((each) => readXml(shape.member, each));
  if (shape.type === 'map') return readEntries(shape, children(node, 'entry'));
  return readText(member, text(node));
}

function readEntries(shape: Shape, found: readonly XmlNode[]): Structure {
  return Object.fromEntries(
    found.map((entry) => {
      const [key] = children(entry, shape.key.locationName ?? 'key');
      const [value] = children(entry, shape.value.locationName ?? 'value');
      return [text(key), readXml(shape.value, value ?? '')];
    }),
  );
}

/** Writes the members of a structure as elements. @throws {ModelMismatch} when the value does not fit the model. */
export function writeXmlStructure(shape: Shape, value: unknown, path: string): string {
  let xml = '';
  for (const [name, member, present] of presentMembers(shape, value, path)) {
    if (member.location !== undefined) continue;
    xml += member.flattened
      ? writeFlattened(flattenedName(name, member), member, present, `${path}.${name}`)
      : element(member.locationName ?? name, member, present, `${path}.${name}`);
  }
  return xml;
}

function writeFlattened(name: string, member: Member, value: unknown, path: string): string {
  const { shape } = member;
  if (shape.type === 'map')
    return entries(value, path)
      .map((entry) => `<${name}>${writeEntry(shape, entry, path)}</${name}>`)
      .join('');
  return elements(value, path)
    .map((each, at) => element(name, shape.member, each, `${path}[${at}]`))
    .join('');
}

function element(name: string, member: Member, value: unknown, path: string): string {
  const inner = writeXml(member, value, path);
  return inner === '' ? `<${name}/>` : `<${name}>${inner}</${name}>`;
}

function writeXml(member: Member, value: unknown, path: string): string {
  const { shape } = member;
  if (shape.type === 'structure') return writeXmlStructure(shape, value, path);
  if (shape.type === 'list')
    return elements(value, path)
      .map((each, at) => element(shape.member.locationName ?? 'member', shape.member, each, `${path}[${at}]`))
      .join('');
  if (shape.type === 'map')
    return entries(value, path)
      .map((entry) => `<entry>${writeEntry(shape, entry, path)}</entry>`)
      .join('');
  return escapeXml(writeText(member, value, 'iso8601', path));
}

function writeEntry(shape: Shape, [key, value]: readonly [string, unknown], path: string): string {
  const name = shape.key.locationName ?? 'key';
  return `<${name}>${escapeXml(key)}</${name}>${element(shape.value.locationName ?? 'value', shape.value, value, `${path}.${key}`)}`;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#xD;',
};

export function escapeXml(value: string): string {
  return value.replaceAll(/[&<>"\r]/g, (character) => entities[character] ?? character);
}
