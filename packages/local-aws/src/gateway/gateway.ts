/**
 * The one address of the local cloud. Each AWS call goes to a local service or to the upstream emulator, as a table
 * says; every call is recorded; faults are injected; pushes to the registry and changes of parameters become events.
 */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { detect } from '../protocol/detect.ts';
import type { ServiceModels } from '../protocol/models.ts';
import { AwsError, type LocalService } from '../protocol/service.ts';
import { adminPrefix, serveAdmin } from './admin.ts';
import { Calls } from './calls.ts';
import { Credentials } from './credentials.ts';
import { refusal } from './door.ts';
import { type AwsEvent, EventDelivery, imageActionEvent } from './events.ts';
import { type FaultInput, Faults } from './faults.ts';
import { FunctionUrls } from './function-urls.ts';
import { sendJson } from './http.ts';
import { parameterEvent } from './parameters.ts';
import { type CallRecord, CallRecorder } from './record.ts';
import { passThrough, serveRegistry } from './registry.ts';
import { Upstream } from './upstream.ts';

/** `beside`: the operations that the local service has are its own, the others the upstream's. */
type Route = 'local' | 'beside' | 'upstream';

export interface GatewayOptions {
  /** On 127.0.0.1; 0 for any free one. */
  readonly port: number;
  /** The emulator that serves what no local service does; `unix:` and a path for a socket. */
  readonly upstream: URL;
  readonly services: readonly LocalService[];
  /** By botocore's name of the service; a service that is not named goes to the upstream. */
  readonly routes: Readonly<Record<string, Route>>;
  /** The record of calls; begun again. */
  readonly recordFile: string;
  readonly models: ServiceModels;
  readonly faults?: readonly FaultInput[];
  readonly accountId?: string;
  readonly region?: string;
  /** Told, in words, of what a person should know: an event that no rule accepted, a local service that failed. */
  readonly onProblem?: (problem: string) => void;
}

export interface Gateway {
  /** Without a slash at the end. */
  readonly url: string;
  readonly port: number;
  readonly faults: Faults;
  /** Tells of every recorded call from now on. @returns ends it */
  onCall(listener: (call: CallRecord) => void): () => void;
  /** Delivers an event of an AWS service to the rules that match, in the background. */
  emit(event: AwsEvent): void;
  /** Waits until every event is delivered or given up. */
  settled(): Promise<void>;
  /** Waits until every call so far is in the file. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** @throws {Error} when the port is taken, or a route leads to a local service that is not there. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { accountId = '000000000000', region = 'us-east-1', models, routes } = options;
  const onProblem = options.onProblem ?? ((problem: string) => process.stderr.write(`gateway: ${problem}\n`));
  const services = new Map(options.services.map((service) => [service.service, service]));
  for (const [service, route] of Object.entries(routes)) {
    models.get(service);
    if (route !== 'upstream' && !services.has(service)) throw new Error(`no local service ${service} to route to`);
  }
  const faults = new Faults();
  for (const fault of options.faults ?? []) faults.add(fault);
  const upstream = new Upstream(options.upstream, models, region);
  const recorder = new CallRecorder(options.recordFile);
  const events = new EventDelivery(upstream, onProblem);
  const credentials = new Credentials(accountId);
  const functionUrls = new FunctionUrls(upstream, credentials, { accountId, region });
  const emit = (event: AwsEvent): void => events.emit(event);
  const server = createServer();
  const calls = new Calls({
    models,
    upstream,
    recorder,
    credentials,
    faults,
    onProblem,
    local: (name, operation) => {
      const service = services.get(name);
      const route = routes[name];
      return route === 'local' || (route === 'beside' && service !== undefined && operation in service.operations)
        ? service
        : undefined;
    },
    ownUrl: () => address(server.address()),
    imageAction: (image) => emit(imageActionEvent(image, accountId, region)),
    parameterChange: (change) => emit(parameterEvent(change, accountId, region)),
  });

  const serve = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const request = { method: incoming.method ?? 'GET', url: incoming.url ?? '/', headers: incoming.headers };
    if (request.url.startsWith(adminPrefix)) return serveAdmin(incoming, response, faults, emit);
    if (FunctionUrls.serves(request)) return functionUrls.serve(request, incoming, response);
    const destination = detect(request);
    if (destination.kind === 'registry')
      return serveRegistry(upstream, request, incoming, response, (image) =>
        emit(imageActionEvent(image, accountId, region)),
      );
    if (destination.kind === 'other') return passThrough(upstream, request, incoming, response);
    return calls.serve(destination.service, request, incoming, response);
  };

  server.on('request', (incoming, response) => {
    const message = refusal(incoming);
    if (message !== undefined) {
      incoming.resume();
      return sendJson(response, 403, { __type: 'AccessDeniedException', message });
    }
    serve(incoming, response).catch((error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      if (response.headersSent || response.destroyed) response.destroy();
      else if (error instanceof AwsError) sendJson(response, error.status, { __type: error.code, message });
      else sendJson(response, 502, { message: `the gateway could not serve this: ${message}` });
    });
  });
  // An upload may take as long as it likes, and clients keep connections between calls.
  server.requestTimeout = 0;
  server.keepAliveTimeout = 65_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });

  return {
    url: address(server.address()),
    port: Number(new URL(address(server.address())).port),
    faults,
    onCall: (listener) => recorder.listen(listener),
    emit,
    settled: () => events.settled(),
    flush: () => recorder.flush(),
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
      const delivered = events.close();
      await upstream.close();
      await delivered;
      await recorder.close();
    },
  };
}

function address(bound: AddressInfo | string | null): string {
  if (bound === null || typeof bound === 'string') throw new Error('the gateway does not listen');
  return `http://127.0.0.1:${bound.port}`;
}
