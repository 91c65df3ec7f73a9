import type { RegisterTaskDefinitionCommandInput, TaskDefinition } from '@aws-sdk/client-ecs';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { Head } from '#core/contract/ledger.ts';
import type { ReleaseJson } from '#core/contract/release.ts';
import type { TaskStatus } from '#core/ports.ts';
import { type RunPorts, type RunRequest, run } from '../../../../cli/run/run.ts';
import { RELEASE_JSON } from '../../../fixtures/release-json.ts';
import { SETTINGS } from '../../../fixtures/settings.ts';
import { FakeTerminal } from '../terminal.ts';

vi.mock('node:timers/promises', () => ({ setTimeout: () => Promise.resolve() }));

const RELEASE: ReleaseJson = { ...RELEASE_JSON, migrate: ['admin', 'migrate'] };
const DIGEST = `sha256:${'a'.repeat(64)}`;
const LIVE: NonNullable<Head['live']> = {
  deployment: 'web-production-v1_0_0-aaaaaaaa-1',
  slot: 'blue',
  deployable: { digest: DIGEST, version: 'v1.0.0', settingsHash: '0123456789abcdef' },
  taskDefinition: 'arn:live:3',
  releaseJson: RELEASE,
};
const DEFINITION: TaskDefinition = {
  taskDefinitionArn: 'arn:live:3',
  networkMode: 'awsvpc',
  cpu: '256',
  memory: '512',
  executionRoleArn: 'arn:execution',
  taskRoleArn: 'arn:task',
  volumes: [{ name: 'tmp' }],
  containerDefinitions: [
    {
      name: 'app',
      image: `registry/web@${DIGEST}`,
      command: ['serve'],
      readonlyRootFilesystem: true,
      portMappings: [{ containerPort: 8000 }],
      environment: [
        { name: 'FAROL_SLOT', value: 'blue' },
        { name: 'MODE', value: 'live' },
      ],
      secrets: [{ name: 'SECRET_KEY', valueFrom: 'arn:key' }],
    },
  ],
};
const STOPPED: TaskStatus = {
  state: 'stopped',
  exitCode: 0,
  started: true,
  stopped: '2026-01-01T00:00:00.000Z',
  reason: '',
  lastLines: [],
};

let happened: string[];
let registered: RegisterTaskDefinitionCommandInput | undefined;
let kept: Record<string, string> | undefined;
beforeEach(() => {
  happened = [];
  registered = undefined;
  kept = undefined;
});

interface World {
  readonly live?: Head['live'];
  readonly definition?: TaskDefinition;
  readonly statuses?: TaskStatus[];
  readonly lines?: string[][];
  readonly start?: { taskArn: string } | { reason: string };
  readonly terminal?: FakeTerminal;
  readonly environment?: Record<string, string>;
}

function ports({
  live = LIVE,
  definition = DEFINITION,
  statuses = [{ state: 'running' }, STOPPED],
  lines = [],
  start = { taskArn: 'arn:task/1' },
  terminal = new FakeTerminal(),
  environment = {},
}: World = {}): RunPorts {
  return {
    targets: {
      published: () => Promise.resolve([SETTINGS]),
      head: () => Promise.resolve(live === undefined ? {} : { live }),
    },
    tasks: {
      definition: () => Promise.resolve(definition),
      register(input) {
        happened.push('register');
        registered = input;
        return Promise.resolve('arn:run:1');
      },
      deregister: (arn) => Promise.resolve(void happened.push(`deregister ${arn}`)),
      start(_settings, arn, by) {
        happened.push(`start ${arn} by ${by}`);
        return Promise.resolve(start);
      },
      status: () => Promise.resolve(statuses.length > 1 ? (statuses.shift() ?? STOPPED) : (statuses[0] ?? STOPPED)),
      stop: () => Promise.resolve(void happened.push('stop')),
      newLines: () => Promise.resolve(lines.shift() ?? []),
    },
    secrets: {
      keep(_target, values) {
        kept = { ...values };
        happened.push('keep');
        return Promise.resolve({
          arn: 'arn:secret',
          valueFrom: Object.fromEntries(Object.keys(values).map((name) => [name, `arn:secret:${name}::`])),
        });
      },
      remove: () => Promise.resolve(void happened.push('forget')),
    },
    terminal,
    caller: () => Promise.resolve('arn:aws:sts::1:assumed-role/Admin/ana@example.com'),
    environment,
  };
}

const REQUEST: RunRequest = { command: ['ls'], environment: {}, secrets: [] };
const never = new AbortController().signal;

describe('a task that runs', () => {
  test('shows its lines, also the last ones, and gives its exit code', async () => {
    const terminal = new FakeTerminal();
    const statuses: TaskStatus[] = [{ state: 'missing' }, { state: 'running' }, { ...STOPPED, exitCode: 3 }];
    const world = ports({ terminal, statuses, lines: [[], ['one'], [], ['two'], [], ['three']] });
    expect(await run(REQUEST, world, never)).toBe(3);
    expect(terminal.said).toEqual(['one', 'two', 'three']);
    expect(happened).toEqual(['register', 'start arn:run:1 by ana_example_com', 'deregister arn:run:1']);
  });

  test('is the live one with another command: no port, no slot, all else as live has it', async () => {
    await run({ ...REQUEST, environment: { MODE: 'by hand' } }, ports(), never);
    expect(registered).toMatchObject({
      family: 'web-production-run',
      executionRoleArn: 'arn:execution',
      taskRoleArn: 'arn:task',
      containerDefinitions: [
        {
          image: `registry/web@${DIGEST}`,
          command: ['ls'],
          readonlyRootFilesystem: true,
          environment: [
            { name: 'FAROL_SLOT', value: 'none' },
            { name: 'MODE', value: 'by hand' },
          ],
          secrets: [{ name: 'SECRET_KEY', valueFrom: 'arn:key' }],
        },
      ],
    });
    expect(registered?.containerDefinitions?.[0]).not.toHaveProperty('portMappings');
  });

  test('is stopped by Ctrl-C, and cleaned up after', async () => {
    const interruption = new AbortController();
    interruption.abort();
    expect(await run(REQUEST, ports(), interruption.signal)).toBe(130);
    expect(happened).toEqual(['register', expect.stringMatching(/^start/), 'stop', 'deregister arn:run:1']);
  });
});

describe('secrets', () => {
  const request = { ...REQUEST, secrets: ['TOKEN'] };

  test('are asked for, referred to, and gone afterwards', async () => {
    const terminal = new FakeTerminal({ answers: ['hush'] });
    await run(request, ports({ terminal }), never);
    expect(kept).toEqual({ TOKEN: 'hush' });
    expect(JSON.stringify(registered)).not.toContain('hush');
    expect(registered?.containerDefinitions?.[0]?.secrets).toContainEqual({
      name: 'TOKEN',
      valueFrom: 'arn:secret:TOKEN::',
    });
    expect(happened.at(-1)).toBe('forget');
  });

  test('are gone also when the task could not be started', async () => {
    const world = ports({ start: { reason: 'no capacity' }, environment: { TOKEN: 'hush' } });
    await expect(run(request, world, never)).rejects.toThrow('no capacity');
    expect(happened.slice(-2)).toEqual(['deregister arn:run:1', 'forget']);
  });

  test('without a person to ask come from the environment, or are missed', async () => {
    const terminal = new FakeTerminal({ interactive: false });
    await run(request, ports({ terminal, environment: { TOKEN: 'hush' } }), never);
    expect(kept).toEqual({ TOKEN: 'hush' });
    await expect(run(request, ports({ terminal }), never)).rejects.toThrow('TOKEN has no value');
  });
});

test('what a command would ask is asked here, by what the application says of it', async () => {
  const asks: ReleaseJson['asks'] = [
    { command: ['admin', 'new'], arguments: ['--quiet'], variables: { NAME: 'text', PASSWORD: 'secret' } },
  ];
  const terminal = new FakeTerminal({ answers: ['ana', 'hush'] });
  const world = ports({ live: { ...LIVE, releaseJson: { ...RELEASE, asks } }, terminal });
  await run({ ...REQUEST, command: ['admin', 'new', '-v'] }, world, never);
  expect(terminal.questions).toEqual(['NAME:', 'PASSWORD:']);
  expect(registered?.containerDefinitions?.[0]?.command).toEqual(['admin', 'new', '-v', '--quiet']);
  expect(registered?.containerDefinitions?.[0]?.environment).toContainEqual({ name: 'NAME', value: 'ana' });
  expect(kept).toEqual({ PASSWORD: 'hush' });
});

test.each<[string, World & { request?: Partial<RunRequest> }, RegExp]>([
  ['several targets and none named', { request: { target: 'web/other' } }, /no target web\/other/],
  ["the release's own migration", { request: { command: [...(RELEASE.migrate ?? []), '--fake'] } }, /deployment alone/],
  [
    'another image than the ledger says',
    { definition: { ...DEFINITION, containerDefinitions: [{ name: 'app', image: 'other@sha256:b' }] } },
    /ledger calls/,
  ],
  [
    'a task that never ran',
    {
      statuses: [
        {
          state: 'stopped',
          started: false,
          stopped: '2026-01-01T00:00:00.000Z',
          reason: 'CannotPullContainerError',
          lastLines: [],
        },
      ],
    },
    /never ran.*CannotPull/,
  ],
  ['a task that ECS never shows', { statuses: [{ state: 'missing' }] }, /does not show the task/],
])('%s is an error that says what to do', async (_name, { request, ...world }, message) => {
  await expect(run({ ...REQUEST, ...request }, ports(world), never)).rejects.toMatchObject({
    message: expect.stringMatching(message),
    todo: expect.stringMatching(/\w{3,}/),
  });
});
