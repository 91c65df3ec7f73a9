/** The emulator behind the gateway: forwards requests to it, and asks it things on the gateway's own account. */

import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { type Dispatcher, Pool } from 'undici';
import { readError, readResult } from '../protocol/answer.ts';
import { writeJsonStructure } from '../protocol/json.ts';
import type { ServiceModels } from '../protocol/models.ts';
import type { HttpRequest } from '../protocol/request.ts';
import { AwsError } from '../protocol/service.ts';
import type { Structure } from '../protocol/values.ts';

/** Headers that belong to one connection (RFC 9110, 7.6.1), and `expect`, which the server has already answered. */
const ofOneConnection = new Set([
  'connection',
  'expect',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * Headers as they are passed on, in either direction. Those by which an answer would let web pages in are not: an emulator
 * adds them to everything.
 */
export function forwardable(headers: IncomingHttpHeaders): Record<string, string | string[]> {
  const result: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !ofOneConnection.has(name) && !name.startsWith('access-control-')) result[name] = value;
  }
  return result;
}

/** A Lambda function may run for 15 minutes before it answers a synchronous call. */
const longestAnswer = 16 * 60_000;

/** Less than the emulator keeps an idle connection, so that no request is sent on one that it is just closing. */
const idleConnection = 20_000;

export class Upstream {
  readonly url: URL;
  readonly #pool: Pool;
  readonly #models: ServiceModels;
  readonly #region: string;

  constructor(url: URL, models: ServiceModels, region: string) {
    this.url = url;
    this.#models = models;
    this.#region = region;
    const socket = url.protocol === 'unix:';
    this.#pool = new Pool(socket ? 'http://localhost' : url.origin, {
      ...(socket && { socketPath: url.pathname }),
      connections: 256,
      keepAliveTimeout: idleConnection,
      keepAliveMaxTimeout: idleConnection,
      headersTimeout: longestAnswer,
      bodyTimeout: 0,
    });
  }

  /** @param body a stream is passed on as it comes */
  forward(request: HttpRequest, body: Uint8Array | Readable, signal?: AbortSignal): Promise<Dispatcher.ResponseData> {
    const headers = forwardable(request.headers);
    if (body instanceof Uint8Array) delete headers['content-length'];
    const empty = body instanceof Uint8Array && body.length === 0;
    return this.#pool.request({
      method: request.method,
      path: request.url,
      headers,
      body: empty ? null : body,
      ...(signal === undefined ? {} : { signal }),
    });
  }

  /** Calls an operation of a JSON service. @throws {AwsError} with the status and code of the answer. */
  async call(service: string, name: string, params: Structure): Promise<Structure> {
    const model = this.#models.get(service);
    const operation = model.operation(name);
    if (operation?.input === undefined) throw new TypeError(`${service} has no operation ${name}`);
    const { targetPrefix = '', jsonVersion = '1.1', protocol } = model.metadata;
    if (protocol !== 'json') throw new TypeError(`${service} speaks ${protocol}`);
    const headers = {
      'content-type': `application/x-amz-json-${jsonVersion}`,
      'x-amz-target': `${targetPrefix}.${name}`,
      authorization: this.#authorization(service),
    };
    const body = Buffer.from(JSON.stringify(writeJsonStructure(operation.input, params, `${service}.${name}`)));
    const answer = await this.forward({ method: 'POST', url: '/', headers }, body);
    const bytes = new Uint8Array(await answer.body.arrayBuffer());
    if (answer.statusCode < 300)
      return readResult({ operation, protocol, labels: {} }, answer.statusCode, answer.headers, bytes);
    const error = readError(protocol, answer.headers, bytes);
    throw new AwsError(error.code ?? 'Unknown', error.message ?? '', answer.statusCode);
  }

  /** Hands an event to a function, without waiting for what it does. @throws {AwsError} when it is not accepted. */
  async invokeLater(functionArn: string, payload: string): Promise<void> {
    const answer = await this.forward(
      {
        method: 'POST',
        url: `/2015-03-31/functions/${encodeURIComponent(functionArn)}/invocations`,
        headers: {
          'content-type': 'application/json',
          'x-amz-invocation-type': 'Event',
          authorization: this.#authorization('lambda'),
        },
      },
      Buffer.from(payload),
    );
    const bytes = new Uint8Array(await answer.body.arrayBuffer());
    if (answer.statusCode < 300) return;
    const error = readError('rest-json', answer.headers, bytes);
    throw new AwsError(error.code ?? 'Unknown', error.message ?? '', answer.statusCode);
  }

  /** Invokes a function and waits for its answer. `failed`: it ended by an error. @throws {AwsError} when it is not invoked */
  async invoke(functionArn: string, payload: string): Promise<{ readonly text: string; readonly failed: boolean }> {
    const answer = await this.forward(
      {
        method: 'POST',
        url: `/2015-03-31/functions/${encodeURIComponent(functionArn)}/invocations`,
        headers: { 'content-type': 'application/json', authorization: this.#authorization('lambda') },
      },
      Buffer.from(payload),
    );
    const bytes = new Uint8Array(await answer.body.arrayBuffer());
    if (answer.statusCode < 300)
      return {
        text: Buffer.from(bytes).toString('utf8'),
        failed: answer.headers['x-amz-function-error'] !== undefined,
      };
    const error = readError('rest-json', answer.headers, bytes);
    throw new AwsError(error.code ?? 'Unknown', error.message ?? '', answer.statusCode);
  }

  /** What a REST service answers to a GET; whatever it says, also of an error. */
  async read(service: string, url: string): Promise<unknown> {
    const answer = await this.forward(
      { method: 'GET', url, headers: { authorization: this.#authorization(service) } },
      new Uint8Array(),
    );
    return answer.body.json();
  }

  close(): Promise<void> {
    return this.#pool.destroy();
  }

  /** The credential scope says which service is meant; emulators do not check the signature. */
  #authorization(service: string): string {
    const day = new Date().toISOString().slice(0, 10).replaceAll('-', '');
    return `AWS4-HMAC-SHA256 Credential=local-aws/${day}/${this.#region}/${service}/aws4_request, SignedHeaders=host, Signature=0`;
  }
}
