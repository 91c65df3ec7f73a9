/** Verifies Signature Version 4 as AWS does, where the caller must be known. */

import { createHash, timingSafeEqual } from 'node:crypto';
import { Sha256 } from '@smithy/core/checksum';
import { HttpRequest as SignedRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';
import type { HttpRequest } from '../protocol/request.ts';
import type { AccessKey, Credentials } from './credentials.ts';

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/,\s]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request,\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]{64})$/;

/** AWS takes a request whose time is at most so far from its own. IAM User Guide, "AWS Signature Version 4 for API requests". */
const SKEW_MS = 5 * 60_000;

/** The key that a request was signed with for `service`; `undefined`: its signature is not right. */
export async function verified(
  request: HttpRequest,
  body: Uint8Array,
  { credentials, service, now }: { credentials: Credentials; service: string; now: Date },
): Promise<AccessKey | undefined> {
  const [, id = '', , region = '', scope, names = '', signature = ''] =
    AUTHORIZATION.exec(request.headers.authorization ?? '') ?? [];
  const key = credentials.find(id);
  const at = timeOf(request.headers['x-amz-date']);
  if (key === undefined || scope !== service || at === undefined || Math.abs(now.getTime() - at.getTime()) > SKEW_MS)
    return undefined;
  if (request.headers['x-amz-security-token'] !== key.token) return undefined;
  const signed = names.split(';');
  if (!signed.includes('host') || !signed.includes('x-amz-date')) return undefined;
  const { pathname, searchParams } = new URL(request.url, 'http://gateway');
  const again = await new SignatureV4({
    service,
    region,
    credentials: { accessKeyId: key.id, secretAccessKey: key.secret, ...(key.token && { sessionToken: key.token }) },
    sha256: Sha256,
    applyChecksum: signed.includes('x-amz-content-sha256'),
  }).sign(
    new SignedRequest({
      method: request.method,
      path: pathname,
      query: Object.fromEntries([...new Set(searchParams.keys())].map((name) => [name, searchParams.getAll(name)])),
      headers: Object.fromEntries(signed.map((name) => [name, String(request.headers[name] ?? '')])),
      body,
    }),
    { signingDate: at, signableHeaders: new Set(signed) },
  );
  const expected = AUTHORIZATION.exec(again.headers['authorization'] ?? '')?.[6] ?? '';
  const same = expected.length === signature.length && timingSafeEqual(Buffer.from(expected), Buffer.from(signature));
  return same && bodyIs(request, body) ? key : undefined;
}

/** What the request says of its body's hash, if it does, is so: the signature is of what it says. */
function bodyIs(request: HttpRequest, body: Uint8Array): boolean {
  const said = request.headers['x-amz-content-sha256'];
  return said === undefined || said === createHash('sha256').update(body).digest('hex');
}

/** `20260101T000000Z`. */
function timeOf(text: unknown): Date | undefined {
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(typeof text === 'string' ? text : '') ?? [];
  if (parts.length === 0) return undefined;
  const [year = 0, month = 1, day, hour, minute, second] = parts.map(Number);
  return new Date(Date.UTC(year, month - 1, day, hour, minute, second));
}
