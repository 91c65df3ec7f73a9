import { randomBytes } from 'node:crypto';
import { type ClientRequest, type IncomingMessage, request as open, type ServerResponse } from 'node:http';
import type { Outcome } from './counters.ts';
import type { Target } from './target.ts';

/** Headers about one connection, not about the request (RFC 9110, 7.6.1); `expect` is answered by the load balancer. */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'upgrade', 'expect']);

/** Real milliseconds for a connection to be made, as an Application Load Balancer has them. */
const CONNECT_TIMEOUT = 10_000;

const TEXTS: Record<number, string> = {
  502: 'Bad Gateway',
  503: 'Service Temporarily Unavailable',
  504: 'Gateway Time-out',
};

/** The answer that the load balancer makes itself. */
export function refuse(response: ServerResponse, status: 502 | 503 | 504): void {
  const text = `${status} ${TEXTS[status]}`;
  const body = `<html>\r\n<head><title>${text}</title></head>\r\n<body>\r\n<center><h1>${text}</h1></center>\r\n</body>\r\n</html>\r\n`;
  answer(response, status, 'text/html', body);
}

export function answer(response: ServerResponse, status: number, contentType: string, body: string): void {
  response.writeHead(status, {
    server: 'awselb/2.0',
    'content-type': contentType,
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}

/**
 * Sends one request to `target` and its answer back, both as they arrive, and says once what became of it.
 * Never tried again. The status of a failure is AWS's (ELB user guide, "Troubleshoot your Application Load Balancers"):
 * 502 a refused or broken connection or an answer that is no HTTP, 504 no connection or no answer in time, 460 the client left.
 */
export function forward(
  incoming: IncomingMessage,
  response: ServerResponse,
  target: Target,
  { port, idle, done }: { port: number; idle: number; done: (outcome: Outcome) => void },
): void {
  const started = performance.now();
  let settled = false;
  const settle = (outcome: Outcome): void => {
    if (settled) return;
    settled = true;
    done(outcome);
  };
  let timedOut = false;

  const outgoing = open({
    host: target.reach.host,
    port: target.reach.port,
    method: incoming.method,
    path: incoming.url,
    agent: target.agent,
    timeout: idle,
    headers: requestHeaders(incoming, port),
  });
  limitConnecting(outgoing, () => {
    timedOut = true;
  });
  outgoing.on('timeout', () => {
    timedOut = true;
    outgoing.destroy();
  });
  outgoing.on('response', (answered) => {
    const status = answered.statusCode ?? 502;
    settle({ by: 'target', status, seconds: (performance.now() - started) / 1000 });
    response.writeHead(status, answered.statusMessage, responseHeaders(answered));
    answered.on('error', () => response.destroy());
    answered.pipe(response);
  });
  outgoing.on('error', () => {
    if (response.headersSent || response.destroyed) {
      response.destroy();
      return;
    }
    const status = timedOut ? 504 : 502;
    settle({ by: 'elb', status });
    incoming.unpipe(outgoing);
    incoming.resume();
    refuse(response, status);
  });
  response.on('close', () => {
    if (response.writableFinished) return;
    settle({ by: 'elb', status: 460 });
    outgoing.destroy();
  });

  if (hasBody(incoming)) incoming.pipe(outgoing);
  else outgoing.end();
}

function limitConnecting(outgoing: ClientRequest, expire: () => void): void {
  outgoing.on('socket', (socket) => {
    if (!socket.connecting) return;
    const timer = setTimeout(() => {
      expire();
      outgoing.destroy();
    }, CONNECT_TIMEOUT);
    const clear = (): void => clearTimeout(timer);
    socket.once('connect', clear);
    socket.once('close', clear);
  });
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
}

function requestHeaders(incoming: IncomingMessage, port: number): string[] {
  const headers: string[] = [];
  const from = incoming.socket.remoteAddress ?? '';
  let forwardedFor = from;
  let trace: string | undefined;
  for (const [name, value] of pairs(incoming.rawHeaders)) {
    const key = name.toLowerCase();
    if (HOP_BY_HOP.has(key) || key === 'x-forwarded-proto' || key === 'x-forwarded-port') continue;
    if (key === 'x-forwarded-for') forwardedFor = `${value}, ${from}`;
    else if (key === 'x-amzn-trace-id') trace = value;
    else headers.push(name, value);
  }
  headers.push('X-Forwarded-For', forwardedFor, 'X-Forwarded-Proto', 'http', 'X-Forwarded-Port', String(port));
  headers.push('X-Amzn-Trace-Id', traceId(trace));
  return headers;
}

/** `Root=1-<time>-<96 bits>`; of a request that has one, this load balancer's part goes in front (ELB user guide, "Request tracing"). */
function traceId(given: string | undefined): string {
  const own = `1-${Math.floor(Date.now() / 1000).toString(16)}-${randomBytes(12).toString('hex')}`;
  if (given === undefined) return `Root=${own}`;
  return given.includes('Root=') ? `Self=${own};${given}` : `Root=${own};${given}`;
}

function responseHeaders(answered: IncomingMessage): string[] {
  const headers: string[] = [];
  for (const [name, value] of pairs(answered.rawHeaders)) {
    const key = name.toLowerCase();
    // The answer is framed again for the client: chunked if it has no length and the client speaks HTTP/1.1.
    if (!HOP_BY_HOP.has(key) && key !== 'transfer-encoding') headers.push(name, value);
  }
  return headers;
}

function* pairs(raw: readonly string[]): Generator<[name: string, value: string]> {
  for (let index = 0; index + 1 < raw.length; index += 2) yield [raw[index] ?? '', raw[index + 1] ?? ''];
}
