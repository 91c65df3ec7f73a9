import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ReleaseJson } from '#core/contract/release.ts';
import { buildImage } from '../../../../local/image/build.ts';
import { digestOf, type Image, ImageConfig, Manifest } from '../../../../local/image/oci.ts';
import { RegistryError, Repository } from '../../../../local/image/registry.ts';
import { RegistryImages } from '../../../../local/image/store.ts';
import { type MemoryRegistry, startMemoryRegistry } from '../../../fixtures/registry.ts';
import { RELEASE_JSON } from '../../../fixtures/release-json.ts';

const release: ReleaseJson = {
  ...RELEASE_JSON,
  start: ['serve', '--now'],
  local: { prepare: [], path: ['.tools/bin'] },
};

let folder: string;
let tree: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'farol-'));
  tree = join(folder, 'tree');
  mkdirSync(join(tree, 'pages', 'deep'), { recursive: true });
  mkdirSync(join(tree, '__pycache__'));
  writeFileSync(join(tree, '__pycache__', 'x.pyc'), 'changes at every run');
  writeFileSync(join(tree, 'pages', 'deep', 'index.html'), 'hello');
  writeFileSync(join(tree, '@name'), 'a name that archivers read as a command');
  writeFileSync(join(tree, 'run.sh'), '#!/bin/sh\n');
  chmodSync(join(tree, 'run.sh'), 0o755);
  symlinkSync(join(folder, 'outside'), join(tree, '.tools'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function build(commit = 'c0ffee'): Promise<Image> {
  return buildImage({
    tree,
    release,
    version: 'v1.2.3',
    commit,
    author: 'Ana <ana@example.com>',
    build: 'web-build:1',
  });
}

const json = (content: Buffer): unknown => JSON.parse(content.toString());

describe('an image', () => {
  test('of the same tree is the same image, whenever the files were written', async () => {
    const first = await build();
    utimesSync(join(tree, 'run.sh'), 1, 1);
    writeFileSync(join(tree, '__pycache__', 'y.pyc'), 'another');
    expect((await build()).digest).toBe(first.digest);
  });

  test('of another file or commit is another image', async () => {
    const first = await build();
    expect((await build('bead')).digest).not.toBe(first.digest);
    writeFileSync(join(tree, 'pages', 'deep', 'index.html'), 'bye');
    expect((await build()).digest).not.toBe(first.digest);
  });

  test('says in its labels what it is', async () => {
    const image = await build();
    const manifest = Manifest.parse(json(image.manifest));
    expect(image.digest).toBe(digestOf(image.manifest));
    expect(manifest.config.digest).toBe(digestOf(image.config));
    expect(manifest.layers[0]?.digest).toBe(digestOf(image.layer));
    expect(ImageConfig.parse(json(image.config)).config).toEqual({
      Cmd: ['serve', '--now'],
      Env: ['FAROL_VERSION=v1.2.3', 'FAROL_COMMIT=c0ffee'],
      WorkingDir: '/app',
      Labels: {
        'farol.release': JSON.stringify(release),
        'farol.build': 'web-build:1',
        'org.opencontainers.image.authors': 'Ana <ana@example.com>',
        'org.opencontainers.image.revision': 'c0ffee',
        'org.opencontainers.image.version': 'v1.2.3',
      },
    });
  });
});

describe('through a registry', () => {
  let registry: MemoryRegistry;
  let repository: Repository;
  beforeEach(async () => {
    registry = await startMemoryRegistry();
    repository = new Repository(registry.url, 'web');
  });
  afterEach(() => registry.close());

  const named = (digest: string): string => `123456789012.dkr.ecr.sa-east-1.amazonaws.com/web@${digest}`;

  test('a pushed image opens with the tree as it was', async () => {
    const image = await build();
    await repository.push(image, 'v1.2.3');
    expect(registry.requests.at(-1)).toBe('PUT /v2/web/manifests/v1.2.3');
    const opened = await new RegistryImages(registry.url, join(folder, 'images')).open(named(image.digest));
    expect(opened).toMatchObject({
      env: { FAROL_VERSION: 'v1.2.3', FAROL_COMMIT: 'c0ffee' },
      command: ['serve', '--now'],
      path: [join(opened.directory, '.tools/bin')],
    });
    expect(readdirSync(opened.directory).toSorted()).toEqual(['.tools', '@name', 'pages', 'run.sh']);
    expect(readFileSync(join(opened.directory, 'pages/deep/index.html'), 'utf8')).toBe('hello');
    expect(statSync(join(opened.directory, 'run.sh')).mode & 0o111).toBe(0o111);
    expect(lstatSync(join(opened.directory, '.tools')).isSymbolicLink()).toBe(true);
    expect(readlinkSync(join(opened.directory, '.tools'))).toBe(join(folder, 'outside'));
  });

  test('what lies in the registry already is not sent again, and a layer is pulled once', async () => {
    const [first, second] = [await build(), await build('bead')];
    await repository.push(first, 'v1.2.3');
    await repository.push(second, 'v1.2.4');
    expect(registry.requests.filter((line) => line.startsWith('POST'))).toHaveLength(3);
    const images = new RegistryImages(registry.url, join(folder, 'images'));
    const [one, other, again] = await Promise.all(
      [first, second, first].map(({ digest }) => images.open(named(digest))),
    );
    expect(one?.directory).toBe(other?.directory);
    expect(again).toBe(one);
    expect(readdirSync(join(folder, 'images'))).toEqual([digestOf(first.layer).slice('sha256:'.length)]);
  });

  test('a tag that is taken is refused with the registry code', async () => {
    await repository.push(await build(), 'v1.2.3');
    const push = repository.push(await build('bead'), 'v1.2.3');
    await expect(push).rejects.toThrow(RegistryError);
    await expect(push).rejects.toMatchObject({ code: 'TAG_INVALID' });
  });

  test('content that is not what its digest says is not opened, and may be had later', async () => {
    const image = await build();
    await repository.push(image, 'v1.2.3');
    registry.spoil(digestOf(image.layer));
    const images = new RegistryImages(registry.url, join(folder, 'images'));
    await expect(images.open(named(image.digest))).rejects.toThrow('sent something else');
    expect(existsSync(join(folder, 'images'))).toBe(false);
  });

  test('an image must be named by its digest', async () => {
    const images = new RegistryImages(registry.url, join(folder, 'images'));
    await expect(images.open('registry.example/web:v1.2.3')).rejects.toThrow('not named by its digest');
  });
});
