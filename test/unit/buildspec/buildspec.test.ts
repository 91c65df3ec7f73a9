import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { BUILD_VARIABLES, NO_VERSION } from '#core/contract/pipeline.ts';
import { ReleaseJson } from '#core/contract/release.ts';
import { versionProblem } from '#core/contract/version.ts';
import { ROOT } from '../../../local/setup.mjs';
import { BUILDSPEC, type BuildRun, pairs, runBuildspec } from '../../fixtures/buildspec.ts';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

const URI = '111122223333.dkr.ecr.us-east-1.amazonaws.com/web';
const DIGEST = `sha256:${'d'.repeat(64)}`;

/** Writes down how it was called, one JSON array a line, and answers as a registry with some releases would. */
const STAND_IN = `#!/usr/bin/env node
import { appendFileSync } from 'node:fs';
import { basename } from 'node:path';
const [, self, ...args] = process.argv;
const call = [basename(self), ...args];
appendFileSync(process.env.CALLS, JSON.stringify(call) + '\\n');
const text = call.join(' ');
if (text.includes(process.env.FAILS)) process.exit(1);
if (text.includes(' codepipeline get-pipeline-execution ')) console.log(process.env.TRIGGER);
if (text.includes(' codepipeline list-action-executions ')) console.log(process.env.PUSHED);
if (text.includes(' ecr list-images ')) console.log(process.env.RELEASES.replaceAll(' ', '\\t'));
if (text.includes(' dynamodb get-item ')) {
  const { pk } = JSON.parse(args[args.indexOf('--key') + 1]);
  console.log(JSON.parse(process.env.LIVE_AT)[pk.S] ?? 'None');
}
if (text.includes(' ecr describe-images ')) console.log('${DIGEST}');
if (text.includes(' ecr get-login-password')) console.log('password');
if (text.startsWith('docker image inspect')) console.log('python@${DIGEST}');
`;

const PUSH = { triggerType: 'WebhookV2', triggerDetail: 'arn:aws:codeconnections:us-east-1:111122223333:connection/1' };

interface Run extends BuildRun {
  /** How docker and aws were called, in their order. */
  readonly calls: string[][];
  readonly commit: string;
}

interface Given {
  readonly tags: string[];
  readonly releases?: string;
  /** The tag that began the run, where the source action tells it. */
  readonly pushed?: string;
  /** Branches that targets ask for. */
  readonly asked?: string;
  /** What is live, by the target. */
  readonly live?: Readonly<Record<string, string>>;
  readonly trigger?: Readonly<Record<string, string>>;
  readonly fails?: string;
}

/** Builds a clone of a repository whose head has the given tags. Docker and AWS are stand-ins. */
async function build({
  tags,
  releases = '',
  fails = 'nothing',
  pushed,
  asked = '',
  live = {},
  trigger = PUSH,
}: Given): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), 'farol-build-'));
  folders.push(folder);
  const origin = join(folder, 'origin');
  const clone = join(folder, 'clone');
  const tools = join(folder, 'tools');
  const calls = join(folder, 'calls');
  const git = (cwd: string, ...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=test', '-c', 'user.email=test@example.com', ...args], {
      cwd,
      encoding: 'utf8',
    }).trim();
  mkdirSync(join(origin, 'django'), { recursive: true });
  cpSync(join(ROOT, 'django/release.json'), join(origin, 'django/release.json'));
  git(origin, 'init', '--quiet', '--initial-branch=main');
  git(origin, 'add', '.');
  git(origin, 'commit', '--quiet', '--message=a release');
  git(folder, 'clone', '--quiet', '--no-tags', origin, clone);
  for (const tag of tags) git(origin, 'tag', tag);
  mkdirSync(tools);
  writeFileSync(join(tools, 'package.json'), '{ "type": "module" }');
  for (const tool of ['docker', 'aws']) {
    writeFileSync(join(tools, tool), STAND_IN);
    chmodSync(join(tools, tool), 0o755);
  }
  writeFileSync(calls, '');
  const run = await runBuildspec({
    clone,
    tools,
    timeout: 60,
    env: {
      CALLS: calls,
      RELEASES: releases,
      FAILS: fails,
      FAROL_REPOSITORY_URI: URI,
      FAROL_PIPELINE: 'web-release',
      FAROL_RUN: 'c53dbd42-0000-4000-8000-000000000000',
      FAROL_BRANCHES_ASKED: asked,
      FAROL_TARGETS: 'web/staging web/production',
      FAROL_HEADS: 'farol-ledger-heads',
      LIVE_AT: JSON.stringify(
        Object.fromEntries(Object.entries(live).map(([at, version]) => [`TARGET#${at}`, version])),
      ),
      TRIGGER: JSON.stringify(trigger),
      PUSHED: JSON.stringify(pushed ?? null),
      CODEBUILD_BUILD_ID: 'web-build:1',
    },
  });
  return {
    ...run,
    calls: readFileSync(calls, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => z.array(z.string()).parse(JSON.parse(line))),
    commit: git(origin, 'rev-parse', 'HEAD'),
  };
}

/** The arguments of the Dockerfile that a call hands over. */
function buildArguments(call: string[] = []): Record<string, string> {
  return pairs(call.filter((_, i) => call[i - 1] === '--build-arg'));
}

const imageBuild = ({ calls }: Run) => calls.find((call) => call.slice(0, 3).join(' ') === 'docker build --tag');
const pushes = ({ calls }: Run) => calls.filter((call) => call[1] === 'push');

describe('a build of a version tag', async () => {
  const run = await build({
    tags: ['v1.4.0'],
    pushed: 'v1.4.0',
    asked: 'main release/1.x',
    releases: 'v1.10.0 v1.2.0 v1.3.0 v1.1.0',
    live: { 'web/staging': 'v1.10.0', 'web/production': 'v1.1.0' },
  });

  test('ends well and tells the pipeline what it made', () => {
    expect(run.status, run.output).toBe(0);
    expect(run.exported).toEqual({
      FAROL_VERSION: 'v1.4.0',
      FAROL_DIGEST: DIGEST,
      FAROL_COMMIT: run.commit,
      FAROL_STARTED: 'the push of v1.4.0',
      FAROL_BRANCHES: 'main',
    });
    expect(Object.keys(run.exported)).toEqual(expect.arrayContaining(Object.values(BUILD_VARIABLES)));
  });

  test('labels the image with release.json word for word, commit, build and version', () => {
    const given = buildArguments(imageBuild(run));
    expect(given).toMatchObject({ VERSION: 'v1.4.0', COMMIT: run.commit, BUILD: 'web-build:1' });
    expect(given, 'the base that was tested on, by its digest').toMatchObject({ BASE: `python@${DIGEST}` });
    const text = given['RELEASE_JSON'] ?? '';
    expect(text).toBe(readFileSync(join(ROOT, 'django/release.json'), 'utf8').trim());
    expect(ReleaseJson.safeParse(JSON.parse(text)).success).toBe(true);
  });

  test('gives the Dockerfile every argument that it knows, and none that it does not', () => {
    const dockerfile = readFileSync(join(ROOT, 'django/Dockerfile'), 'utf8');
    const known = new Set([...dockerfile.matchAll(/^ARG (\w+)/gm)].map(([, name]) => name));
    expect(new Set(Object.keys(buildArguments(imageBuild(run))))).toEqual(known);
  });

  test('keeps the static files of what is live at each target, and of the two releases before it', () => {
    expect(buildArguments(imageBuild(run))).toMatchObject({
      PREVIOUS_1: `${URI}:v1.10.0`,
      PREVIOUS_2: `${URI}:v1.1.0`,
      PREVIOUS_3: `${URI}:v1.3.0`,
      PREVIOUS_4: `${URI}:v1.2.0`,
    });
  });

  test('pushes one manifest, by its version, after the tests', () => {
    expect(BUILDSPEC.env.variables).toMatchObject({ BUILDX_NO_DEFAULT_ATTESTATIONS: '1' });
    expect(pushes(run)).toEqual([['docker', 'push', '--quiet', `${URI}:v1.4.0`]]);
    const words = run.calls.map((call) => call.join(' '));
    const place = (text: string) => words.findIndex((call) => call.includes(text));
    expect(place('python -m pytest')).toBeGreaterThan(0);
    expect(place('python -m pytest')).toBeLessThan(place('docker build --tag'));
    expect(place('docker build --tag')).toBeLessThan(place('docker push'));
  });
});

test('while the ledger does not answer, nothing is built', async () => {
  const run = await build({ tags: ['v1.4.0'], pushed: 'v1.4.0', releases: 'v1.3.0', fails: ' dynamodb get-item ' });
  expect(run.status).not.toBe(0);
  expect(imageBuild(run)).toBeUndefined();
});

test('the first release of all has none before it', async () => {
  const given = buildArguments(imageBuild(await build({ tags: ['v1.0.0'] })));
  expect(given).toMatchObject({ VERSION: 'v1.0.0' });
  expect(Object.keys(given).filter((name) => name.startsWith('PREVIOUS'))).toEqual([]);
});

test.each([
  ['no tag', []],
  ['tags that nobody means as versions', ['latest', 'v1', 'version-1.2.3']],
])('a run with %s tests, releases nothing and ends well', async (_what, tags) => {
  const run = await build({ tags });
  expect(run.status, run.output).toBe(0);
  expect(run.exported).toMatchObject({ FAROL_VERSION: NO_VERSION, FAROL_DIGEST: 'none' });
  expect(imageBuild(run)).toBeUndefined();
  expect(pushes(run)).toEqual([]);
  expect(run.calls.some((call) => call.includes('get-login-password'))).toBe(false);
  expect(run.calls.some((call) => call.join(' ').includes('python -m pytest'))).toBe(true);
});

const NO_VERSIONS = [
  'v1.4.0-01',
  'v1.0.0-rc.01',
  'v1.0.0-2026.09.01',
  'v9007199254740993.0.0',
  'v2026.03.07',
  'v1.4.0+build.5',
  'V1.4.0',
  '1.4.0',
  'v1.4',
  'v01.2.3',
  'v1.4.0-feature-checkout.12',
  'release/v1.4.0',
];
test.each(NO_VERSIONS)(
  '%s is a tag that was meant as a version but is not valid: the run is red and says so',
  async (tag) => {
    expect(versionProblem(tag)).toBeDefined();
    const run = await build({ tags: [tag] });
    expect(run.status).toBe(1);
    expect(run.output).toContain(`No version: ${versionProblem(tag)}`);
    expect(imageBuild(run)).toBeUndefined();
  },
);

test.each(['v1.4.0', 'v1.4.0-rc.1', 'v1.4.0-rc-2.x', 'v2026.3.7', 'v0.0.0-0a', 'v1.4.0-feature-check.12'])(
  '%s is a version, here as in the contract',
  async (tag) => {
    expect(versionProblem(tag)).toBeUndefined();
    expect((await build({ tags: [tag] })).exported).toMatchObject({ FAROL_VERSION: tag });
  },
);

test.each([
  ['v1.4.0-rc.1', 'v1.4.0'],
  ['v1.9.0', 'v1.10.0'],
])('of %s and %s on one commit the one is built whose push began the run', async (one, other) => {
  for (const pushed of [one, other])
    expect((await build({ tags: [one, other], pushed })).exported).toMatchObject({
      FAROL_VERSION: pushed,
      FAROL_STARTED: `the push of ${pushed}`,
    });
});

test('a run that a person started says who, and builds the only version that its commit can mean', async () => {
  const trigger = {
    triggerType: 'StartPipelineExecution',
    triggerDetail: 'arn:aws:sts::111122223333:assumed-role/Admin/ana',
  };
  const run = await build({ tags: ['v1.4.0-rc.1', 'v1.4.0'], releases: 'v1.4.0-rc.1', trigger });
  expect(run.exported).toMatchObject({
    FAROL_VERSION: 'v1.4.0',
    FAROL_STARTED: `${trigger.triggerDetail} without a tag (StartPipelineExecution)`,
  });
  const red = await build({ tags: ['v1.4.0-rc.1', 'v1.4.0'], trigger });
  expect(red.status).toBe(1);
  expect(red.output).toContain(`started by ${trigger.triggerDetail}`);
  expect(imageBuild(red)).toBeUndefined();
});

test('a commit that no branch asked for holds is built, and its build says so', async () => {
  const run = await build({ tags: ['v1.4.0'], asked: 'stable' });
  expect(run.exported).toMatchObject({ FAROL_VERSION: 'v1.4.0', FAROL_BRANCHES: '' });
});

test('the base is named by its digest', () => {
  expect(BUILDSPEC.env.variables['BASE']).toMatch(/@sha256:[0-9a-f]{64}$/);
});

describe('the tests of the application', async () => {
  const { calls } = await build({ tags: ['v1.4.0'] });
  const tests = calls.find((call) => call.join(' ').includes('python -m pytest')) ?? [];
  const name = 'tests-web-build-1';

  test('reach nothing but the database beside them', () => {
    expect(calls).toContainEqual(['docker', 'network', 'create', '--internal', name]);
    expect(tests[tests.indexOf('--network') + 1]).toBe(name);
    expect(tests.filter((word) => word === '--network')).toHaveLength(1);
  });

  test('are given no credentials, and nothing of the machine but their tree', () => {
    const given = tests.filter((_, i) => tests[i - 1] === '--env').map((pair) => pair.split('=')[0]);
    expect(given).toEqual(['POSTGRES_HOST', 'POSTGRES_NAME', 'POSTGRES_USER', 'POSTGRES_PASSWORD']);
    const mounted = tests.filter((_, i) => tests[i - 1] === '--volume');
    expect(mounted.map((volume) => volume.replace(/.*\/clone/, 'clone'))).toEqual([
      `${name}:/venv:ro`,
      'clone/django:/tree:ro',
    ]);
    expect(tests).not.toContain('--privileged');
  });

  test('find what they need there: no code of the tag runs where the network is', () => {
    const install = calls.find((call) => call.join(' ').includes('pip install')) ?? [];
    expect(install).not.toContain('--network');
    expect(install.join(' ')).toContain('--only-binary=:all:');
    expect(
      install.filter((_, i) => install[i - 1] === '--volume').map((volume) => volume.replace(/.*\/clone/, 'clone')),
    ).toEqual([`${name}:/venv`, 'clone/django/requirements-dev.txt:/requirements.txt:ro']);
  });
});

test('a version that is in the registry already is refused in words, before anything is built', async () => {
  const run = await build({ tags: ['v1.4.0'], releases: 'v1.4.0' });
  expect(run.status).toBe(1);
  expect(run.output).toContain('v1.4.0 is in the registry already');
  expect(imageBuild(run)).toBeUndefined();
});

test.each([
  ['the tests fail', 'python -m pytest'],
  ['the image cannot be built', 'docker build --tag'],
  ['the registry cannot be asked', 'ecr list-images'],
  ['what began the run cannot be asked', 'get-pipeline-execution'],
  ['the tag that began it cannot be asked', 'list-action-executions'],
])('nothing is pushed when %s', async (_what, fails) => {
  const run = await build({ tags: ['v1.4.0'], fails });
  expect(run.status).toBe(1);
  expect(pushes(run)).toEqual([]);
});

test('a phase that fails ends the build, so that nothing is pushed after it', () => {
  expect(BUILDSPEC.phases.pre_build['on-failure']).toBe('ABORT');
  expect(BUILDSPEC.phases.build['on-failure']).toBe('ABORT');
});
