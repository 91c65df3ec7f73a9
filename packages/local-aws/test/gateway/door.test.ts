import { type OutgoingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { beforeEach, describe, expect, test } from 'vitest';
import type { LocalService } from '../../src/protocol/service.ts';
import { fakeUpstream, type TestGateway, testGateway } from '../fixtures/gateway.ts';

let gateway: TestGateway;
/** What got past the door. */
let served: string[];
beforeEach(async () => {
  served = [];
  const upstream = await fakeUpstream((incoming, _body, response) => {
    served.push(`${incoming.method} ${incoming.url}`);
    response.writeHead(200, {
      'access-control-allow-origin': '*',
      'Access-Control-Allow-Headers': '*',
      'content-type': 'application/json',
    });
    response.end('{}');
  });
  const ecs: LocalService = {
    service: 'ecs',
    operations: {
      ListClusters: async () => {
        served.push('ListClusters');
        return { clusterArns: [] };
      },
    },
  };
  gateway = await testGateway({ upstream, services: [ecs] });
});

const authorization = (service: string) =>
  `AWS4-HMAC-SHA256 Credential=test/20261126/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0`;

/** A request of each kind that the gateway tells apart, as a program sends it. */
const ROUTES: Readonly<Record<string, { method: string; path: string; headers: OutgoingHttpHeaders; body?: string }>> =
  {
    'a local service': {
      method: 'POST',
      path: '/',
      headers: {
        authorization: authorization('ecs'),
        'x-amz-target': 'AmazonEC2ContainerServiceV20141113.ListClusters',
        'content-type': 'application/x-amz-json-1.1',
      },
      body: '{}',
    },
    'a service of the emulator': {
      method: 'POST',
      path: '/',
      headers: {
        authorization: authorization('secretsmanager'),
        'x-amz-target': 'secretsmanager.ListSecrets',
        'content-type': 'application/x-amz-json-1.1',
      },
      body: '{}',
    },
    'a function': {
      method: 'POST',
      path: '/2015-03-31/functions/shop-orders/invocations',
      headers: { authorization: authorization('lambda') },
      body: '{}',
    },
    'a function’s URL': { method: 'POST', path: '/_aws/lambda-url/abc/', headers: {}, body: '{}' },
    objects: { method: 'GET', path: '/bucket/key', headers: { authorization: authorization('s3') } },
    'the registry': { method: 'GET', path: '/v2/', headers: {} },
    'a push to the registry': { method: 'PUT', path: '/v2/web/manifests/v1.0.0', headers: {}, body: '{}' },
    'its own pages': { method: 'GET', path: '/_local-aws/health', headers: {} },
    faults: { method: 'DELETE', path: '/_local-aws/faults', headers: {} },
    'what only the emulator knows': { method: 'GET', path: '/_ministack/health', headers: {} },
    'an unsigned call': { method: 'GET', path: '/?Action=ListRoles&Version=2010-05-08', headers: {} },
  };

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

async function call(route: string, more: OutgoingHttpHeaders = {}, method?: string): Promise<Answer> {
  const kind = ROUTES[route];
  if (kind === undefined) throw new Error(`no route ${route}`);
  const outgoing = request(new URL(kind.path, gateway.url), {
    method: method ?? kind.method,
    headers: { ...kind.headers, ...more },
  });
  outgoing.end(method === 'OPTIONS' ? undefined : kind.body);
  const incoming = await new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
    outgoing.once('response', resolve);
    outgoing.once('error', reject);
  });
  return { status: incoming.statusCode ?? 0, headers: incoming.headers, body: await text(incoming) };
}

/** What a web page can have a browser send, or name as its own address. */
const PAGES: readonly (readonly [string, OutgoingHttpHeaders])[] = [
  ['another page’s Origin', { origin: 'https://evil.example' }],
  ['the Origin of a sandboxed page', { origin: 'null' }],
  ['an Origin on this machine', { origin: 'http://127.0.0.1:8000' }],
  ['an empty Origin', { origin: '' }],
  ['a picture of another page', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }],
  ['a link on a page of another port', { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'navigate' }],
  ['its own name pointed here', { host: 'evil.example' }],
  ['its own name pointed here, with a port', { host: 'evil.example:4566' }],
  ['a name that begins like this machine’s', { host: '127.0.0.1.evil.example' }],
  ['a name that ends like it', { host: 'evil-localhost' }],
  ['a name below localhost', { host: 'evil.localhost' }],
  ['a name that looks like a function’s URL', { host: 'abc.lambda-url.us-east-1.on.aws.evil.example' }],
  ['credentials before the name', { host: 'localhost@evil.example' }],
];

describe.each(Object.keys(ROUTES))('%s', (route) => {
  test('lets a program in', async () => {
    const { body, headers } = await call(route);
    expect(body).not.toContain('Nothing was done.');
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  test.each(PAGES)('refuses %s in a sentence, and does nothing', async (_what, headers) => {
    const answer = await call(route, headers);
    expect(answer.status).toBe(403);
    expect(answer.body).toMatch(/Nothing was done\./);
    expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    expect(served).toEqual([]);
  });

  test('answers no preflight', async () => {
    const asks = { origin: 'https://evil.example', 'access-control-request-method': 'POST' };
    for (const headers of [asks, {}]) {
      const answer = await call(route, headers, 'OPTIONS');
      expect(answer.status).toBe(403);
      expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
    expect(served).toEqual([]);
  });
});

test.each(['localhost', 'LOCALHOST:4566', '127.0.0.1', '[::1]:4566', 'abc123.lambda-url.us-east-1.on.aws'])(
  'a program may name this machine %s',
  async (host) => {
    expect((await call('its own pages', { host })).status).toBe(200);
  },
);

test('a person may look at a page by its address', async () => {
  expect((await call('its own pages', { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' })).status).toBe(200);
});

test.each([
  ['two names', 'GET /_local-aws/health HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n'],
  ['no name', 'GET /_local-aws/health HTTP/1.0\r\n'],
  ['an empty name', 'GET /_local-aws/health HTTP/1.1\r\nHost:\r\n'],
  ['a whole address for a path', 'GET http://evil.example/_local-aws/health HTTP/1.1\r\nHost: 127.0.0.1\r\n'],
  ['a WebSocket', 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://a.example\r\nUpgrade: websocket\r\n'],
])('%s is not let in either', async (_what, head) => {
  const socket = connect(gateway.port, '127.0.0.1');
  socket.end(`${head}Connection: close\r\n\r\n`);
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 40[03] /);
  expect(served).toEqual([]);
});
