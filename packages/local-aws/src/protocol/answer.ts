/** Answers: written for clients of a local service, read from an upstream for the record. */

import type { IncomingHttpHeaders } from 'node:http';
import { readCbor, writeCbor } from './cbor.ts';
import { readJsonStructure, writeJson, writeJsonStructure } from './json.ts';
import type { OperationModel, Protocol, ServiceModel } from './model.ts';
import type { Call, HttpRequest } from './request.ts';
import { payloadMember, readHeaders, writeBindings } from './rest.ts';
import type { AwsError } from './service.ts';
import { isStructure, type Structure } from './values.ts';
import { children, escapeXml, parseXml, readXmlStructure, text, writeXmlStructure } from './xml.ts';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

/** Writes a result by the model. @throws {ModelMismatch} when the result does not fit it. */
export function writeResult(call: Call, request: HttpRequest, result: object, requestId: string): HttpAnswer {
  const { operation, protocol } = call;
  const { output } = operation;
  const path = `${operation.service.name}.${operation.name}`;
  const headers = { 'x-amzn-requestid': requestId };
  const status = operation.responseCode;
  if (protocol === 'json') {
    const body = JSON.stringify(output === undefined ? {} : writeJsonStructure(output, result, path));
    return { status, headers: { ...headers, 'content-type': jsonType(request) }, body };
  }
  if (protocol === 'smithy-rpc-v2-cbor') {
    const type = { 'content-type': 'application/cbor', 'smithy-protocol': 'rpc-v2-cbor' };
    return { status, headers: { ...headers, ...type }, body: writeCbor(output, result, path) };
  }
  if (protocol !== 'query') return writeRest(call, result, path, headers);
  const inner = output === undefined ? '' : writeXmlStructure(output, result, path);
  const wrapper = operation.resultWrapper;
  const wrapped = wrapper === undefined ? inner : `<${wrapper}>${inner}</${wrapper}>`;
  const meta = `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata>`;
  const name = `${operation.name}Response`;
  return {
    status,
    headers: { ...headers, 'content-type': 'text/xml' },
    body: `<${name}${namespace(operation.service)}>${wrapped}${meta}</${name}>`,
  };
}

function writeRest(call: Call, result: object, path: string, common: Record<string, string>): HttpAnswer {
  const { operation, protocol } = call;
  const { output } = operation;
  const { headers, status } = writeBindings(output, result, path);
  const answer = { status: status ?? operation.responseCode, headers: { ...common, ...headers } };
  if (output === undefined) return { ...answer, body: '' };
  const type = protocol === 'rest-xml' ? 'application/xml' : 'application/json';
  const payload = payloadMember(output);
  if (payload !== undefined) {
    const [name, member] = payload;
    const value: unknown = Reflect.get(result, name);
    if (value === undefined || value === null) return { ...answer, body: '' };
    if (typeof value === 'string' || value instanceof Uint8Array) return { ...answer, body: value };
    const body =
      protocol === 'rest-xml'
        ? `<${member.locationName ?? name}>${writeXmlStructure(member.shape, value, path)}</${member.locationName ?? name}>`
        : JSON.stringify(writeJson(member, value, path));
    return { ...answer, headers: { ...answer.headers, 'content-type': type }, body };
  }
  const inBody = Object.fromEntries(
    Object.entries(result).filter(([name]) => output.members.get(name)?.location === undefined),
  );
  const body =
    protocol === 'rest-xml'
      ? `<${output.name}${namespace(operation.service)}>${writeXmlStructure(output, inBody, path)}</${output.name}>`
      : JSON.stringify(writeJsonStructure(output, inBody, path));
  return { ...answer, headers: { ...answer.headers, 'content-type': type }, body };
}

function namespace(service: ServiceModel): string {
  return service.xmlNamespace === undefined ? '' : ` xmlns="${service.xmlNamespace}"`;
}

/** JSON services answer in the version of the request. */
function jsonType(request: HttpRequest): string {
  const type = request.headers['content-type'] ?? '';
  return type.startsWith('application/x-amz-json-') ? type : 'application/x-amz-json-1.1';
}

/**
 * Writes an error in the shape of the protocol. Where the model knows the error, its code and HTTP status on the wire
 * are the model's.
 */
export function writeError(
  service: ServiceModel,
  protocol: Protocol,
  request: HttpRequest,
  error: AwsError,
  requestId: string,
): HttpAnswer {
  const shape = service.errorShape(error.code);
  const known = shape?.raw.error;
  const code = known?.code ?? error.code;
  const status = known?.httpStatusCode ?? error.status;
  const headers = { 'x-amzn-requestid': requestId };
  const messageName = shape?.members.has('Message') && !shape.members.has('message') ? 'Message' : 'message';
  const fault = status < 500 ? 'Sender' : 'Receiver';
  // SDKs prefer the code of the query protocol where a service once spoke it.
  const queryError = { 'x-amzn-query-error': `${code};${fault}` };
  const value = { ...error.members, __type: shape?.name ?? code, [messageName]: error.message };
  if (protocol === 'smithy-rpc-v2-cbor') {
    const type = { 'content-type': 'application/cbor', 'smithy-protocol': 'rpc-v2-cbor' };
    return { status, headers: { ...headers, ...type, ...queryError }, body: writeCbor(undefined, value, service.name) };
  }
  if (protocol === 'rest-json') {
    const type = { 'content-type': 'application/json', 'x-amzn-errortype': shape?.name ?? code };
    return { status, headers: { ...headers, ...type }, body: JSON.stringify({ [messageName]: error.message }) };
  }
  if (protocol === 'json') {
    const compatible = service.metadata.awsQueryCompatible === undefined ? {} : queryError;
    const type = { 'content-type': jsonType(request) };
    return { status, headers: { ...headers, ...type, ...compatible }, body: JSON.stringify(value) };
  }
  const inner = `<Code>${escapeXml(code)}</Code><Message>${escapeXml(error.message)}</Message>`;
  const body =
    service.name === 's3'
      ? `<Error>${inner}<RequestId>${requestId}</RequestId></Error>`
      : `<ErrorResponse${namespace(service)}><Error><Type>${fault}</Type>${inner}</Error><RequestId>${requestId}</RequestId></ErrorResponse>`;
  return { status, headers: { ...headers, 'content-type': 'text/xml' }, body };
}

/** Reads a successful answer as an SDK does: members that the model does not know are left out. */
export function readResult(call: Call, status: number, headers: IncomingHttpHeaders, body: Uint8Array): Structure {
  const { operation, protocol } = call;
  const { output } = operation;
  if (output === undefined) return {};
  if (protocol === 'json') return readJsonStructure(output, jsonBody(body), 'drop');
  if (protocol === 'smithy-rpc-v2-cbor') return readCbor(output, body, 'drop');
  if (protocol !== 'query') return readRestResult(operation, protocol, status, headers, body);
  const root = parseXml(Buffer.from(body).toString('utf8')).node;
  const wrapper = operation.resultWrapper;
  return readXmlStructure(output, wrapper === undefined ? root : (children(root, wrapper)[0] ?? ''));
}

function readRestResult(
  operation: OperationModel,
  protocol: Protocol,
  status: number,
  headers: IncomingHttpHeaders,
  body: Uint8Array,
): Structure {
  const { output } = operation;
  const result = readHeaders(output, headers);
  for (const [name, member] of output?.members ?? []) if (member.location === 'statusCode') result[name] = status;
  if (output === undefined || body.length === 0) return result;
  const payload = payloadMember(output);
  const shape = payload === undefined ? output : payload[1].shape;
  if (shape.type !== 'structure') {
    if (payload !== undefined) result[payload[0]] = shape.type === 'blob' ? body : Buffer.from(body).toString('utf8');
    return result;
  }
  const inner =
    protocol === 'rest-xml'
      ? readXmlStructure(shape, parseXml(Buffer.from(body).toString('utf8')).node)
      : readJsonStructure(shape, jsonBody(body), 'drop');
  return payload === undefined ? { ...inner, ...result } : { ...result, [payload[0]]: inner };
}

function jsonBody(body: Uint8Array): Structure {
  if (body.length === 0) return {};
  const value: unknown = JSON.parse(Buffer.from(body).toString('utf8'));
  return isStructure(value) ? value : {};
}

/** Code and message of an error answer, as far as they can be read. */
export function readError(
  protocol: Protocol,
  headers: IncomingHttpHeaders,
  body: Uint8Array,
): { readonly code: string | undefined; readonly message: string | undefined } {
  const header = headers['x-amzn-query-error'] ?? headers['x-amzn-errortype'];
  const named = typeof header === 'string' ? header.split(/[;:]/)[0] : undefined;
  try {
    if (protocol === 'query' || protocol === 'rest-xml' || protocol === 'ec2') {
      const { name, node } = parseXml(Buffer.from(body).toString('utf8'));
      const error = name === 'Error' ? node : (children(node, 'Error')[0] ?? '');
      return { code: text(children(error, 'Code')[0]) || named, message: text(children(error, 'Message')[0]) };
    }
    const value = protocol === 'smithy-rpc-v2-cbor' ? readCbor(undefined, body, 'keep') : jsonBody(body);
    const type = value['__type'] ?? value['code'] ?? value['Code'];
    const message = value['message'] ?? value['Message'] ?? value['errorMessage'];
    return {
      code: named ?? (typeof type === 'string' ? type.split('#').at(-1) : undefined),
      message: typeof message === 'string' ? message : undefined,
    };
  } catch {
    return { code: named, message: undefined };
  }
}
