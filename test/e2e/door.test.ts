import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Stage, startStage } from './harness.ts';
import { portsOf } from './listeners.ts';

/** What a browser sends for a page of another site. */
const ATTACKS: readonly { readonly method: string; readonly path: string; readonly headers: Record<string, string> }[] =
  [
    '/',
    '/2015-03-31/functions/farol-start-deployment/invocations',
    '/2015-03-31/functions',
    '/v2/',
    '/_local-aws/faults',
    '/_ministack/health',
    '/_aws/lambda-url/abc/',
  ].flatMap((path) => [
    { method: 'POST', path, headers: { origin: 'https://evil.example', 'content-type': 'text/plain' } },
    { method: 'POST', path, headers: { origin: 'null', 'content-type': 'text/plain' } },
    {
      method: 'OPTIONS',
      path,
      headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
    },
    { method: 'GET', path, headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' } },
    { method: 'POST', path, headers: { host: 'evil.example', 'content-type': 'text/plain' } },
    { method: 'GET', path, headers: { host: 'evil.example' } },
  ]);

let stage: Stage;
beforeAll(async () => {
  stage = await startStage({ name: 'door', rungs: ['first-release'] });
  await stage.deploy('v1.0.0');
}, 180_000);
afterAll(() => stage?.close(), 60_000);

/** Whether the application answers at a port: the load balancer's, or a task behind it. */
async function isApplication(port: number): Promise<boolean> {
  try {
    const answered = await fetch(`http://127.0.0.1:${port}/version`, { signal: AbortSignal.timeout(10_000) });
    return (await answered.text()).includes(stage.digests.get('v1.0.0') ?? 'nothing was pushed');
  } catch {
    return false;
  }
}

/** What a port answers; `no HTTP`: it closed the connection, or spoke something else. */
function answer(port: number, { method, path, headers }: (typeof ATTACKS)[number]): Promise<string> {
  return new Promise((resolve) => {
    const outgoing = request({ host: '127.0.0.1', port, method, path, headers, agent: false, timeout: 10_000 });
    outgoing.once('response', (incoming) => {
      incoming.resume();
      const allows = Object.keys(incoming.headers).filter((name) => name.startsWith('access-control'));
      resolve([incoming.statusCode, ...allows].join(' '));
    });
    outgoing.once('timeout', () => outgoing.destroy());
    outgoing.once('error', () => resolve('no HTTP'));
    outgoing.end(method === 'POST' ? '{}' : undefined);
  });
}

describe.runIf(process.platform === 'linux')('a web page in a browser on this machine', () => {
  test('is refused by everything that listens, but by the application’s own sites', async () => {
    const ports = portsOf(process.pid);
    expect(ports).toContain(stage.cloud.gateway.port);
    // Also where the load balancer has no task to ask.
    const { applicationUrl, settings } = stage.cloud;
    const { blue, green } = settings.infrastructure.slots;
    const loadBalancer = [applicationUrl, blue.preview, green.preview].map((url) => Number(new URL(url).port));
    const letIn: string[] = [];
    for (const port of ports) {
      if (loadBalancer.includes(port) || (await isApplication(port))) continue;
      for (const attack of ATTACKS) {
        const said = await answer(port, attack);
        if (!/^(no HTTP|403)$/.test(said))
          letIn.push(`${port}: ${attack.method} ${attack.path} ${JSON.stringify(attack.headers)}: ${said}`);
      }
    }
    expect(letIn).toEqual([]);
  });

  test('started nothing by that', async () => {
    expect([...stage.names]).toHaveLength(1);
  });

  test('comes to the application as to any site', async () => {
    const served = await fetch(stage.cloud.applicationUrl, { headers: { origin: 'https://elsewhere.example' } });
    expect(served.status).toBe(200);
  });
});
