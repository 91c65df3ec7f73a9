import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ROOT } from '../../local/setup.mjs';
import { git } from '../../local/source/git.ts';
import { complaints } from '../../local/terminal/expectation.ts';
import { type Stage, startStage } from './harness.ts';
import { testInvariants } from './invariants.ts';

const VERSIONS = ['v1.0.0', 'v1.1.0'];

/** A repository of its own, as a person would bring it. */
const app = mkdtempSync(join(tmpdir(), 'farol-app-'));
let stage: Stage;
beforeAll(async () => {
  cpSync(join(ROOT, 'test', 'fixtures', 'app'), app, { recursive: true });
  await git(app, ['init', '--quiet']);
  await git(app, ['add', '--all']);
  for (const version of VERSIONS) {
    await git(app, ['commit', '--quiet', '--allow-empty', '--message', version]);
    await git(app, ['tag', version]);
  }
  stage = await startStage({ name: 'app', app });
}, 180_000);
afterAll(async () => {
  await stage?.close();
  rmSync(app, { recursive: true, force: true });
}, 60_000);

test.each(VERSIONS)("another application's %s goes the same way", async (version) => {
  const execution = await stage.deploy(version);
  expect(complaints(stage.release(version), execution), execution.cause).toEqual([]);
  const answer = await fetch(new URL('/version', stage.cloud.applicationUrl));
  expect(await answer.json()).toMatchObject({ version, digest: stage.digests.get(version) });
  if (stage.loads.length === 0) await stage.startLoad(100, [...stage.cloud.paths, '/version']);
});

test('without migrations no task is run', () => {
  expect(stage.timeline.calls.filter(({ operation }) => operation === 'RunTask')).toEqual([]);
});

testInvariants(() => stage);
