import { createServer, type RequestListener, type Server } from 'node:http';
import { until } from '@farol/local-aws/deadline.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Generator } from '../../../../local/load/generator.ts';
import { startLoad } from '../../../../local/load/load.ts';
import { filesOf, linksOf } from '../../../../local/load/page.ts';
import { ofClass, type Tally, total } from '../../../../local/load/tally.ts';

let server: Server;
let url: string;
let answer: RequestListener;
beforeEach(async () => {
  server = createServer((request, response) => answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

/** Loads until so many requests were sent. */
async function load(paths: readonly string[], requests: number): Promise<Tally> {
  const generator = new Generator({ url, rate: 400, paths });
  await generator.start();
  await until(20_000, 'the load', () => (generator.view().sent >= requests ? true : undefined), 10);
  return generator.stop();
}

const html = { 'content-type': 'text/html; charset=utf-8' };

test('every request is counted once, as answered or as lost', async () => {
  let requests = 0;
  answer = ({ socket }, response) => {
    requests += 1;
    if (requests % 40 === 0) socket.destroy();
    else if (requests % 41 === 0) response.writeHead(503, { server: 'awselb/2.0' }).end();
    else if (requests % 43 === 0) response.writeHead(500, { server: 'app' }).end();
    else response.end('fine');
  };
  const tally = await load(['/'], 300);
  expect(tally.sent).toBe(requests);
  expect(total(tally.lost) + total(tally.statuses)).toBe(tally.sent);
  expect(tally.lost['503 of the load balancer']).toBeGreaterThan(0);
  expect(total(tally.lost)).toBeGreaterThan(tally.lost['503 of the load balancer'] ?? 0);
  expect(ofClass(tally, 5)).toBe(tally.statuses[500]);
  expect(tally.statuses[503]).toBeUndefined();
});

test('an error of the application itself is not lost', async () => {
  answer = (_, response) => void response.writeHead(503, { server: 'app' }).end();
  const tally = await load(['/'], 20);
  expect(total(tally.lost)).toBe(0);
  expect(ofClass(tally, 5)).toBe(tally.sent);
});

test('pages that others lead to are visited too, dead links are not', async () => {
  const visited = new Set<string>();
  answer = ({ url: path = '' }, response) => {
    visited.add(path);
    if (path === '/')
      response
        .writeHead(200, html)
        .end('<a href="/about/">About</a> <a href="/dead/">-</a> <a href="https://example.com/">x</a>');
    else response.writeHead(path === '/about/' ? 200 : 404, html).end();
  };
  const tally = await load(['/'], 100);
  expect([...visited].toSorted()).toEqual(['/', '/about/', '/dead/']);
  expect(tally.statuses[404]).toBe(1);
});

test('a static file that a page needs and that is not there shows', async () => {
  answer = ({ url: path = '' }, response) => {
    if (path === '/')
      response
        .writeHead(200, html)
        .end('<link rel="stylesheet" href="/static/a.css"><script src="/static/b.js"></script>');
    else response.writeHead(path.endsWith('.css') ? 404 : 200).end();
  };
  const tally = await load(['/'], 100);
  expect(tally.pages).toBeGreaterThan(0);
  expect(tally.broken).toEqual({ '404 /static/a.css': tally.pages });
});

test('runs in a thread of its own until it is stopped, and tells how it stands', async () => {
  answer = (_, response) => void response.end('fine');
  const running = await startLoad({ url, rate: 200, paths: ['/'] });
  await until(20_000, 'the load', () => (running.tally.sent > 50 ? true : undefined));
  const tally = await running.stop();
  expect(await running.stop()).toBe(tally);
  expect(total(tally.statuses)).toBe(tally.sent);
});

describe('what a page names', () => {
  const page = new URL('http://app.example/book/');

  test('files that it loads, of its own host, each once', () => {
    const text = `<link href="style.css?v=1&amp;x=2" rel="stylesheet"><link rel="canonical" href="/book/"><link rel="icon" href="/icon.png">
      <script src='/js/a.js'></script><script src='/js/a.js'></script><img alt="" src="//cdn.example/x.png"><script>let src = "/no"</script>`;
    expect(filesOf(text, page)).toEqual(['/book/style.css?v=1&x=2', '/icon.png', '/js/a.js']);
  });

  test('pages that it leads to', () => {
    const text =
      '<a href="../about/">1</a><a class="x" href="?page=2">2</a><a href="#top">3</a><a href="mailto:a@b">4</a>';
    expect(linksOf(text, page)).toEqual(['/about/', '/book/?page=2']);
  });
});
