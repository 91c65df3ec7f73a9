import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateRepositoryCommand, DescribeImagesCommand, ECRClient } from '@aws-sdk/client-ecr';
import { clientOptions } from '@farol/local-aws/aws-side.ts';
import type { Gateway } from '@farol/local-aws/gateway/gateway.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EcrReleases } from '#aws/ecr-releases.ts';
import { Digest, ReleaseJson, Version } from '#core/contract/release.ts';
import { Closers } from '../../local/parts/closers.ts';
import { ROOT } from '../../local/setup.mjs';
import { git } from '../../local/source/git.ts';
import { type BuildRun, runBuildspec } from '../fixtures/buildspec.ts';
import { BASE, buildApplication, describeWithEngine, docker, engineHost, POSTGRES } from '../fixtures/docker.ts';
import { startRegistry } from '../fixtures/ecr.ts';

/** Seconds until a build has to be done, its own tests included. */
const BUILD = 540;
const NOT_COPIED = ['.venv', '__pycache__', 'staticfiles', '.pytest_cache', '.ruff_cache'];

describeWithEngine("the buildspec's phases, with a real engine and the local registry", () => {
  const closers = new Closers();
  let folder: string;
  let gateway: Gateway;
  let ecr: ECRClient;
  let uri: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'farol-buildspec-'));
    closers.add(() => rmSync(folder, { recursive: true }));
    ({ gateway } = await startRegistry(folder, closers));
    ecr = new ECRClient(clientOptions(gateway.url, 'test'));
    await ecr.send(new CreateRepositoryCommand({ repositoryName: 'web', imageTagMutability: 'IMMUTABLE' }));
    uri = `127.0.0.1:${gateway.port}/web`;
    const origin = join(folder, 'origin');
    cpSync(join(ROOT, 'django'), join(origin, 'django'), {
      recursive: true,
      filter: (path) => !NOT_COPIED.some((name) => path.endsWith(`/${name}`)),
    });
    await git(origin, ['init', '--quiet', '--initial-branch=main']);
    await git(origin, ['add', '--all']);
    await git(origin, ['commit', '--quiet', '--message', 'a release']);
    await git(origin, ['tag', 'v1.0.0']);
    const [style] = styles(join(origin, 'django'));
    if (style === undefined) throw new Error('the application has no style sheet to change');
    writeFileSync(style, `${readFileSync(style, 'utf8')}\n/* the next release */\n`);
  }, 120_000);
  afterAll(() => closers.close(), 60_000);

  /** One run of CodeBuild for a version, and what it leaves on the machine taken away. */
  async function build(version: string): Promise<BuildRun & { readonly id: string; readonly commit: string }> {
    const id = `web-build:${process.pid}-${version}`;
    const clone = join(folder, version);
    await git(folder, ['clone', '--quiet', '--no-tags', join(folder, 'origin'), clone]);
    const commit = await git(join(folder, 'origin'), ['rev-parse', `${version}^{commit}`]);
    await git(clone, ['checkout', '--quiet', commit]);
    // Nothing of the person's own logins is read or written.
    const config = join(folder, 'docker');
    mkdirSync(config, { recursive: true });
    const run = await runBuildspec({
      clone,
      tools: join(ROOT, 'test', 'fixtures', 'build-tools'),
      timeout: BUILD,
      env: {
        BASE,
        POSTGRES,
        FAROL_REPOSITORY_URI: uri,
        FAROL_PIPELINE: 'web-release',
        FAROL_RUN: 'run',
        FAROL_BRANCHES_ASKED: 'main',
        PUSHED_TAG: version,
        CODEBUILD_BUILD_ID: id,
        AWS_ENDPOINT_URL: gateway.url,
        DOCKER_CONFIG: config,
        DOCKER_HOST: await engineHost(),
      },
    });
    // CodeBuild's machine is thrown away, this one is not.
    const tests = `tests-${id.replaceAll(/[^0-9A-Za-z]/g, '-')}`;
    // A build that failed early has not made them; its own failure is what the test then shows.
    const taken = [
      await gone('rm', '--force', '--volumes', tests),
      await gone('network', 'rm', tests),
      await gone('volume', 'rm', tests),
    ];
    if (run.status === 0 && taken.includes(false)) throw new Error(`${tests} was left on this machine`);
    if (run.status === 0) closers.add(async () => void (await docker('image', 'rm', `${uri}:${version}`)));
    return { ...run, id, commit };
  }

  test('test, build and push a release that Farol reads', { timeout: BUILD * 1000 }, async () => {
    const { status, output, exported, id, commit } = await build('v1.0.0');
    expect(status, output).toBe(0);
    expect(output).toMatch(/^=+ \d+ passed/m);
    const { imageDetails = [] } = await ecr.send(new DescribeImagesCommand({ repositoryName: 'web' }));
    // One manifest: each would be an event.
    expect(imageDetails.map(({ imageTags, imageDigest }) => ({ imageTags, imageDigest }))).toEqual([
      { imageTags: ['v1.0.0'], imageDigest: exported['FAROL_DIGEST'] },
    ]);
    expect(exported).toMatchObject({ FAROL_VERSION: 'v1.0.0', FAROL_COMMIT: commit });
    const version = Version.parse('v1.0.0');
    const found = await new EcrReleases(ecr).release('web', Digest.parse(exported['FAROL_DIGEST']), version);
    const json = readFileSync(join(ROOT, 'django', 'release.json'), 'utf8');
    expect(found).toMatchObject({ commit, build: id, version, releaseJson: ReleaseJson.parse(JSON.parse(json)) });
  });

  test('refuse a version that was pushed before', { timeout: BUILD * 1000 }, async () => {
    rmSync(join(folder, 'v1.0.0'), { recursive: true });
    const clone = join(folder, 'again');
    await git(folder, ['clone', '--quiet', '--no-tags', join(folder, 'origin'), clone]);
    await git(clone, ['fetch', '--quiet', 'origin', 'refs/tags/v1.0.0:refs/tags/v1.0.0']);
    await git(clone, ['checkout', '--quiet', 'v1.0.0']);
    const { status, output } = await runBuildspec({
      clone,
      tools: join(ROOT, 'test', 'fixtures', 'build-tools'),
      timeout: 60,
      env: {
        FAROL_REPOSITORY_URI: uri,
        FAROL_PIPELINE: 'web-release',
        FAROL_RUN: 'run',
        FAROL_BRANCHES_ASKED: 'main',
        PUSHED_TAG: 'v1.0.0',
        CODEBUILD_BUILD_ID: 'web-build:again',
        AWS_ENDPOINT_URL: gateway.url,
        DOCKER_CONFIG: join(folder, 'docker'),
        DOCKER_HOST: await engineHost(),
      },
    });
    expect(status).toBe(1);
    expect(output).toContain('v1.0.0 is in the registry already');
  });

  test('leave an image from which the next one takes its static files', { timeout: BUILD * 1000 }, async () => {
    const next = `${uri}:next`;
    const context = join(folder, 'origin', 'django');
    await buildApplication(next, { PREVIOUS_1: `${uri}:v1.0.0` }, context);
    closers.add(async () => void (await docker('image', 'rm', next)));
    const files = (await docker('run', '--rm', next, 'find', '/app/staticfiles/guestbook', '-name', '*.css')).split(
      '\n',
    );
    // Under a name with a hash: the one that was changed is there as it was and as it is.
    const named = files.filter((file) => /\.[0-9a-f]{12}\.css$/.test(file));
    expect(named).toHaveLength(styles(context).length + 1);
  });
});

/** Whether the docker command could take something away. */
function gone(...args: string[]): Promise<boolean> {
  return docker(...args).then(
    () => true,
    () => false,
  );
}

/** The style sheets of an application's sources. */
function styles(application: string): string[] {
  const folder = join(application, 'guestbook', 'static');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.css'))
    .map((name) => join(folder, name));
}
