/** Small things of HTTP that the gateway's parts share. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { AwsError } from '../protocol/service.ts';

const unzip = promisify(gunzip);

/** Larger than any body that AWS's JSON, query and Lambda calls allow (a Lambda zip: 50 MB, in base64). */
const largestBody = 80 * 1024 * 1024;

/** @throws {AwsError} when the body is too large */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes: Buffer = chunk;
    size += bytes.length;
    if (size > largestBody) throw new AwsError('RequestEntityTooLargeException', 'the body is too large', 413);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks, size);
}

/** SDKs compress large bodies of some operations (CloudWatch's PutMetricData). @throws {AwsError} for a broken one */
export async function uncompressed(body: Buffer, encoding: string | undefined): Promise<Buffer> {
  if (encoding !== 'gzip') return body;
  try {
    return await unzip(body);
  } catch {
    throw new AwsError('SerializationException', 'the body is no gzip');
  }
}

export function hasBody(request: IncomingMessage): boolean {
  return request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
}

export function send(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string | string[]>>,
  body: string | Uint8Array,
): void {
  const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
  response.writeHead(status, { ...headers, 'content-length': length });
  response.end(body);
}

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  send(response, status, { 'content-type': 'application/json' }, `${JSON.stringify(value)}\n`);
}
