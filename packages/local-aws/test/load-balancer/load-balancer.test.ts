import { createServer, type RequestListener } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createClock } from '../../src/clock.ts';
import { view } from '../../src/load-balancer/counters.ts';
import { Listener } from '../../src/load-balancer/listener.ts';
import type { Rule } from '../../src/load-balancer/rules.ts';
import { Statistics } from '../../src/load-balancer/statistics.ts';
import { TargetGroup } from '../../src/load-balancer/target-group.ts';
import { until } from '../fixtures/data-plane.ts';

const clock = createClock(60);

function group(name: string, more: { delay?: number } = {}): TargetGroup {
  const healthCheck = {
    path: '/livez',
    interval: 10,
    timeout: 5,
    healthyThreshold: 3,
    unhealthyThreshold: 2,
    matcher: '200-299',
  };
  const made = new TargetGroup(name, { healthCheck, deregistrationDelay: more.delay ?? 30 }, clock);
  made.setInUse(true);
  onTestFinished(() => made.close());
  return made;
}

/** A target that answers by `serve`; `/livez` answers what `health()` says. */
async function target(
  serve: RequestListener,
  health: () => number = () => 200,
): Promise<{ host: string; port: number }> {
  const server = createServer((request, response) => {
    if (request.url === '/livez') response.writeHead(health()).end();
    else serve(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  return { host: '127.0.0.1', port: typeof address === 'object' && address ? address.port : 0 };
}

const says =
  (text: string): RequestListener =>
  (_, response) =>
    response.end(text);

async function listen(
  rules: Rule[],
  idle = 60_000,
): Promise<{ url: string; listener: Listener; statistics: Statistics }> {
  const statistics = new Statistics();
  const listener = await Listener.open(
    { port: 0, clock, idle: () => idle, observe: (...seen) => statistics.add(...seen), nodeDelays: () => [0] },
    rules,
  );
  onTestFinished(() => listener.close());
  return { url: `http://127.0.0.1:${listener.port}`, listener, statistics };
}

const forwardTo = (...groups: { group: TargetGroup; weight: number }[]): Rule => ({
  conditions: [],
  action: { type: 'forward', groups },
});

const healthy = (made: TargetGroup, count = 1): Promise<unknown> =>
  until('healthy', () => made.targets.filter(({ health }) => health.state === 'healthy').length === count);

async function tally(url: string, count: number): Promise<Record<string, number>> {
  const seen: Record<string, number> = {};
  for (let sent = 0; sent < count; sent += 1) {
    const answer = await fetch(url);
    const text = answer.ok ? await answer.text() : String(answer.status);
    seen[text] = (seen[text] ?? 0) + 1;
  }
  return seen;
}

test('weights share the requests exactly, weight 0 gets none, and all at 0 answers 503', async () => {
  const [blue, green] = [group('blue'), group('green')];
  blue.register({ ...(await target(says('blue'))), version: 'v1' });
  green.register({ ...(await target(says('green'))), version: 'v2' });
  await Promise.all([healthy(blue), healthy(green)]);
  const share = (a: number, b: number): Rule[] => [forwardTo({ group: blue, weight: a }, { group: green, weight: b })];
  const { url, listener, statistics } = await listen(share(95, 5));
  expect(await tally(url, 100)).toEqual({ blue: 95, green: 5 });
  listener.apply(share(0, 100));
  expect(await tally(url, 20)).toEqual({ green: 20 });
  listener.apply(share(0, 0));
  expect(await tally(url, 3)).toEqual({ 503: 3 });
  expect(view(statistics.total)).toMatchObject({ requests: 123, target2xx: 120, elb503: 3 });
  expect(Object.fromEntries([...statistics.byVersion].map(([name, counts]) => [name, counts.requests]))).toEqual({
    v1: 95,
    v2: 25,
  });
});

test('requests go to healthy targets in turn; if none is healthy to all', async () => {
  const made = group('web');
  let second = 200;
  made.register(await target(says('first')));
  made.register(await target(says('second'), () => second));
  const { url } = await listen([forwardTo({ group: made, weight: 1 })]);
  await healthy(made, 2);
  expect(await tally(url, 10)).toEqual({ first: 5, second: 5 });
  second = 500;
  await until('unhealthy', () => made.targets.some(({ health }) => health.state === 'unhealthy'));
  expect(made.targets[1]?.health).toEqual({
    state: 'unhealthy',
    reason: 'Target.ResponseCodeMismatch',
    description: 'Health checks failed with these codes: [500]',
  });
  expect(await tally(url, 4)).toEqual({ first: 4 });
  const passesBefore = made.targets[1]?.passes;
  expect(passesBefore).toBe(0);
  second = 204;
  await healthy(made, 2);
  expect(made.targets[1]?.passes).toBeGreaterThanOrEqual(3);

  const sick = group('sick');
  sick.register(await target(says('still served'), () => 503));
  await until('unhealthy', () => sick.targets[0]?.health.state === 'unhealthy');
  const open = await listen([forwardTo({ group: sick, weight: 1 })]);
  expect(await tally(open.url, 2)).toEqual({ 'still served': 2 });
});

test('503 without targets, 502 for a refused, broken or garbled answer, 504 for none in time', async () => {
  const empty = await listen([forwardTo({ group: group('empty'), weight: 1 })]);
  expect(await tally(empty.url, 1)).toEqual({ 503: 1 });

  const refusing = group('refusing');
  refusing.register({ host: '127.0.0.1', port: 1 });
  const refused = await listen([forwardTo({ group: refusing, weight: 1 })]);
  expect(await tally(refused.url, 1)).toEqual({ 502: 1 });

  const breaking = group('breaking');
  breaking.register(await target((request) => request.socket.destroy()));
  const broken = await listen([forwardTo({ group: breaking, weight: 1 })]);
  expect(await tally(broken.url, 1)).toEqual({ 502: 1 });

  const tcp = createTcpServer((socket) => socket.end('this is no HTTP\r\n\r\n'));
  await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void tcp.close());
  const address = tcp.address();
  const garbling = group('garbling');
  garbling.register({ host: '127.0.0.1', port: typeof address === 'object' && address ? address.port : 0 });
  const garbled = await listen([forwardTo({ group: garbling, weight: 1 })]);
  expect(await tally(garbled.url, 1)).toEqual({ 502: 1 });

  const silent = group('silent');
  silent.idle = 200;
  silent.register(await target(() => undefined));
  const late = await listen([forwardTo({ group: silent, weight: 1 })], 200);
  expect(await tally(late.url, 1)).toEqual({ 504: 1 });
  expect(view(late.statistics.total)).toMatchObject({ requests: 1, elb504: 1 });
});

test('a draining target ends what it has and gets no more; what outlasts the delay is cut with 502', async () => {
  const made = group('web');
  const waiting: (() => void)[] = [];
  const slow = await target((_, response) => void waiting.push(() => response.end('finished')));
  made.register(slow);
  await healthy(made);
  const { url } = await listen([forwardTo({ group: made, weight: 1 })]);
  const inFlight = fetch(url);
  await until('in flight', () => waiting.length === 1);
  made.register(await target(says('other')));
  await healthy(made, 2);
  const drained = made.deregister(slow);
  expect(made.healthOf(slow)).toMatchObject({ state: 'draining', reason: 'Target.DeregistrationInProgress' });
  expect(await tally(url, 4)).toEqual({ other: 4 });
  waiting[0]?.();
  expect(await (await inFlight).text()).toBe('finished');
  expect(made.healthOf(slow).state).toBe('draining');
  await drained;
  expect(made.healthOf(slow)).toMatchObject({ state: 'unused', reason: 'Target.NotRegistered' });

  const stuck = group('stuck');
  const never = await target((_, response) => void waiting.push(() => response.end()));
  stuck.register(never);
  await healthy(stuck);
  const cut = await listen([forwardTo({ group: stuck, weight: 1 })]);
  const lost = fetch(cut.url);
  await until('in flight', () => waiting.length === 2);
  await stuck.deregister(never);
  expect((await lost).status).toBe(502);
});

test('a group that nothing uses has unused targets', async () => {
  const made = group('web');
  made.register(await target(says('x')));
  await healthy(made);
  made.setInUse(false);
  expect(made.targets[0]?.health).toMatchObject({ state: 'unused', reason: 'Target.NotInUse' });
  made.setInUse(true);
  expect(made.targets[0]?.health).toMatchObject({ state: 'initial' });
  await healthy(made);
});

test('requests arrive whole and with the headers of a load balancer', async () => {
  const made = group('web');
  made.register(
    await target((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        response.writeHead(201, 'Made', { 'set-cookie': ['a=1', 'b=2'], 'x-body': String(body.length) });
        response.write(JSON.stringify({ headers: request.headers, url: request.url, method: request.method }));
        response.end();
      });
    }),
  );
  await healthy(made);
  const { url } = await listen([forwardTo({ group: made, weight: 1 })]);
  const answer = await fetch(`${url}/path?query=1`, {
    method: 'POST',
    body: 'x'.repeat(200_000),
    headers: { 'x-forwarded-for': '1.2.3.4', 'x-amzn-trace-id': 'Root=1-abc' },
  });
  expect(answer.status).toBe(201);
  expect(answer.headers.get('x-body')).toBe('200000');
  expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
  const seen = Object(await answer.json());
  expect(seen).toMatchObject({ url: '/path?query=1', method: 'POST' });
  expect(seen.headers).toMatchObject({
    host: new URL(url).host,
    'x-forwarded-for': '1.2.3.4, 127.0.0.1',
    'x-forwarded-proto': 'http',
    'x-forwarded-port': new URL(url).port,
    'x-amzn-trace-id': expect.stringMatching(/^Self=1-[0-9a-f]{8}-[0-9a-f]{24};Root=1-abc$/),
  });
  const head = await fetch(url, { method: 'HEAD' });
  expect(head.status).toBe(201);
});

function fixed(body: string): Rule['action'] {
  return { type: 'fixed-response', status: 200, contentType: 'text/plain', body };
}

test('rules are tried in their order by path and host', async () => {
  const { url, statistics } = await listen([
    { conditions: [{ field: 'path-pattern', values: ['/admin/*', '/img/?.png'] }], action: fixed('path') },
    { conditions: [{ field: 'host-header', values: ['*.EXAMPLE.com'] }], action: fixed('host') },
    { conditions: [], action: fixed('default') },
  ]);
  expect(await tally(`${url}/admin/x?y`, 1)).toEqual({ path: 1 });
  expect(await tally(`${url}/img/a.png`, 1)).toEqual({ path: 1 });
  expect(await tally(`${url}/ADMIN/x`, 1)).toEqual({ default: 1 });
  expect(await tally(`${url}/img/ab.png`, 1)).toEqual({ default: 1 });
  expect(view(statistics.total)).toMatchObject({ requests: 4, fixed: 4 });
});
