import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BatchGetBuildsOutput } from '@aws-sdk/client-codebuild';
import { PLACE } from '@farol/local-aws/aws-side.ts';
import { CodeBuild } from '@farol/local-aws/codebuild/service.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ImageMaker } from '../../../../local/image/maker.ts';
import { treeImages } from '../../../../local/image/maker.ts';
import { Repository } from '../../../../local/image/registry.ts';
import { RegistryImages } from '../../../../local/image/store.ts';
import { Builder, type BuilderOptions } from '../../../../local/source/builder.ts';
import { git } from '../../../../local/source/git.ts';
import { type MemoryRegistry, startMemoryRegistry } from '../../../fixtures/registry.ts';
import { RELEASE_JSON } from '../../../fixtures/release-json.ts';

let folder: string;
let source: string;
let registry: MemoryRegistry;
let codebuild: CodeBuild;
let builder: Builder;
/** Ids of the builds, in order. */
const begun: string[] = [];
const said: string[] = [];
let options: BuilderOptions;
let live: readonly string[];
const say = (line: string): void => void said.push(line);

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'farol-'));
  source = join(folder, 'source');
  mkdirSync(source);
  begun.length = 0;
  said.length = 0;
  live = [];
  registry = await startMemoryRegistry();
  codebuild = new CodeBuild(PLACE, { name: 'web-build', pipeline: 'web-release' });
  options = {
    folder: join(folder, 'builds'),
    cache: join(folder, 'cache'),
    log: (version) => join(folder, `${version}.log`),
    prefix: 'shop',
    codebuild: {
      begin: (commit) => {
        const id = codebuild.begin(commit);
        begun.push(id);
        return id;
      },
      end: (id, ...how) => codebuild.end(id, ...how),
    },
    live: () => Promise.resolve(live),
    images: treeImages(new Repository(registry.url, 'web')),
  };
  builder = new Builder(options);
  await git(source, ['init', '--quiet', '--initial-branch=main', '.']);
});
afterEach(async () => {
  await registry.close();
  rmSync(folder, { recursive: true, force: true });
});

async function tag(name: string, files: Record<string, string>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(source, path, '..'), { recursive: true });
    writeFileSync(join(source, path), content, { mode: path.startsWith('bin/') ? 0o755 : 0o644 });
  }
  await git(source, ['add', '--all']);
  await git(source, ['commit', '--quiet', '--message', name]);
  await git(source, ['tag', name]);
}

const contract = (...prepare: string[][]): string =>
  JSON.stringify({ ...RELEASE_JSON, local: { prepare, path: ['bin'] } });

/** What CodeBuild says of the builds so far. */
async function recorded(): Promise<readonly unknown[]> {
  const answer: BatchGetBuildsOutput | undefined = await codebuild.service.operations['BatchGetBuilds']?.(
    { ids: begun },
    { id: 'test' },
  );
  return answer?.builds ?? [];
}

async function opened(digest: string): Promise<string> {
  const images = new RegistryImages(registry.url, join(folder, 'images'));
  return (await images.open(`registry.example/web@${digest}`)).directory;
}

test('a tag becomes an image, its build a record', async () => {
  await tag('v1.0.0', { 'release.json': contract(), page: 'hello' });
  const built = await builder.publish(source, 'v1.0.0', say);
  const commit = await git(source, ['rev-parse', 'v1.0.0']);
  expect(built).toMatchObject({ version: 'v1.0.0', commit });
  expect(readFileSync(join(await opened(built.digest), 'page'), 'utf8')).toBe('hello');
  expect(await recorded()).toMatchObject([
    {
      buildStatus: 'SUCCEEDED',
      projectName: 'web-build',
      initiator: 'codepipeline/web-release',
      resolvedSourceVersion: commit,
      exportedEnvironmentVariables: [
        { name: 'FAROL_VERSION', value: 'v1.0.0' },
        { name: 'FAROL_DIGEST', value: built.digest },
        { name: 'FAROL_COMMIT', value: commit },
        { name: 'FAROL_STARTED', value: 'the push of v1.0.0' },
        { name: 'FAROL_BRANCHES', value: 'main' },
      ],
    },
  ]);
  expect(said).toEqual(['building v1.0.0']);
});

test('an application in a folder of the tagged tree is the image by itself', async () => {
  await tag('v1.0.0', { 'shop/release.json': contract(), 'shop/page': 'hello', other: 'x' });
  const { digest } = await builder.publish(source, 'v1.0.0', say);
  expect(readFileSync(join(await opened(digest), 'page'), 'utf8')).toBe('hello');
});

test('its commands run in the tree, once, and are told of the cache, the version and the releases before', async () => {
  const script =
    'echo "$FAROL_VERSION $FAROL_COMMIT" > made; echo once >> "$FAROL_CACHE/runs"; printf %s "$FAROL_PREVIOUS" > before';
  const prepare = contract(['sh', '-c', script], ['tool']);
  await tag('v1.0.0', { 'release.json': prepare, 'bin/tool': '#!/bin/sh\necho ran the tool\n' });
  await tag('v1.1.0', { page: 'new' });
  await builder.prepare(source, 'v1.0.0');
  await builder.prepare(source, 'v1.1.0');
  const { digest } = await builder.publish(source, 'v1.1.0', say);
  const directory = await opened(digest);
  expect(readFileSync(join(directory, 'made'), 'utf8')).toBe(`v1.1.0 ${await git(source, ['rev-parse', 'v1.1.0'])}\n`);
  expect(readFileSync(join(folder, 'cache', 'runs'), 'utf8')).toBe('once\nonce\n');
  const before = readFileSync(join(directory, 'before'), 'utf8');
  expect(before).toBe(join(folder, 'builds', await git(source, ['rev-parse', 'v1.0.0'])));
  expect(readFileSync(join(folder, 'v1.1.0.log'), 'utf8')).toContain('ran the tool');
});

test('an image keeps what is live, however many releases failed after it', async () => {
  for (const name of ['v1.0.0', 'v1.1.0', 'v1.2.0', 'v1.3.0', 'v1.4.0'])
    await tag(name, { 'release.json': contract(), page: name });
  const asked: (readonly string[])[] = [];
  const images: ImageMaker = {
    wantsPrepared: false,
    publish({ version, previous }) {
      asked.push([version, ...previous]);
      return Promise.resolve(`sha256:${version}`);
    },
    close: () => Promise.resolve(),
  };
  builder = new Builder({ ...options, images });
  await builder.publish(source, 'v1.0.0', say);
  live = ['v1.0.0'];
  for (const name of ['v1.1.0', 'v1.2.0', 'v1.3.0', 'v1.4.0']) await builder.publish(source, name, say);
  expect(asked.at(-1)).toEqual(['v1.4.0', 'v1.0.0', 'v1.3.0', 'v1.2.0']);
});

test('a command that fails is told with its last lines, and tried again when the tag is pushed again', async () => {
  await tag('v1.0.0', { 'release.json': contract(['sh', '-c', 'echo a reason; test -e "$FAROL_CACHE/mended"']) });
  await expect(builder.publish(source, 'v1.0.0', say)).rejects.toThrow(/failed[\s\S]*a reason/);
  expect(begun).toEqual([]);
  writeFileSync(join(folder, 'cache', 'mended'), '');
  await expect(builder.publish(source, 'v1.0.0', say)).resolves.toMatchObject({ version: 'v1.0.0' });
});

test('a version that the registry has already is refused, its record failed', async () => {
  await tag('v1.0.0', { 'release.json': contract() });
  await builder.publish(source, 'v1.0.0', say);
  await expect(builder.publish(source, 'v1.0.0', say)).rejects.toThrow('the registry has a v1.0.0 already');
  expect(await recorded()).toMatchObject([{ buildStatus: 'SUCCEEDED' }, { buildStatus: 'FAILED' }]);
});

test.each([
  ['no release.json', { page: 'x' }, 'v1.0.0 has no release.json and no shop/release.json'],
  ['one that is not JSON', { 'release.json': '{' }, 'release.json is not JSON'],
  [
    'one that breaks the contract',
    { 'release.json': '{"schema":1,"ports":1}' },
    /does not follow the contract[\s\S]*ports/,
  ],
])('a tree with %s is told so', async (_, files, line) => {
  await tag('v1.0.0', files);
  await expect(builder.publish(source, 'v1.0.0', say)).rejects.toThrow(line);
});
