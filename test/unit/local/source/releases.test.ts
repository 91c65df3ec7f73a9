import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { git } from '../../../../local/source/git.ts';
import { releasesOf, rungsOf } from '../../../../local/source/releases.ts';

let folder: string;
let app: string;
let work: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'farol-'));
  app = join(folder, 'app');
  work = join(folder, 'work');
  mkdirSync(app);
  write('release.json', '{}');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(path: string, content: string): void {
  mkdirSync(join(app, path, '..'), { recursive: true });
  writeFileSync(join(app, path), content);
}

function rung(name: string, content: object): void {
  write(`ladder/${name}/rung.json`, JSON.stringify(content));
}

async function commit(...tags: string[]): Promise<void> {
  await git(app, ['add', '--all']);
  await git(app, ['commit', '--quiet', '--allow-empty', '--message', `then ${tags.join(' ')}`]);
  for (const tag of tags) await git(app, ['tag', tag]);
}

const files = async (repository: string, tag: string): Promise<string[]> =>
  (await git(repository, ['ls-tree', '-r', '--name-only', tag])).split('\n');

describe('a folder without git', () => {
  test('is deployed as it is, as v1.0.0', async () => {
    write('pages/index.html', 'hello');
    const { releases, prefix } = await releasesOf(app, work);
    expect(releases).toMatchObject([{ tag: 'v1.0.0', outcome: 'live' }]);
    expect(prefix).toBe('');
    expect(await files(work, 'v1.0.0')).toEqual(['pages/index.html', 'release.json']);
  });

  test('needs a release.json', async () => {
    rmSync(join(app, 'release.json'));
    await expect(releasesOf(app, work)).rejects.toThrow('has no release.json');
  });
});

describe('a git repository', () => {
  beforeEach(() => git(app, ['init', '--quiet', '.']));

  test('gives its versions in order, without tags that are none and without those that hold no release.json', async () => {
    rmSync(join(app, 'release.json'));
    await commit('v0.1.0');
    write('release.json', '{}');
    await commit('v0.10.0', 'v0.9.0', 'v1', 'version-two', 'v1.0.0-rc.1', 'v1.0.0');
    const { releases } = await releasesOf(app, work);
    expect(releases.map(({ tag }) => tag)).toEqual(['v0.9.0', 'v0.10.0', 'v1.0.0-rc.1', 'v1.0.0']);
  });

  test('without versions gives its files, new ones too, ignored ones not', async () => {
    write('.gitignore', 'secret\n');
    await commit();
    write('secret', 'x');
    write('new', 'x');
    const { releases } = await releasesOf(app, work);
    expect(releases.map(({ tag }) => tag)).toEqual(['v1.0.0']);
    expect(await files(work, 'v1.0.0')).toEqual(['.gitignore', 'new', 'release.json']);
  });

  test('an application in a folder of it is named by that folder', async () => {
    write('shop/release.json', '{}');
    await commit('v2.0.0');
    const { releases, prefix } = await releasesOf(join(app, 'shop'), work);
    expect(prefix).toBe('shop');
    expect(releases.map(({ tag }) => tag)).toEqual(['v2.0.0']);
  });
});

describe('a ladder', () => {
  beforeEach(() => {
    rung('first', { version: 'v1.0.0', on: null, title: 'One', outcome: 'live', start: 1 });
    rung('second', { version: 'v1.1.0', on: 'first', title: 'Two', outcome: 'live', start: 2 });
    rung('third', {
      version: 'v1.2.0',
      on: 'second',
      title: 'Three',
      outcome: 'rolled back',
      state: 'Check step',
      start: 3,
    });
    rung('aside', { version: 'v9.0.0', on: null, title: 'Aside', outcome: 'refused' });
    write('page', 'base');
    write('ladder/second/files/page', 'second');
    write('ladder/second/files/new', 'second');
    write('ladder/third/files/new', 'third');
  });

  test('gives the rungs that have a place, each on top of the one that it stands on', async () => {
    const { releases } = await releasesOf(app, work);
    expect(releases).toMatchObject([
      { tag: 'v1.0.0', title: 'One', outcome: 'live' },
      { tag: 'v1.1.0', title: 'Two', outcome: 'live' },
      { tag: 'v1.2.0', title: 'Three', outcome: 'rolled back', state: 'Check step' },
    ]);
    expect(await files(work, 'v1.2.0')).toEqual(['new', 'page', 'release.json']);
    expect(await git(work, ['show', 'v1.0.0:page'])).toBe('base');
    expect(await git(work, ['show', 'v1.2.0:page'])).toBe('second');
    expect(await git(work, ['show', 'v1.2.0:new'])).toBe('third');
  });

  test('gives the same commits in every run', async () => {
    await releasesOf(app, work);
    const first = await git(work, ['rev-parse', 'v1.2.0']);
    await releasesOf(app, join(folder, 'other'));
    expect(await git(join(folder, 'other'), ['rev-parse', 'v1.2.0'])).toBe(first);
  });

  test.each([
    [{ version: 'v1.0', on: null, title: '', outcome: 'live' }, 'version'],
    [{ version: 'v1.0.0', on: null, title: '', outcome: 'fine' }, 'outcome'],
    [{ version: 'v1.0.0', on: null, title: '', outcome: 'live', starts: 1 }, 'starts'],
  ])('refuses the rung %j', (content, place) => {
    rung('wrong', content);
    expect(() => rungsOf(app)).toThrow(place);
  });

  test('refuses a rung that stands on nothing', async () => {
    rung('lost', { version: 'v1.4.0', on: 'nowhere', title: '', outcome: 'live', start: 4 });
    await expect(releasesOf(app, work)).rejects.toThrow('rung lost stands on nowhere');
  });
});
