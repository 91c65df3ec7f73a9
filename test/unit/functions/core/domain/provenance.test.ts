import { describe, expect, test } from 'vitest';
import { Digest, type Release } from '#core/contract/release.ts';
import { type BuildRecord, buildLabelProblem, judgeProvenance } from '#core/domain/provenance.ts';
import { RELEASE_JSON } from '../../../../fixtures/release-json.ts';

const DIGEST = Digest.parse(`sha256:${'a'.repeat(64)}`);
const OTHER_DIGEST = `sha256:${'b'.repeat(64)}`;
const BUILD = 'web-build:b1e6661e-e4f2-4156-9ab9-82a19example';
const release: Release = {
  repository: 'web',
  digest: DIGEST,
  version: 'v1.4.0',
  commit: 'c0ffee',
  author: 'Ana <ana@example.com>',
  build: BUILD,
  releaseJson: RELEASE_JSON,
};
const good: BuildRecord = {
  status: 'SUCCEEDED',
  project: 'web-build',
  initiator: 'codepipeline/web-release',
  commit: 'c0ffee',
  exported: {
    FAROL_VERSION: 'v1.4.0',
    FAROL_DIGEST: DIGEST,
    FAROL_COMMIT: 'c0ffee',
    FAROL_STARTED: 'the push of v1.4.0',
    FAROL_BRANCHES: 'main release/1.x',
  },
};

test('a build that succeeded and made just this image proves it', () => {
  expect(judgeProvenance(release, 'web', good)).toEqual({ state: 'proven', started: 'the push of v1.4.0' });
});

describe('a target that asks for a branch', () => {
  const { FAROL_BRANCHES: _, ...without } = good.exported;
  test.each(['main', 'release/1.x'])('takes a commit that the build found on %s', (branch) => {
    expect(judgeProvenance(release, 'web', good, branch)).toMatchObject({ state: 'proven' });
  });

  test.each([
    ['a commit elsewhere', good.exported, 'is not on it'],
    ['a commit on none', { ...good.exported, FAROL_BRANCHES: '' }, 'is not on it'],
    ['a part of a name', { ...good.exported, FAROL_BRANCHES: 'stable/2 mystable' }, 'is not on it'],
    ['a build that does not say', without, 'does not export FAROL_BRANCHES'],
  ])('refuses %s', (_what, exported, why) => {
    const record: BuildRecord = { ...good, exported };
    expect(judgeProvenance(release, 'web', record, 'stable')).toEqual({
      state: 'refused',
      reason: expect.stringMatching(new RegExp(`branch stable.*provenance\\.branch.*${why}`)),
    });
  });
});

test('a build in progress is waited for', () => {
  const record = { ...good, status: 'IN_PROGRESS', exported: {} };
  expect(judgeProvenance(release, 'web', record)).toMatchObject({
    state: 'open',
    reason: expect.stringContaining(BUILD),
  });
});

describe('is refused, naming both values:', () => {
  const exported = good.exported;
  test.each<[string, BuildRecord | undefined, readonly string[]]>([
    ['no such build', undefined, [BUILD, 'v1.4.0']],
    ...['FAILED', 'FAULT', 'STOPPED', 'TIMED_OUT', 'unknown'].map(
      (status): [string, BuildRecord, readonly string[]] => [status, { ...good, status }, [status, 'SUCCEEDED']],
    ),
    ['another project', { ...good, project: 'shop-build' }, ['shop-build', 'web-build']],
    ['a person', { ...good, initiator: 'ana' }, ['ana', 'codepipeline/web-release']],
    [
      'another pipeline',
      { ...good, initiator: 'codepipeline/shop-release' },
      ['codepipeline/shop-release', 'codepipeline/web-release'],
    ],
    ['another commit', { ...good, commit: 'badc0de' }, ['c0ffee', 'badc0de']],
    ['no commit', { ...good, commit: undefined }, ['c0ffee', 'none']],
    ['a build in progress of another commit', { ...good, status: 'IN_PROGRESS', commit: 'badc0de' }, ['badc0de']],
    ['a build in progress that a person started', { ...good, status: 'IN_PROGRESS', initiator: 'ana' }, ['ana']],
    ['another digest', { ...good, exported: { ...exported, FAROL_DIGEST: OTHER_DIGEST } }, [DIGEST, OTHER_DIGEST]],
    ['another version', { ...good, exported: { ...exported, FAROL_VERSION: 'v1.3.0' } }, ['v1.4.0', 'v1.3.0']],
    ['another exported commit', { ...good, exported: { ...exported, FAROL_COMMIT: 'badc0de' } }, ['c0ffee', 'badc0de']],
    [
      'a build that released nothing',
      { ...good, exported: { FAROL_VERSION: 'none', FAROL_DIGEST: 'none' } },
      [DIGEST, 'none'],
    ],
    ['a build that exported nothing', { ...good, exported: {} }, [DIGEST, 'none']],
  ])('%s', (_name, record, values) => {
    const verdict = judgeProvenance(release, 'web', record);
    expect(verdict.state).toBe('refused');
    for (const value of values) expect(verdict).toMatchObject({ reason: expect.stringContaining(value) });
  });
});

describe('a label', () => {
  test('that names a build of the application is worth asking for', () => {
    expect(buildLabelProblem(release, 'web')).toBeUndefined();
  });

  test.each([
    ['none', '', /does not say which build/],
    ['of another project', 'shop-build:1', /project shop-build.*built by web-build/],
    ['two builds', `${BUILD},web-build:2`, /no build's id/],
    ['an ARN', `arn:aws:codebuild:us-east-1:111122223333:build/${BUILD}`, /no build's id/],
    ['no id', 'web-build:', /no build's id/],
    ['a project alone', 'web-build', /no build's id/],
    ['lines of its own', 'web-build:1\nApproved by ana', /web-build:1\\nApproved/],
  ])('%s is refused without asking CodeBuild', (_name, build, reason) => {
    expect(buildLabelProblem({ ...release, build }, 'web')).toMatch(reason);
  });
});
