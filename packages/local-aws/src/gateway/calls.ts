/** One AWS call through the gateway: read, checked, faulted, served, recorded. */

import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { readError, readResult, writeError, writeResult } from '../protocol/answer.ts';
import { detect } from '../protocol/detect.ts';
import type { ServiceModel } from '../protocol/model.ts';
import type { ServiceModels } from '../protocol/models.ts';
import { type Call, type HttpRequest, readParams, requestProtocol, resolveCall } from '../protocol/request.ts';
import { AwsError, type LocalService } from '../protocol/service.ts';
import { validate } from '../protocol/validate.ts';
import type { Structure } from '../protocol/values.ts';
import { callerOf } from './caller.ts';
import type { Credentials } from './credentials.ts';
import { correction, imageActionsOf, rewriteLayerUrl } from './ecr.ts';
import type { ImageAction } from './events.ts';
import { type Fault, type Faults, throttling } from './faults.ts';
import { reachable } from './function-urls.ts';
import { hasBody, readBody, send, uncompressed } from './http.ts';
import { type ParameterChange, parameterChangesOf } from './parameters.ts';
import type { CallRecorder } from './record.ts';
import { passThrough } from './registry.ts';
import { forwardable, type Upstream } from './upstream.ts';

export interface CallsContext {
  readonly models: ServiceModels;
  readonly upstream: Upstream;
  readonly recorder: CallRecorder;
  /** Whose keys are whose, learnt from the calls. */
  readonly credentials: Credentials;
  readonly faults: Faults;
  readonly onProblem: (problem: string) => void;
  /** The local service that serves an operation, if one does. */
  readonly local: (service: string, operation: string) => LocalService | undefined;
  readonly ownUrl: () => string;
  readonly imageAction: (image: ImageAction) => void;
  readonly parameterChange: (change: ParameterChange) => void;
}

/** A call on its way, with what its record will need. */
interface Visit {
  readonly call: Call;
  readonly request: HttpRequest;
  readonly params: Structure;
  readonly at: Date;
  readonly started: number;
  readonly faults: readonly Fault[];
}

/** What goes back to the caller, and what the record says of it. */
interface Outcome {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: string | Uint8Array;
  readonly error?: { readonly code: string; readonly message: string };
  readonly response: Structure | null;
}

/** The connection is to be cut instead of an answer. */
class Reset extends Error {}

export class Calls {
  readonly #context: CallsContext;

  constructor(context: CallsContext) {
    this.#context = context;
  }

  async serve(named: string, request: HttpRequest, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { models, upstream } = this.#context;
    const at = new Date();
    const started = performance.now();
    const model = models.find(named);
    if (model === undefined || model.metadata.protocol === 'ec2')
      return passThrough(upstream, request, incoming, response);
    // Objects may be of any size: they pass as a stream, and their calls are known by what stands outside the body.
    if (named === 's3') return this.#stream(model, request, incoming, response, at, started);
    const raw = await readBody(incoming);
    const body = await uncompressed(raw, request.headers['content-encoding']);
    const destination = detect(request, body);
    const service = destination.kind === 'service' ? models.get(destination.service) : model;
    const call = this.#resolve(service, request, body, response);
    if (call === undefined) return;
    const local = this.#context.local(service.name, call.operation.name);
    let params: Structure = {};
    let refused: unknown;
    try {
      params = readParams(call, request, body);
      // A service ignores what it does not know; a local one is told, because here that is a mistake of ours.
      validate(call.operation, params, local === undefined ? 'lenient' : 'strict');
    } catch (error) {
      refused = error;
    }
    const { caller } = identity(request);
    const faults =
      refused === undefined
        ? this.#context.faults.meet({ service: service.name, operation: call.operation.name, caller, params })
        : [];
    const visit: Visit = { call, request, params, at, started, faults };
    try {
      if (refused !== undefined) throw refused;
      await before(visit);
      const outcome = local === undefined ? await this.#ask(visit, raw) : await this.#run(visit, local, { id: caller });
      this.#context.credentials.learn(call.operation, outcome.response);
      for (const image of imageActionsOf(call.operation, params, outcome.response)) this.#context.imageAction(image);
      for (const change of parameterChangesOf(call.operation, params, outcome.response))
        this.#context.parameterChange(change);
      await after(visit);
      send(response, outcome.status, outcome.headers, outcome.body);
      this.#record(visit, outcome);
    } catch (error) {
      this.#fail(visit, error, response);
    }
  }

  /** Finds the operation, or answers that it does not exist: nothing that the models do not know gets further. */
  #resolve(
    service: ServiceModel,
    request: HttpRequest,
    body: Uint8Array | undefined,
    response: ServerResponse,
  ): Call | undefined {
    try {
      return resolveCall(service, request, body);
    } catch (error) {
      const { error: aws } = this.#asAwsError(error, service.name);
      this.#context.onProblem(aws.message);
      const answer = writeError(service, requestProtocol(service, request), request, aws, randomUUID());
      send(response, answer.status, answer.headers, answer.body);
      return undefined;
    }
  }

  async #run(visit: Visit, local: LocalService, caller: { readonly id: string }): Promise<Outcome> {
    const { call, request, params } = visit;
    const { name } = call.operation;
    const operation = local.operations[name];
    if (operation === undefined) throw new AwsError('NotImplemented', `the local ${local.service} has no ${name}`, 501);
    const result = await operation(params, caller);
    const answer = writeResult(call, request, result, randomUUID());
    return { ...answer, response: { ...result } };
  }

  async #ask(visit: Visit, body: Uint8Array): Promise<Outcome> {
    const { call, request } = visit;
    const { 'accept-encoding': _, ...headers } = request.headers;
    const answer = await this.#reached(this.#context.upstream.forward({ ...request, headers }, body));
    const bytes = new Uint8Array(await this.#reached(answer.body.arrayBuffer()));
    const outcome = { status: answer.statusCode, headers: forwardable(answer.headers) };
    if (answer.statusCode >= 300) {
      const { code = `HTTP ${answer.statusCode}`, message = '' } = readError(call.protocol, answer.headers, bytes);
      return { ...outcome, body: bytes, error: { code, message }, response: null };
    }
    const ownUrl = this.#context.ownUrl();
    const rewritten = reachable(call.operation, rewriteLayerUrl(call.operation, bytes, ownUrl), ownUrl);
    const read = this.#understood(visit, answer.statusCode, answer.headers, rewritten);
    const corrected = read === null ? undefined : correction(call.operation, visit.params, read);
    if (corrected !== undefined) throw corrected;
    return { ...outcome, body: rewritten, response: read };
  }

  #understood(visit: Visit, status: number, headers: IncomingMessage['headers'], body: Uint8Array): Structure | null {
    try {
      return readResult(visit.call, status, headers, body);
    } catch (error) {
      const { service, name } = visit.call.operation;
      this.#context.onProblem(`an answer to ${service.name} ${name} cannot be read: ${words(error)}`);
      return null;
    }
  }

  async #reached<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      throw new AwsError('ServiceUnavailable', `the upstream did not answer: ${words(error)}`, 503);
    }
  }

  async #stream(
    model: ServiceModel,
    request: HttpRequest,
    incoming: IncomingMessage,
    response: ServerResponse,
    at: Date,
    started: number,
  ): Promise<void> {
    const call = this.#resolve(model, request, undefined, response);
    if (call === undefined) {
      incoming.resume();
      return;
    }
    const params = readParams(call, request, undefined);
    const { caller } = identity(request);
    const faults = this.#context.faults.meet({ service: model.name, operation: call.operation.name, caller, params });
    const visit: Visit = { call, request, params, at, started, faults };
    try {
      await before(visit);
      const { upstream } = this.#context;
      const answer = await this.#reached(upstream.forward(request, hasBody(incoming) ? incoming : new Uint8Array()));
      try {
        await after(visit);
      } catch (error) {
        await answer.body.dump();
        throw error;
      }
      response.writeHead(answer.statusCode, forwardable(answer.headers));
      await pipeline(answer.body, response);
      this.#record(visit, {
        status: answer.statusCode,
        ...(answer.statusCode < 300 ? {} : { error: { code: `HTTP ${answer.statusCode}`, message: '' } }),
        response: null,
      });
    } catch (error) {
      incoming.resume();
      this.#fail(visit, error, response);
    }
  }

  #fail(visit: Visit, thrown: unknown, response: ServerResponse): void {
    const { call, request } = visit;
    const { service } = call.operation;
    if (thrown instanceof Reset || response.headersSent) {
      response.destroy();
      this.#record(visit, { status: 0, error: { code: 'ConnectionReset', message: words(thrown) }, response: null });
      return;
    }
    const { error } = this.#asAwsError(thrown, `${service.name} ${call.operation.name}`);
    const answer = writeError(service, call.protocol, request, error, randomUUID());
    send(response, answer.status, answer.headers, answer.body);
    const { code, message } = error;
    this.#record(visit, { status: answer.status, error: { code, message }, response: null });
  }

  #asAwsError(thrown: unknown, what: string): { readonly error: AwsError } {
    if (thrown instanceof AwsError) return { error: thrown };
    this.#context.onProblem(
      `${what} failed: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}`,
    );
    return { error: new AwsError('InternalFailure', words(thrown), 500) };
  }

  #record(visit: Visit, outcome: Pick<Outcome, 'status' | 'error' | 'response'>): void {
    const { caller, agent } = identity(visit.request);
    const session = this.#context.credentials.sessionOf(visit.request);
    this.#context.recorder.add({
      at: visit.at.toISOString(),
      caller,
      agent,
      ...(session === undefined ? {} : { session }),
      operation: visit.call.operation,
      params: visit.params,
      status: outcome.status,
      ...(outcome.error === undefined ? {} : { error: outcome.error }),
      response: outcome.response,
      ms: performance.now() - visit.started,
      faults: visit.faults.map((fault) => fault.id),
    });
  }
}

async function before(visit: Visit): Promise<void> {
  for (const { effect } of visit.faults) {
    if (effect.kind === 'delay' && effect.when === 'before') await delay(effect.ms);
    else if (effect.kind === 'fail-before') throw failure(effect);
    else if (effect.kind === 'throttle') {
      const { code, message, status } = throttling(visit.call.operation.service.name);
      throw new AwsError(code, message, status);
    }
  }
}

async function after(visit: Visit): Promise<void> {
  for (const { effect } of visit.faults) {
    if (effect.kind === 'delay' && effect.when === 'after') await delay(effect.ms);
    else if (effect.kind === 'fail-after') throw failure(effect);
  }
}

function failure(effect: {
  readonly code: string;
  readonly message: string;
  readonly status: number;
  readonly reset: boolean;
}): Error {
  return effect.reset ? new Reset(effect.message) : new AwsError(effect.code, effect.message, effect.status);
}

function identity(request: HttpRequest): { readonly caller: string; readonly agent: string } {
  const agent = request.headers['user-agent'] ?? '';
  return { caller: callerOf(agent), agent };
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
