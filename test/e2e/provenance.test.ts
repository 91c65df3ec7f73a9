import { join } from 'node:path';
import { CodeBuildClient, StartBuildCommand } from '@aws-sdk/client-codebuild';
import { clientOptions } from '@farol/local-aws/aws-side.ts';
import type { Scan } from '@farol/local-aws/ecr/scans.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BUILD_VARIABLES } from '#core/contract/pipeline.ts';
import { Digest } from '#core/contract/release.ts';
import { targetOf } from '#core/contract/settings.ts';
import { deploymentName } from '#core/domain/deployment-name.ts';
import { buildImage } from '../../local/image/build.ts';
import { Repository } from '../../local/image/registry.ts';
import { readApplication } from '../../local/source/contract.ts';
import { git } from '../../local/source/git.ts';
import { type Stage, startStage } from './harness.ts';

const FIRST = 'v1.0.0';

let stage: Stage;
/** Of the release that was built as releases are. */
let commit: string;
let build: string;
beforeAll(async () => {
  stage = await startStage({ name: 'provenance', rungs: ['first-release'] });
  await stage.publish((settings) => ({
    ...settings,
    provenance: { timeout: '10s', branch: 'main' },
    scan: { ...settings.scan, timeout: '10s' },
  }));
  // The target takes what is on main alone: the branch is pushed before the tag, as a team does.
  await git(stage.release(FIRST).repository, ['push', '--quiet', stage.cloud.remote, 'HEAD:refs/heads/main']);
  await stage.deploy(FIRST);
  const { head } = await stage.ledger();
  const { repository, tag } = stage.release(FIRST);
  ({ commit } = await readApplication(repository, tag, ''));
  const images = new Repository(stage.cloud.gateway.url, 'web');
  const manifest = await images.manifest(String(head.live?.deployable.digest));
  ({ 'farol.build': build = '' } = (await images.config(manifest)).config.Labels ?? {});
}, 180_000);
afterAll(() => stage?.close(), 60_000);

/**
 * Pushes an image past every build, as anyone with the right to push could.
 * @param scan what the registry's scan of it comes to
 * @returns its digest and the deployment that follows
 */
async function pushed(version: string, labels: { commit: string; build: string }, scan?: Scan | null) {
  const { repository, tag } = stage.release(FIRST);
  const { author, release } = await readApplication(repository, tag, '');
  const tree = join(stage.logs, '..', 'builds', commit);
  const image = await buildImage({ tree, release, version, author, ...labels });
  if (scan !== undefined) stage.cloud.scans.byDigest.set(image.digest, scan);
  await new Repository(stage.cloud.gateway.url, 'web').push(image, version);
  const digest = Digest.parse(image.digest);
  return { digest, deployment: deploymentName(targetOf(stage.cloud.settings), version, digest, 1) };
}

/** Why a deployment was refused; nothing of it ran, and what is live is what was. */
async function refusal(deployment: string): Promise<string> {
  const { error, cause = '' } = await stage.ended(deployment);
  expect(error, cause).toBe('refused');
  const { head, entries } = await stage.ledger();
  expect(head.live?.deployable.version).toBe(FIRST);
  const own = entries.filter((entry) => entry.deployment === deployment).map(({ type }) => type);
  expect(own).not.toContain('fact');
  expect(own).not.toContain('intent');
  const served = await fetch(new URL('/version', stage.cloud.applicationUrl));
  expect(await served.json()).toMatchObject({ version: FIRST });
  return cause;
}

describe('an image that somebody pushed by hand is refused', () => {
  test('when its label names a succeeded build of another commit', async () => {
    const { deployment } = await pushed('v1.0.1', { commit: 'f'.repeat(40), build });
    expect(await refusal(deployment)).toMatch(new RegExp(`commit f{40}.*${build} built ${commit}`));
  });

  test('when it names the build and the commit of the release that is live', async () => {
    const { digest, deployment } = await pushed('v1.0.2', { commit, build });
    expect(await refusal(deployment)).toMatch(new RegExp(`digest ${digest}.*${build}.*sha256:`));
  });

  test('when it names no build, or another project', async () => {
    expect(await refusal((await pushed('v1.0.3', { commit, build: '' })).deployment)).toMatch(
      /does not say which build/,
    );
    expect(await refusal((await pushed('v1.0.4', { commit, build: 'shop-build:1' })).deployment)).toMatch(
      /project shop-build/,
    );
  });

  test('when it names a build that somebody started without the pipeline', async () => {
    const client = new CodeBuildClient(clientOptions(stage.cloud.gateway.url, 'mallory'));
    const started = await client.send(new StartBuildCommand({ projectName: 'web-build', sourceVersion: commit }));
    const { deployment } = await pushed('v1.0.5', { commit, build: started.build?.id ?? '' });
    expect(await refusal(deployment)).toMatch(/started by mallory.*codepipeline\/web-release/);
  });

  test('when it names a build that stays in progress for ever', async () => {
    const { deployment } = await pushed('v1.0.6', { commit, build: stage.cloud.codebuild.begin(commit) });
    expect(await refusal(deployment)).toMatch(/IN_PROGRESS.*10s.*provenance\.timeout/);
  });

  test('when its build failed after the push', async () => {
    const id = stage.cloud.codebuild.begin(commit);
    const { deployment } = await pushed('v1.0.7', { commit, build: id });
    await stage.inState(deployment, ['Wait for proof', 'Preflight']);
    stage.cloud.codebuild.end(id, 'FAILED');
    expect(await refusal(deployment)).toMatch(/ended FAILED/);
  });
});

/** Has the build of an image end well, as the buildspec does. */
function built(id: string, version: string, digest: string, onBranches = 'main'): void {
  const { version: tag, digest: made, commit: of, branches } = BUILD_VARIABLES;
  stage.cloud.codebuild.end(id, 'SUCCEEDED', { [tag]: version, [made]: digest, [of]: commit, [branches]: onBranches });
}

test('an image of a commit that is not on the branch that the target asks for is refused', async () => {
  const id = stage.cloud.codebuild.begin(commit);
  const { digest, deployment } = await pushed('v1.0.8', { commit, build: id });
  built(id, 'v1.0.8', digest, 'stable main-2');
  expect(await refusal(deployment)).toMatch(new RegExp(`branch main .*provenance\\.branch.*${commit} is not on it`));
});

/** Pushes an image whose build proves it. */
async function released(version: string, scan: Scan | null) {
  const id = stage.cloud.codebuild.begin(commit);
  const { digest, deployment } = await pushed(version, { commit, build: id }, scan);
  built(id, version, digest);
  return { digest, deployment };
}

describe('an image that its build proves is refused', () => {
  const critical = { name: 'CVE-2023-45853', severity: 'CRITICAL' } as const;

  test('with a critical finding, though it is the last of many', async () => {
    const findings = [
      ...Array.from({ length: 150 }, (_, i) => ({ name: `CVE-2024-${i}`, severity: 'LOW' as const })),
      critical,
    ];
    const { deployment } = await released('v1.0.10', { status: 'COMPLETE', findings });
    expect(await refusal(deployment)).toMatch(
      /findings that block \(scan\.block is CRITICAL\): CVE-2023-45853 \(CRITICAL\)/,
    );
  });

  test('when it cannot be scanned', async () => {
    const { deployment } = await released('v1.0.11', { status: 'UNSUPPORTED_IMAGE', description: 'no such system' });
    expect(await refusal(deployment)).toMatch(/no scan findings \(UNSUPPORTED_IMAGE: no such system\)/);
  });

  test('when its scan never ends, or was never begun', async () => {
    const running = await released('v1.0.12', { status: 'IN_PROGRESS', description: 'runs' });
    expect(await refusal(running.deployment)).toMatch(/IN_PROGRESS.*10s.*scan\.timeout/);
    expect(await refusal((await released('v1.0.13', null)).deployment)).toMatch(
      /no scan was begun.*10s.*scan\.timeout/,
    );
  });
});

test('an image whose build and scan end well after the push goes live', async () => {
  const id = stage.cloud.codebuild.begin(commit);
  const { digest, deployment } = await pushed('v1.1.0', { commit, build: id }, null);
  await stage.inState(deployment, ['Wait for proof', 'Preflight']);
  built(id, 'v1.1.0', digest);
  stage.cloud.scans.byDigest.delete(digest);
  expect(await stage.ended(deployment)).toMatchObject({ status: 'SUCCEEDED' });
  const { head, entries } = await stage.ledger();
  expect(head.live?.deployable.digest).toBe(digest);
  const facts = entries.filter((entry) => entry.deployment === deployment && entry.type === 'fact');
  expect(facts.map(({ facts: { kind } }) => kind)).toEqual(expect.arrayContaining(['provenance', 'scan']));
});
