/**
 * Function URLs as Lambda serves them: IAM authorisation by the request's signature, and the caller's identity in the
 * event. The emulator looks at no signature and does not tell the function who calls. Lambda Developer Guide, "Invoking Lambda
 * function URLs" (payload format 2.0, what of a result becomes the response, 502 for an error of the function).
 */

import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import * as z from 'zod';
import type { OperationModel } from '../protocol/model.ts';
import { type HttpRequest, splitUrl } from '../protocol/request.ts';
import type { AccessKey, Credentials } from './credentials.ts';
import { readBody, send, sendJson } from './http.ts';
import { verified } from './signature.ts';
import type { Upstream } from './upstream.ts';

/** Where the gateway serves them: their own names lead to AWS, unless one is sent as the host. */
const PREFIX = '/_aws/lambda-url/';
const OWN_NAME = /^([a-z0-9-]+)\.lambda-url\./;

const Functions = z.object({
  Functions: z.array(z.object({ FunctionName: z.string() })),
  NextMarker: z.string().nullish(),
});
const Config = z.object({ FunctionUrl: z.url(), FunctionArn: z.string(), AuthType: z.enum(['AWS_IAM', 'NONE']) });
type Config = z.infer<typeof Config>;

const Result = z.object({
  statusCode: z.int(),
  headers: z.record(z.string(), z.string()).default({}),
  body: z.string().default(''),
  isBase64Encoded: z.boolean().default(false),
});

export class FunctionUrls {
  readonly #upstream: Upstream;
  readonly #credentials: Credentials;
  readonly #place: { readonly accountId: string; readonly region: string };
  readonly #configs = new Map<string, Config>();

  constructor(upstream: Upstream, credentials: Credentials, place: { accountId: string; region: string }) {
    this.#upstream = upstream;
    this.#credentials = credentials;
    this.#place = place;
  }

  static serves({ url, headers }: HttpRequest): boolean {
    return url.startsWith(PREFIX) || OWN_NAME.test(headers.host ?? '');
  }

  async serve(request: HttpRequest, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(incoming);
    const [, named] = OWN_NAME.exec(request.headers.host ?? '') ?? [];
    const id = named ?? request.url.slice(PREFIX.length).split(/[/?]/)[0] ?? '';
    const url = named === undefined ? request.url.slice(PREFIX.length + id.length) || '/' : request.url;
    const config = await this.#config(id);
    if (config === undefined) return forbidden(response);
    const now = new Date();
    const key = await verified(request, body, { credentials: this.#credentials, service: 'lambda', now });
    if (config.AuthType === 'AWS_IAM' && key === undefined) return forbidden(response);
    const event = this.#event(id, { ...request, url }, body, config.AuthType === 'AWS_IAM' ? key : undefined, now);
    const answer = await this.#upstream.invoke(config.FunctionArn, JSON.stringify(event));
    if (answer.failed) return sendJson(response, 502, { Message: 'Internal Server Error' });
    const { data: result } = Result.safeParse(JSON.parse(answer.text));
    if (result === undefined) return send(response, 200, { 'content-type': 'application/json' }, answer.text);
    const bytes = Buffer.from(result.body, result.isBase64Encoded ? 'base64' : 'utf8');
    return send(response, result.statusCode, result.headers, bytes);
  }

  #event(id: string, request: HttpRequest, body: Buffer, key: AccessKey | undefined, now: Date): object {
    const { path, query } = splitUrl(request.url);
    const domainName = `${id}.lambda-url.${this.#place.region}.on.aws`;
    const { accountId } = this.#place;
    return {
      version: '2.0',
      routeKey: '$default',
      rawPath: path,
      rawQueryString: query.toString(),
      headers: { ...request.headers, host: domainName },
      requestContext: {
        accountId: key === undefined ? 'anonymous' : accountId,
        apiId: id,
        domainName,
        domainPrefix: id,
        http: { method: request.method, path, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1' },
        requestId: randomUUID(),
        routeKey: '$default',
        stage: '$default',
        timeEpoch: now.getTime(),
        ...(key !== undefined && {
          authorizer: {
            iam: {
              accessKey: key.id,
              accountId,
              callerId: key.principal.userId,
              cognitoIdentity: null,
              principalOrgId: null,
              userArn: key.principal.arn,
              userId: key.principal.userId,
            },
          },
        }),
      },
      ...(body.length > 0 && { body: body.toString('utf8') }),
      isBase64Encoded: false,
    };
  }

  /** The emulator tells of a URL by its function alone. */
  async #config(id: string): Promise<Config | undefined> {
    const known = this.#configs.get(id);
    if (known !== undefined) return known;
    let marker: string | undefined;
    do {
      const query = marker === undefined ? '' : `?Marker=${encodeURIComponent(marker)}`;
      const page = Functions.parse(await this.#upstream.read('lambda', `/2015-03-31/functions/${query}`));
      for (const { FunctionName } of page.Functions) {
        const { data } = Config.safeParse(
          await this.#upstream.read('lambda', `/2021-10-31/functions/${FunctionName}/url`),
        );
        if (data !== undefined) this.#configs.set(new URL(data.FunctionUrl).hostname.split('.')[0] ?? '', data);
      }
      marker = page.NextMarker ?? undefined;
    } while (marker !== undefined);
    return this.#configs.get(id);
  }
}

/** An answer that names a function's URL, with an address that can be reached. */
export function reachable(operation: OperationModel, body: Uint8Array, gatewayUrl: string): Uint8Array {
  if (operation.service.name !== 'lambda' || !operation.name.includes('FunctionUrlConfig')) return body;
  const text = Buffer.from(body).toString('utf8');
  return Buffer.from(
    text.replaceAll(/https:\/\/([a-z0-9-]+)\.lambda-url\.[a-z0-9-]+\.on\.aws\//g, `${gatewayUrl}${PREFIX}$1/`),
  );
}

/** As Lambda answers callers that it does not know, and requests for what does not exist. */
function forbidden(response: ServerResponse): void {
  sendJson(response, 403, { Message: 'Forbidden' });
}
