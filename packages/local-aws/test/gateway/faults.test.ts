import { ECSClient, ListClustersCommand, UpdateServiceCommand } from '@aws-sdk/client-ecs';
import { ElasticLoadBalancingV2Client, ModifyRuleCommand } from '@aws-sdk/client-elastic-load-balancing-v2';
import { describe, expect, test } from 'vitest';
import { type FaultInput, Faults } from '../../src/gateway/faults.ts';
import { testGateway } from '../fixtures/gateway.ts';

const call = { service: 'ecs', operation: 'UpdateService', caller: 'shop-orders', params: { service: 'blue' } };

const fails = { kind: 'fail-before' } as const;

function hits(rule: FaultInput, calls: number): number[] {
  const faults = new Faults();
  faults.add(rule);
  return Array.from({ length: calls }, (_, at) => (faults.meet(call).length > 0 ? at + 1 : 0)).filter((at) => at > 0);
}

describe('which calls meet a fault', () => {
  test.each([
    [{ effect: fails }, [1]],
    [{ effect: fails, skip: 2 }, [3]],
    [{ effect: fails, skip: 1, times: 2 }, [2, 3]],
    [{ effect: fails, times: 'always' }, [1, 2, 3, 4]],
    [{ effect: fails, service: 'ecs', operation: 'Update*', caller: 'shop-*' }, [1]],
    [{ effect: fails, service: 'elbv2' }, []],
    [{ effect: fails, caller: 'shop' }, []],
    [{ effect: fails, when: (params) => params['service'] === 'blue' }, [1]],
    [{ effect: fails, when: (params) => params['service'] === 'green' }, []],
  ] satisfies [FaultInput, number[]][])('%j', (rule, expected) => {
    expect(hits(rule, 4)).toEqual(expected);
  });

  test('a malformed rule is refused', () => {
    expect(() => new Faults().add({ effect: { kind: 'delay', ms: -1 } })).toThrow('expected number to be >=0');
  });
});

async function counted(faults: FaultInput[]) {
  let effects = 0;
  const gateway = await testGateway({
    faults,
    services: [
      {
        service: 'ecs',
        operations: {
          UpdateService() {
            effects += 1;
            return {};
          },
          ListClusters: () => ({ clusterArns: [] }),
        },
      },
    ],
  });
  const client = new ECSClient(gateway.client);
  return {
    gateway,
    client,
    effects: () => effects,
    update: () => client.send(new UpdateServiceCommand({ service: 's' })),
  };
}

test('before: no effect, and only the calls that match', async () => {
  const { gateway, client, update, effects } = await counted([
    {
      id: 'f',
      operation: 'UpdateService',
      effect: { kind: 'fail-before', code: 'ServerException', status: 500, message: 'out' },
    },
  ]);
  await client.send(new ListClustersCommand({}));
  await expect(update()).rejects.toMatchObject({ name: 'ServerException', message: 'out' });
  expect(effects()).toBe(0);
  await update();
  expect(effects()).toBe(1);
  const records = await gateway.records();
  expect(records.map(({ operation, status, faults }) => [operation, status, faults])).toEqual([
    ['ListClusters', 200, undefined],
    ['UpdateService', 500, ['f']],
    ['UpdateService', 200, undefined],
  ]);
});

test('after: the effect is there, the caller does not know', async () => {
  const { update, effects } = await counted([{ effect: { kind: 'fail-after' } }]);
  await expect(update()).rejects.toMatchObject({ name: 'InternalFailure' });
  expect(effects()).toBe(1);
});

test('a cut connection', async () => {
  const { gateway, update, effects } = await counted([{ effect: { kind: 'fail-after', reset: true } }]);
  await expect(update()).rejects.toMatchObject({ code: 'ECONNRESET' });
  expect(effects()).toBe(1);
  expect(await gateway.records()).toMatchObject([{ status: 0, error: { code: 'ConnectionReset' } }]);
});

test('throttling is told in the words of the service, so that SDKs know it', async () => {
  const gateway = await testGateway({
    faults: [{ times: 2, effect: { kind: 'throttle' } }],
    services: [
      { service: 'ecs', operations: { ListClusters: () => ({}) } },
      { service: 'elbv2', operations: { ModifyRule: () => ({}) } },
    ],
  });
  await expect(new ECSClient(gateway.client).send(new ListClustersCommand({}))).rejects.toMatchObject({
    name: 'ThrottlingException',
  });
  const elb = new ElasticLoadBalancingV2Client({ ...gateway.client, maxAttempts: 2 });
  await elb.send(new ModifyRuleCommand({ RuleArn: 'r' }));
  const throttled = (await gateway.records()).map(({ error }) => error?.code);
  expect(throttled).toEqual(['ThrottlingException', 'Throttling', undefined]);
});

test('a delay holds the call, not others', async () => {
  const { client, update } = await counted([
    { operation: 'UpdateService', effect: { kind: 'delay', ms: 300, when: 'after' } },
  ]);
  const order: string[] = [];
  await Promise.all([
    update().then(() => order.push('update')),
    client.send(new ListClustersCommand({})).then(() => order.push('list')),
  ]);
  expect(order).toEqual(['list', 'update']);
});

test('over HTTP: armed, listed, cleared; not by web pages', async () => {
  const { gateway, update } = await counted([]);
  const url = `${gateway.url}/_local-aws/faults`;
  const post = (body: string, headers = {}) => fetch(url, { method: 'POST', body, headers });
  const armed = await post('{"service":"ecs","times":"always","effect":{"kind":"fail-before"}}');
  expect([armed.status, await armed.json()]).toEqual([201, { id: 'fault-1' }]);
  await expect(update()).rejects.toMatchObject({ name: 'InternalFailure' });
  expect(await (await fetch(url)).json()).toMatchObject([{ id: 'fault-1', service: 'ecs', hit: 1 }]);
  expect((await fetch(`${url}/fault-1`, { method: 'DELETE' })).status).toBe(200);
  expect((await fetch(`${url}/fault-1`, { method: 'DELETE' })).status).toBe(404);
  await update();
  expect((await post('{"effect":{"kind":"explode"}}')).status).toBe(400);
  expect((await post('{')).status).toBe(400);
  expect((await post('{"effect":{"kind":"throttle"}}', { origin: 'https://example.org' })).status).toBe(403);
});
