/** Where `rest-json` and `rest-xml` put members: path, query string, headers, status, body. */

import type { IncomingHttpHeaders } from 'node:http';
import type { Member, OperationModel, ServiceModel, Shape } from './model.ts';
import { presentMembers, readText, type Structure, timestampFormat, writeText, writeTimestamp } from './values.ts';

/** An operation's path as a pattern, with the literal query parameters that select it. */
interface Route {
  readonly operation: OperationModel;
  readonly pattern: RegExp;
  readonly labels: readonly string[];
  readonly query: readonly (readonly [string, string | undefined])[];
  /** More specific routes are tried first. */
  readonly weight: number;
}

export interface Matched {
  readonly operation: OperationModel;
  /** The labels of the path by the name on the wire, decoded. */
  readonly labels: Readonly<Record<string, string>>;
}

const routesOf = new WeakMap<ServiceModel, readonly Route[]>();

/** Finds the operation of a request by method, path, query string and the headers that the operation requires. */
export function matchRoute(
  service: ServiceModel,
  method: string,
  path: string,
  query: URLSearchParams,
  headers: IncomingHttpHeaders,
): Matched | undefined {
  let routes = routesOf.get(service);
  if (routes === undefined) {
    routes = service.operationNames.map((name) => route(service, name)).toSorted((a, b) => b.weight - a.weight);
    routesOf.set(service, routes);
  }
  let incomplete: Matched | undefined;
  for (const { operation, pattern, labels, query: wanted } of routes) {
    if (operation.method !== method) continue;
    const found = pattern.exec(path);
    if (found === null) continue;
    if (!wanted.every(([name, value]) => query.has(name) && (value === undefined || query.get(name) === value)))
      continue;
    const matched = {
      operation,
      labels: Object.fromEntries(labels.map((label, at) => [label, decodeLabel(found[at + 1] ?? '')])),
    };
    if (requiredArePresent(operation, query, headers)) return matched;
    // Taken if nothing fits better: the validation then says what is missing.
    incomplete ??= matched;
  }
  return incomplete;
}

function route(service: ServiceModel, name: string): Route {
  const operation = service.operation(name);
  if (operation === undefined) throw new TypeError(`${service.name} has no operation ${name}`);
  const [path = '/', query = ''] = operation.requestUri.split('?');
  const labels: string[] = [];
  let source = '';
  for (const part of path.split(/(\{[^}]+\})/)) {
    const label = /^\{([^}+]+)(\+?)\}$/.exec(part);
    if (label === null) source += part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
    else {
      labels.push(label[1] ?? '');
      source += label[2] === '+' ? '(.+)' : '([^/]+)';
    }
  }
  const wanted = query === '' ? [] : query.split('&').map((each) => literal(each));
  const bound = [...(operation.input?.members ?? [])].filter(
    ([member, { location }]) =>
      (location === 'querystring' || location === 'header') && operation.input?.required.includes(member),
  ).length;
  const fixed = path.replaceAll(/\{[^}]+\}/g, '').length;
  return {
    operation,
    pattern: new RegExp(`^${source.replace(/\/$/, '')}/?$`),
    labels,
    query: wanted,
    weight: fixed * 100 + wanted.length * 10 + bound,
  };
}

function literal(text: string): readonly [string, string | undefined] {
  const [name = '', value] = text.split('=');
  return [name, value];
}

/** Tells apart operations of one path, such as S3's PutObject, UploadPart and CopyObject. */
function requiredArePresent(operation: OperationModel, query: URLSearchParams, headers: IncomingHttpHeaders): boolean {
  const { input } = operation;
  return (
    input === undefined ||
    input.required.every((name) => {
      const member = input.members.get(name);
      const wire = member?.locationName ?? name;
      if (member?.location === 'querystring') return query.has(wire);
      if (member?.location === 'header') return headers[wire.toLowerCase()] !== undefined;
      return true;
    })
  );
}

function decodeLabel(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Reads the members of a request that stand outside its body. */
export function readBindings(
  shape: Shape | undefined,
  labels: Readonly<Record<string, string>>,
  query: URLSearchParams,
  headers: IncomingHttpHeaders,
): Structure {
  const result: Structure = {};
  for (const [name, member] of shape?.members ?? []) {
    const wire = member.locationName ?? name;
    if (member.location === 'uri') result[name] = readText(member, labels[wire] ?? '');
    else if (member.location === 'querystring') {
      const value = readQueryString(member, wire, query);
      if (value !== undefined) result[name] = value;
    }
  }
  return { ...result, ...readHeaders(shape, headers) };
}

function readQueryString(member: Member, wire: string, query: URLSearchParams): unknown {
  if (!query.has(wire)) return undefined;
  if (member.shape.type === 'list') return query.getAll(wire).map((text) => readText(member.shape.member, text));
  return readText(member, query.get(wire) ?? '');
}

export function readHeaders(shape: Shape | undefined, headers: IncomingHttpHeaders): Structure {
  const result: Structure = {};
  for (const [name, member] of shape?.members ?? []) {
    const wire = (member.locationName ?? name).toLowerCase();
    if (member.location === 'header') {
      const value = headers[wire];
      if (typeof value !== 'string') continue;
      result[name] =
        member.shape.type === 'list'
          ? value.split(',').map((text) => readText(member.shape.member, text.trim()))
          : readText(member, value);
    } else if (member.location === 'headers') {
      const found = Object.entries(headers).filter(([header]) => header.startsWith(wire));
      if (found.length > 0)
        result[name] = Object.fromEntries(found.map(([header, value]) => [header.slice(wire.length), String(value)]));
    }
  }
  return result;
}

/** The members of an answer that stand outside its body: its headers and, where the model binds it, its status. */
export function writeBindings(
  shape: Shape | undefined,
  value: unknown,
  path: string,
): { readonly headers: Record<string, string>; readonly status: number | undefined } {
  const headers: Record<string, string> = {};
  let status: number | undefined;
  for (const [name, member, present] of shape === undefined ? [] : presentMembers(shape, value, path)) {
    const wire = (member.locationName ?? name).toLowerCase();
    if (member.location === 'statusCode') status = Number(present);
    else if (member.location === 'header')
      headers[wire] =
        member.shape.type === 'timestamp'
          ? String(writeTimestamp(present, timestampFormat(member, 'rfc822'), path))
          : writeText(member, present, 'rfc822', `${path}.${name}`);
    else if (member.location === 'headers' && typeof present === 'object' && present !== null) {
      for (const [key, each] of Object.entries(present)) headers[wire + key.toLowerCase()] = String(each);
    }
  }
  return { headers, status };
}

/** The member that is the whole body, if the model has one. */
export function payloadMember(shape: Shape | undefined): readonly [string, Member] | undefined {
  const name = shape?.raw.payload;
  const member = name === undefined ? undefined : shape?.members.get(name);
  return name === undefined || member === undefined ? undefined : [name, member];
}
