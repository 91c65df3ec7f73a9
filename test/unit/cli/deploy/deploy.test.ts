import { beforeEach, describe, expect, test } from 'vitest';
import type { Assembly } from '../../../../cli/deploy/assembly.ts';
import { inOrder } from '../../../../cli/deploy/assembly.ts';
import { type DeployPorts, deploy } from '../../../../cli/deploy/deploy.ts';
import { pickEnvironment } from '../../../../cli/deploy/environment.ts';
import * as module from '../../../../infra/environments/environments.ts';
import { type AccountState, done, environment, FakeAccount } from '../account.ts';
import { FakeTerminal } from '../terminal.ts';

const STACKS = ['farol-orchestrator', 'web-repository', 'web-pipeline', 'web-starter-service'];
const assembly: Assembly = {
  directory: '/assembly',
  stacks: STACKS.map((name) => ({
    name,
    template: { Resources: { One: { Type: 'AWS::EC2::VPC' }, Two: { Type: 'AWS::EC2::Subnet' } } },
  })),
  bootstrapVersion: 8,
  remove: () => Promise.resolve(),
};

let made: string[];
beforeEach(() => {
  made = [];
});

function world(state: Partial<AccountState> = {}, terminal = new FakeTerminal({ answers: ['yes', 'yes'] })) {
  const account = new FakeAccount(state);
  const ports: DeployPorts = {
    account,
    changes: account,
    cdk: {
      bootstrap: (id) => Promise.resolve(void made.push(`bootstrap ${id}`)),
      diff: (stack) => Promise.resolve(void made.push(`diff ${stack}`)),
      deploy(stack) {
        made.push(`deploy ${stack}`);
        account.state.stacks.set(
          stack,
          done(
            stack.endsWith('service')
              ? { Address: 'https://d1.cloudfront.net' }
              : stack.endsWith('pipeline')
                ? { ConnectionToConfirm: 'arn:connection' }
                : {},
          ),
        );
        return Promise.resolve();
      },
      destroy: () => Promise.resolve(),
    },
    terminal,
    now: () => 0,
    protection: { refusals: () => [], stackPolicy: () => ({ Statement: [] }) },
  };
  return { account, ports, terminal };
}

test('a first deployment: shown by what it makes, deployed in order, with address, click and next step', async () => {
  const { ports, terminal, account } = world({ connection: { name: 'farol-web', status: 'PENDING' } });
  await deploy(environment(), assembly, { only: [], despite: [], yes: false }, ports);
  expect(made).toEqual(STACKS.map((name) => `deploy ${name}`));
  expect(terminal.questions).toEqual(['Deploy starter?']);
  expect(terminal.said).toEqual(['web-starter  https://d1.cloudfront.net']);
  const told = terminal.told.join('\n');
  expect(told).toContain('2 resources: EC2 Subnet, EC2 VPC');
  expect(told).toContain('https://us-east-1.console.aws.amazon.com/codesuite/settings/connections?region=us-east-1');
  expect(told).toContain('choose farol-web');
  expect(told).toContain('git tag v1.0.0 && git push origin v1.0.0');
  expect(account.changes).toEqual(['policy web-starter-service {"Statement":[]}']);
});

test('an update: the differences are shown, and the policy stands before it begins', async () => {
  const { ports, account } = world({ stacks: new Map(STACKS.map((name) => [name, done()])) });
  account.setStackPolicy = (stack) => Promise.resolve(void made.push(`policy ${stack}`));
  await deploy(environment(), assembly, { only: [], despite: [], yes: true }, ports);
  expect(made).toEqual([
    ...STACKS.map((name) => `diff ${name}`),
    ...STACKS.slice(0, 3).map((name) => `deploy ${name}`),
    'policy web-starter-service',
    'deploy web-starter-service',
  ]);
});

test('one stack alone, when it is named', async () => {
  const { ports } = world();
  await deploy(environment(), assembly, { only: ['web-repository'], despite: [], yes: true }, ports);
  expect(made).toEqual(['deploy web-repository']);
  await expect(deploy(environment(), assembly, { only: ['web'], despite: [], yes: true }, ports)).rejects.toMatchObject(
    {
      todo: expect.stringContaining('web-repository'),
    },
  );
});

test('what is fixed once made is refused before anything is deployed', async () => {
  const { ports } = world({ stacks: new Map(STACKS.map((name) => [name, done()])) });
  const protection = { ...ports.protection, refusals: () => ['network.cidr: fixed once made.'] };
  await expect(
    deploy(environment(), assembly, { only: [], despite: [], yes: true }, { ...ports, protection }),
  ).rejects.toThrow('network.cidr');
  expect(made.filter((one) => one.startsWith('deploy'))).toEqual([]);
});

describe('what the command may make itself', () => {
  test('is asked for and made', async () => {
    const terminal = new FakeTerminal({ answers: ['yes', 'yes', 'yes'] });
    const { ports, account } = world({ bootstrap: undefined, missingRoles: ['AWSServiceRoleForECS'] }, terminal);
    await deploy(environment(), assembly, { only: [], despite: [], yes: false }, ports);
    expect(made[0]).toBe('bootstrap 111122223333');
    expect(account.changes[0]).toBe('role ecs.amazonaws.com');
  });

  test('is not made after a no', async () => {
    const { ports } = world({ bootstrap: undefined }, new FakeTerminal({ answers: ['no'] }));
    await expect(deploy(environment(), assembly, { only: [], despite: [], yes: false }, ports)).rejects.toThrow(
      'Not deployed',
    );
    expect(made).toEqual([]);
  });
});

test('a check that fails ends it before anything is shown or made', async () => {
  const { ports } = world({ prefixList: undefined, bootstrap: undefined });
  await expect(deploy(environment(), assembly, { only: [], despite: [], yes: true }, ports)).rejects.toMatchObject({
    todo: expect.stringContaining('NOT YET'),
  });
  expect(made).toEqual([]);
});

test('a check that is wrong is overruled by its name', async () => {
  const { ports } = world({ prefixList: undefined });
  await deploy(environment(), assembly, { only: [], despite: ['prefix list'], yes: true }, ports);
  expect(made).toHaveLength(STACKS.length);
});

test('without a terminal it wants --yes', async () => {
  const { ports } = world({}, new FakeTerminal({ interactive: false }));
  await expect(deploy(environment(), assembly, { only: [], despite: [], yes: false }, ports)).rejects.toMatchObject({
    exitCode: 2,
    todo: expect.stringContaining('--yes'),
  });
});

test.each<[string, object, RegExp, RegExp]>([
  ['strater', module, /no environment "strater".*mean "starter"/, /production, starter, promotion/],
  ['default', module, /no environment "default"/, /production, starter, promotion/],
  [
    'mine',
    { mine: { ...module.starter, targts: [] } },
    /mine cannot be deployed:\nenvironments: unknown key "targts"; did you mean "targets"/,
    /nothing was asked of AWS/,
  ],
])('%s is refused in a readable line, with exit code 2', (name, exported, message, todo) => {
  expect(() => pickEnvironment(exported, 'infra/environments/environments.ts', name)).toThrow(
    expect.objectContaining({
      message: expect.stringMatching(message),
      todo: expect.stringMatching(todo),
      exitCode: 2,
    }),
  );
});

test('stacks go in the order in which they need each other', () => {
  const names = ['web-b-service', 'web-pipeline', 'web-a-service', 'web-repository', 'farol-orchestrator'];
  expect(inOrder(names.map((name) => ({ name }))).map(({ name }) => name)).toEqual([
    'farol-orchestrator',
    'web-repository',
    'web-pipeline',
    'web-a-service',
    'web-b-service',
  ]);
});
