import { beforeEach, expect, test, vi } from 'vitest';
import type { Assembly } from '../../../../cli/deploy/assembly.ts';
import { type DestroyPorts, destroy } from '../../../../cli/destroy/destroy.ts';
import type { NetworkResources, RetainedResources } from '../../../../cli/destroy/ports.ts';
import { type AccountState, done, environment, FakeAccount } from '../account.ts';
import { FakeTerminal } from '../terminal.ts';

vi.mock('node:timers/promises', () => ({ setTimeout: () => Promise.resolve() }));

const STACKS = ['farol-orchestrator', 'web-repository', 'web-pipeline', 'web-starter-service'];
const template = (DeletionPolicy = 'Delete') => ({
  Resources: { Table: { Type: 'AWS::DynamoDB::GlobalTable', DeletionPolicy } },
});
const assembly: Assembly = {
  directory: '/assembly',
  stacks: STACKS.map((name) => ({ name, template: template() })),
  bootstrapVersion: 8,
  remove: () => Promise.resolve(),
};
const NOTHING: NetworkResources = { interfaces: [], groups: [] };

let happened: string[];
beforeEach(() => {
  happened = [];
});

interface World extends Partial<AccountState> {
  readonly network?: NetworkResources[];
  /** How often the deletion of the service stack fails. */
  readonly failures?: number;
  readonly terminal?: FakeTerminal;
}

function world({
  network = [],
  failures = 0,
  terminal = new FakeTerminal({ answers: ['starter'] }),
  ...state
}: World = {}) {
  const account = new FakeAccount({ stacks: new Map(STACKS.map((name) => [name, done()])), ...state });
  let left = failures;
  const retained: RetainedResources = {
    emptyBuckets: (stack) => Promise.resolve(stack === 'web-pipeline' ? ['artifacts'] : []),
    inNetwork: () => Promise.resolve(network.length > 1 ? (network.shift() ?? NOTHING) : (network[0] ?? NOTHING)),
    clearNetwork: ({ interfaces, groups }) =>
      Promise.resolve(void happened.push(`clear ${interfaces.length} ${groups.length}`)),
    snapshots: () => Promise.resolve([{ id: 'last-snapshot', gibibytes: 20 }]),
    automatedBackups: () => Promise.reject(Object.assign(new Error('you may not'), { name: 'AccessDenied' })),
    logGroups: (prefix) =>
      Promise.resolve(prefix.startsWith('/aws/ecs') ? [{ name: `${prefix}performance`, bytes: 2 * 1024 ** 3 }] : []),
    secrets: () => Promise.resolve(['arn:forgotten']),
    removeSecret: (name) => Promise.resolve(void happened.push(`forget ${name}`)),
  };
  const ports: DestroyPorts = {
    account,
    changes: { setStackPolicy: (stack) => Promise.resolve(void happened.push(`policy ${stack}`)) },
    retained,
    cdk: {
      bootstrap: () => Promise.resolve(),
      diff: () => Promise.resolve(),
      deploy: (stack) => Promise.resolve(void happened.push(`deploy ${stack}`)),
      destroy(stack) {
        happened.push(`destroy ${stack}`);
        if (stack.endsWith('-service') && left > 0) {
          left -= 1;
          return Promise.reject(new Error('the vpc has dependencies'));
        }
        account.state.stacks.delete(stack);
        return Promise.resolve();
      },
    },
    terminal,
  };
  return { ports, terminal, account };
}

const ORDER = ['web-starter-service', 'web-pipeline', 'web-repository', 'farol-orchestrator'].map(
  (name) => `destroy ${name}`,
);

test('what runs goes first, the ledger last, and what is left is listed with its price and its end', async () => {
  const { ports, terminal } = world();
  await destroy(environment(), assembly, { confirm: undefined }, ports);
  expect(happened).toEqual([...ORDER, 'forget arn:forgotten']);
  const said = terminal.said.join('\n');
  expect(said).toContain('snapshot last-snapshot of the database');
  expect(said).toContain('at most $1.90 a month (20 GiB)');
  expect(said).toContain('aws rds delete-db-snapshot --region us-east-1 --db-snapshot-identifier last-snapshot');
  expect(said).toContain('/aws/ecs/containerinsights/web-starter/performance');
  expect(said).toContain('costs $0.06 a month');
  expect(said).toContain('could not be looked at: AccessDenied: you may not');
  expect(said).toContain('aws rds describe-db-instance-automated-backups --region us-east-1');
  expect(said).toContain('cdk-hnb659fds-assets-111122223333-us-east-1');
});

test.each<[string, World & { confirm?: string; protect?: boolean }, RegExp, RegExp]>([
  [
    'a wrong name',
    { terminal: new FakeTerminal({ answers: ['yes'] }) },
    /"yes" is not "starter"/,
    /Nothing was taken away/,
  ],
  [
    'no terminal to ask in',
    { terminal: new FakeTerminal({ interactive: false }) },
    /no terminal to ask in/,
    /--confirm starter/,
  ],
  [
    'protection',
    { protect: true },
    /is protected/,
    /deletionProtection to false in infra\/environments\/environments\.ts/,
  ],
  ['a deployment that runs', { running: ['web-starter-v1'] }, /web-starter-v1/, /wait|Wait/],
])('%s ends it before anything goes', async (_name, { confirm, protect, ...state }, message, todo) => {
  const { ports } = world(state);
  const named = environment((value) => Object.assign(value.orchestrator, { deletionProtection: protect === true }));
  await expect(destroy(named, assembly, { confirm }, ports)).rejects.toMatchObject({
    message: expect.stringMatching(message),
    todo: expect.stringMatching(todo),
  });
  expect(happened).toEqual([]);
});

test('what was deployed with protection is deployed once without, before any stack goes', async () => {
  const { ports } = world({ templates: { 'farol-orchestrator': template('RetainExceptOnCreate') } });
  await destroy(environment(), assembly, { confirm: 'starter' }, ports);
  expect(happened.slice(0, 3)).toEqual(['policy farol-orchestrator', 'deploy farol-orchestrator', ORDER[0]]);
});

test('what AWS still has in the network is waited for, cleared, and the deletion begun again', async () => {
  const eni = (inUse: boolean) => ({ id: 'eni-1', description: 'AWS Lambda VPC ENI-farol-probe', inUse });
  const groups = [{ id: 'sg-1', name: 'CloudFront-VPCOrigins-Service-SG' }];
  const { ports, terminal } = world({
    failures: 1,
    network: [
      { interfaces: [eni(true)], groups },
      { interfaces: [eni(true)], groups },
      { interfaces: [eni(false)], groups },
    ],
  });
  await destroy(environment(), assembly, { confirm: 'starter' }, ports);
  expect(happened.slice(0, 3)).toEqual([ORDER[0], 'clear 1 1', ORDER[0]]);
  expect(terminal.told.join('\n')).toContain('waiting for eni-1 (AWS Lambda VPC ENI-farol-probe)');
});

test('a deletion that fails for another reason is told as it is', async () => {
  const { ports } = world({ failures: 1 });
  await expect(destroy(environment(), assembly, { confirm: 'starter' }, ports)).rejects.toThrow(
    'the vpc has dependencies',
  );
});

test('nothing there: it says so, and lists what is left all the same', async () => {
  const { ports, terminal } = world({ stacks: new Map() });
  await destroy(environment(), assembly, { confirm: undefined }, ports);
  expect(happened).toEqual(['forget arn:forgotten']);
  expect(terminal.said.join('\n')).toContain('last-snapshot');
});
