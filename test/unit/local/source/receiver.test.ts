import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { askGit, git } from '../../../../local/source/git.ts';
import { type Receiver, startReceiver } from '../../../../local/source/receiver.ts';

let folder: string;
let mine: string;
let receiver: Receiver;
const built: string[] = [];
const together: string[] = [];
let trouble: readonly [tag: string, reason: string] | undefined;
let whileBuilding: () => Promise<void>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'farol-'));
  mine = join(folder, 'mine');
  mkdirSync(mine);
  built.length = 0;
  together.length = 0;
  trouble = undefined;
  whileBuilding = () => Promise.resolve();
  await git(mine, ['init', '--quiet', '--initial-branch=main', '.']);
  await git(mine, ['commit', '--quiet', '--allow-empty', '--message', 'one']);
  receiver = await startReceiver(join(folder, "it's here.git"), {
    async build(repository, { tag, object, heads }, say) {
      // The builder reads the object from the repository it was pushed to.
      built.push(`${tag} ${await git(repository, ['rev-parse', `${object}^{commit}`])}`);
      together.push(...heads.map(({ branch }) => branch));
      say(`building ${tag}`);
      await whileBuilding();
      if (trouble?.[0] === tag) throw new Error(trouble[1]);
      say(`${tag} is built`);
    },
  });
});
afterEach(async () => {
  await receiver.close();
  rmSync(folder, { recursive: true, force: true });
});

async function push(...refs: string[]): Promise<{ code: number | undefined; said: string }> {
  const { exitCode, stderr } = await execa('git', ['push', receiver.remote, ...refs], { cwd: mine, reject: false });
  return { code: exitCode, said: stderr };
}

const kept = (ref: string): Promise<string | undefined> =>
  askGit(receiver.remote, ['rev-parse', '--verify', '--quiet', ref]);

test('a pushed version is built, and the person who pushed reads how', async () => {
  await git(mine, ['tag', 'v1.3.0']);
  const { code, said } = await push('v1.3.0');
  expect(code).toBe(0);
  expect(said).toContain('remote: farol: v1.3.0 is built');
  expect(built).toEqual([`v1.3.0 ${await git(mine, ['rev-parse', 'HEAD'])}`]);
});

test('an annotated tag is built from its commit', async () => {
  await git(mine, ['tag', '--annotate', '--message', 'notes', 'v1.3.0']);
  await push('v1.3.0');
  expect(built).toEqual([`v1.3.0 ${await git(mine, ['rev-parse', 'HEAD'])}`]);
});

test('several versions of one push are built one after the other', async () => {
  await git(mine, ['tag', 'v1.3.0']);
  await git(mine, ['tag', 'v1.4.0']);
  await push('v1.3.0', 'v1.4.0');
  expect(built.map((line) => line.split(' ')[0])).toEqual(['v1.3.0', 'v1.4.0']);
});

test('branches and other tags are stored, not built', async () => {
  await git(mine, ['tag', 'nightly']);
  const { code, said } = await push('main', 'nightly');
  expect(code).toBe(0);
  expect(said).toContain('refs/heads/main is stored; only tags like v1.4.0 are built');
  expect(built).toEqual([]);
});

test('a tag that looks like a version but is not valid is refused', async () => {
  await git(mine, ['tag', 'v1.3']);
  const { code, said } = await push('v1.3');
  expect(code).not.toBe(0);
  expect(said).toContain(
    '"v1.3" is no version: a version is v and a semantic version, as in v1.4.0 or v1.4.0-rc.1; write v1.3.0.',
  );
  expect(await kept('refs/tags/v1.3')).toBeUndefined();
});

test('a version never moves and is never taken away', async () => {
  await git(mine, ['tag', 'v1.3.0']);
  await push('v1.3.0');
  const before = await kept('refs/tags/v1.3.0');
  await git(mine, ['commit', '--quiet', '--allow-empty', '--message', 'two']);
  await git(mine, ['tag', '--force', 'v1.3.0']);
  expect((await push('--force', 'v1.3.0')).said).toContain('v1.3.0 was pushed before, and a version never changes');
  expect((await push('--delete', 'v1.3.0')).code).not.toBe(0);
  expect(await kept('refs/tags/v1.3.0')).toBe(before);
  expect(built).toHaveLength(1);
});

test('a version that cannot be built fails its push, and can be pushed again', async () => {
  await git(mine, ['tag', 'v1.3.0']);
  trouble = ['v1.3.0', 'no release.json'];
  const { code, said } = await push('v1.3.0');
  expect(code).not.toBe(0);
  expect(said).toContain('v1.3.0 was not built: no release.json');
  expect(said).toContain('[remote rejected] v1.3.0 -> v1.3.0');
  expect(await kept('refs/tags/v1.3.0')).toBeUndefined();
  trouble = undefined;
  expect(await push('v1.3.0')).toMatchObject({ code: 0, said: expect.stringContaining('v1.3.0 is built') });
  expect(await kept('refs/tags/v1.3.0')).toBeDefined();
});

test('what is pushed beside a version that cannot be built is stored', async () => {
  await git(mine, ['tag', 'v1.3.0']);
  await git(mine, ['tag', 'v1.4.0']);
  trouble = ['v1.3.0', 'no release.json'];
  expect((await push('main', 'v1.3.0', 'v1.4.0')).code).not.toBe(0);
  expect(await kept('refs/heads/main')).toBeDefined();
  expect(await kept('refs/tags/v1.3.0')).toBeUndefined();
  expect(await kept('refs/tags/v1.4.0')).toBeDefined();
});

test('the branches of an atomic push are known to the build', async () => {
  await git(mine, ['tag', 'v1.3.0']);
  expect((await push('--atomic', 'main', 'v1.3.0')).code).toBe(0);
  expect(together).toEqual(['main']);
});

test('a version that was built is stored, also when the person who pushed did not wait', async () => {
  await git(mine, ['tag', 'v1.3.0']);
  const pushing = execa('git', ['push', receiver.remote, 'v1.3.0'], { cwd: mine, reject: false, detached: true });
  const begun = Promise.withResolvers<void>();
  whileBuilding = async () => {
    begun.resolve();
    await pushing;
  };
  await begun.promise;
  // As the terminal does on Ctrl-C: git and its hooks get it together.
  process.kill(-(pushing.pid ?? Number.NaN), 'SIGINT');
  await pushing;
  await vi.waitFor(async () => expect(await kept('refs/tags/v1.3.0')).toBeDefined(), { timeout: 20_000 });
});

test('while nothing listens, nothing is taken', async () => {
  await receiver.close();
  await git(mine, ['tag', 'v1.3.0']);
  const { code, said } = await push('v1.3.0');
  expect(code).not.toBe(0);
  expect(said).toContain('npm start is not running');
  expect(await kept('refs/tags/v1.3.0')).toBeUndefined();
});
