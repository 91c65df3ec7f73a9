import { createServer, type RequestListener } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { HttpProber } from '#aws/http-prober.ts';

const prober = new HttpProber();

/** The address of a server made of one function; closed after the test. */
async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  });
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('no address');
  return `http://127.0.0.1:${bound.port}`;
}

test('an answer comes whole, with the Host header that was asked for', async () => {
  const url = await serve(({ headers, url: path, method }, response) => {
    response.writeHead(201);
    response.write('é'.slice(0, 1));
    response.end(JSON.stringify({ host: headers.host, accept: headers['accept'], path, method }));
  });
  const answer = await prober.get(`${url}/a?b=c`, { host: 'shop.example', accept: 'text/html' }, 2000);
  expect(answer).toMatchObject({ status: 201, ms: expect.any(Number) });
  expect(answer).toHaveProperty('body', `é{"host":"shop.example","accept":"text/html","path":"/a?b=c","method":"GET"}`);
});

test('a redirect is an answer like another', async () => {
  const url = await serve((_request, response) => response.writeHead(302, { location: 'http://elsewhere/' }).end());
  expect(await prober.get(url, {}, 2000)).toMatchObject({ status: 302, body: '' });
});

test('of a long body the first million bytes are kept', async () => {
  const url = await serve((_request, response) => response.end('x'.repeat(3_000_000)));
  const answer = await prober.get(url, {}, 5000);
  const { length } = 'body' in answer ? answer.body : '';
  expect(answer).toHaveProperty('status', 200);
  expect(length).toBeGreaterThan(900_000);
  expect(length).toBeLessThanOrEqual(1_000_000);
});

test('each request has a connection of its own, so that none is lost with an old one', async () => {
  const ports = new Set<number | undefined>();
  const url = await serve(({ socket }, response) => {
    ports.add(socket.remotePort);
    response.end();
  });
  await prober.get(url, {}, 2000);
  await prober.get(url, {}, 2000);
  expect(ports.size).toBe(2);
});

test.each([
  ['before its head', false],
  ['within its body', true],
])('an answer that stops %s is no answer in time', async (_where, headSent) => {
  const url = await serve((_request, response) => {
    if (headSent) response.writeHead(200, { 'content-length': 10 }).write('x');
  });
  expect(await prober.get(url, {}, 100)).toEqual({ noAnswer: 'no answer within 100 ms' });
});

test('an answer that is cut off is not counted as an answer', async () => {
  const url = await serve(({ socket }, response) => {
    response.writeHead(200, { 'content-length': 10 });
    response.write('x', () => socket.destroy());
  });
  expect(await prober.get(url, {}, 2000)).toEqual({ noAnswer: expect.stringMatching(/aborted|hang up|RESET/i) });
});

test('a connection that is refused is no answer', async () => {
  expect(await prober.get('http://127.0.0.1:9/', {}, 2000)).toEqual({
    noAnswer: expect.stringMatching(/ECONNREFUSED/),
  });
});

test('a header that cannot be sent is no answer, and breaks nothing', async () => {
  const answer = await prober.get('http://127.0.0.1:9/', { 'x-a': 'two\nlines' }, 2000);
  expect(answer).toEqual({ noAnswer: expect.stringMatching(/header/i) });
});
