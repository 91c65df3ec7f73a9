/** From an HTTP request to an operation and its parameters. */

import type { IncomingHttpHeaders } from 'node:http';
import { readCbor } from './cbor.ts';
import { readJsonStructure } from './json.ts';
import type { OperationModel, Protocol, ServiceModel } from './model.ts';
import { readQuery } from './query.ts';
import { type Matched, matchRoute, payloadMember, readBindings } from './rest.ts';
import { AwsError } from './service.ts';
import { isStructure, type Structure } from './values.ts';
import { parseXml, readXmlStructure } from './xml.ts';

export interface HttpRequest {
  readonly method: string;
  /** Path and query string as they came. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

/** A request whose operation is known: what the answer has to be written in. */
export interface Call {
  readonly operation: OperationModel;
  readonly protocol: Protocol;
  readonly labels: Readonly<Record<string, string>>;
}

/** The protocol of a request: a service may speak several (CloudWatch speaks CBOR, JSON and query). */
export function requestProtocol(service: ServiceModel, request: HttpRequest): Protocol {
  if (request.headers['smithy-protocol'] === 'rpc-v2-cbor') return 'smithy-rpc-v2-cbor';
  if (request.headers['x-amz-target'] !== undefined) return 'json';
  const { protocol } = service.metadata;
  if (protocol === 'rest-json' || protocol === 'rest-xml') return protocol;
  return 'query';
}

/** Finds the operation. @throws {AwsError} when the service has none that fits. */
export function resolveCall(service: ServiceModel, request: HttpRequest, body: Uint8Array | undefined): Call {
  const protocol = requestProtocol(service, request);
  if (protocol === 'rest-json' || protocol === 'rest-xml') {
    const { path, query } = splitUrl(request.url);
    const matched: Matched | undefined = matchRoute(service, request.method, path, query, request.headers);
    if (matched !== undefined) return { ...matched, protocol };
    throw new AwsError(
      'UnknownOperationException',
      `${service.name} has no operation for ${request.method} ${path}`,
      404,
    );
  }
  const name = operationName(protocol, request, body);
  const operation = name === undefined ? undefined : service.operation(name);
  if (operation !== undefined) return { operation, protocol, labels: {} };
  const code = protocol === 'query' ? 'InvalidAction' : 'UnknownOperationException';
  throw new AwsError(code, `The action ${name ?? '(none)'} is not valid for ${service.name}`);
}

function operationName(protocol: Protocol, request: HttpRequest, body: Uint8Array | undefined): string | undefined {
  if (protocol === 'json') return String(request.headers['x-amz-target']).split('.').at(-1);
  if (protocol === 'smithy-rpc-v2-cbor') return /\/operation\/(\w+)$/.exec(splitUrl(request.url).path)?.[1];
  return form(request, body).get('Action') ?? undefined;
}

/** The parameters of a query request: of its body, for GET requests of the query string. */
export function form(request: HttpRequest, body: Uint8Array | undefined): URLSearchParams {
  const text = body === undefined ? '' : Buffer.from(body).toString('utf8');
  return text === '' ? splitUrl(request.url).query : new URLSearchParams(text);
}

/**
 * Reads the parameters by the model. Members that the model does not know are kept, so that a validation sees them.
 * Without a body (it is streamed) only what stands outside it is read.
 * @throws {AwsError} when the body is not of the protocol.
 */
export function readParams(call: Call, request: HttpRequest, body: Uint8Array | undefined): Structure {
  const { operation, protocol } = call;
  const { input } = operation;
  if (protocol === 'query') return readQuery(input, form(request, body));
  if (protocol === 'smithy-rpc-v2-cbor') return unreadable(() => readCbor(input, body ?? new Uint8Array(), 'keep'));
  if (protocol !== 'json') return readRest(call, request, body);
  const value = readJsonBody(body);
  return input === undefined ? value : readJsonStructure(input, value, 'keep');
}

function readRest(call: Call, request: HttpRequest, body: Uint8Array | undefined): Structure {
  const { input } = call.operation;
  const outside = readBindings(input, call.labels, splitUrl(request.url).query, request.headers);
  if (input === undefined || body === undefined || body.length === 0) return outside;
  const payload = payloadMember(input);
  if (payload === undefined) {
    if (call.protocol === 'rest-xml')
      return { ...outside, ...unreadable(() => readXmlStructure(input, parseXml(Buffer.from(body).toString()).node)) };
    return { ...readJsonStructure(input, readJsonBody(body), 'keep'), ...outside };
  }
  const [name, { shape }] = payload;
  if (shape.type === 'blob') return { ...outside, [name]: body };
  if (shape.type === 'string') return { ...outside, [name]: Buffer.from(body).toString('utf8') };
  const value =
    call.protocol === 'rest-xml'
      ? unreadable(() => readXmlStructure(shape, parseXml(Buffer.from(body).toString()).node))
      : readJsonStructure(shape, readJsonBody(body), 'keep');
  return { ...outside, [name]: value };
}

function readJsonBody(body: Uint8Array | undefined): Structure {
  if (body === undefined || body.length === 0) return {};
  return unreadable(() => {
    const value: unknown = JSON.parse(Buffer.from(body).toString('utf8'));
    if (!isStructure(value)) throw new TypeError('not an object');
    return value;
  });
}

function unreadable<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new AwsError(
      'SerializationException',
      `the body cannot be read: ${error instanceof Error ? error.message : ''}`,
    );
  }
}

export function splitUrl(url: string): { readonly path: string; readonly query: URLSearchParams } {
  const at = url.indexOf('?');
  return at < 0
    ? { path: url, query: new URLSearchParams() }
    : { path: url.slice(0, at), query: new URLSearchParams(url.slice(at + 1)) };
}
