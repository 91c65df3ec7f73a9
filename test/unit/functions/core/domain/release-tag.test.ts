import { describe, expect, test } from 'vitest';
import { keptReleases, type PipelineRun, releaseTag, startedBy } from '#core/domain/release-tag.ts';

const pushed = (tag: string): PipelineRun => ({
  triggerType: 'WebhookV2',
  triggerDetail: 'arn:aws:codeconnections:1',
  tag,
});
const webhook: PipelineRun = { triggerType: 'WebhookV2', triggerDetail: '', tag: undefined };
const ana = 'arn:aws:sts::111122223333:assumed-role/Admin/ana';
const byHand: PipelineRun = { triggerType: 'StartPipelineExecution', triggerDetail: ana, tag: undefined };

describe('a run that a tag began', () => {
  test.each([
    ['a release candidate beside its final release', 'v1.4.0-rc.1', ['v1.4.0', 'v1.4.0-rc.1'], []],
    ['the final release beside its candidate', 'v1.4.0', ['v1.4.0-rc.1', 'v1.4.0'], ['v1.4.0-rc.1']],
    ['an older version beside a newer one', 'v1.9.0', ['v1.10.0', 'v1.9.0'], []],
  ])('builds that tag: %s', (_what, tag, tags, released) => {
    expect(releaseTag(pushed(tag), tags, released)).toEqual({ version: tag });
  });

  test.each([
    ['is not a version, though another tag is one', 'V1.4.1', ['V1.4.1', 'v1.4.0'], [], 'write v1.4.1'],
    ['was moved to another commit', 'v1.4.0', ['v1.5.0'], [], 'v1.4.0 began this run and does not name the commit'],
    ['is in the registry', 'v1.4.0', ['v1.4.0'], ['v1.4.0'], 'v1.4.0 is in the registry already'],
  ])('is red when the tag %s', (_what, tag, tags, released, problem) => {
    expect(releaseTag(pushed(tag), tags, released)).toEqual({ problem: expect.stringContaining(problem) });
  });
});

describe.each([
  ['a person began', byHand],
  ['a push began whose tag is not told', webhook],
])('a run that %s', (_what, run) => {
  test.each([
    ['the only version', ['latest', 'v1.4.0'], [], 'v1.4.0'],
    ['the only version that is not in the registry', ['v1.4.0-rc.1', 'v1.4.0'], ['v1.4.0-rc.1'], 'v1.4.0'],
  ])('builds %s', (_which, tags, released, version) => {
    expect(releaseTag(run, tags, released)).toEqual({ version });
  });

  test.each([
    ['two versions that are not in the registry', ['v1.9.0', 'v1.10.0'], [], 'v1.9.0, v1.10.0 name its commit'],
    ['only versions that are', ['v1.9.0', 'v1.10.0'], ['v1.9.0', 'v1.10.0'], 'v1.10.0 is in the registry already'],
    ['tags that were meant as versions', ['v1.4', 'V1.4.0'], [], 'write v1.4.0'],
  ])('is red for a commit with %s', (_which, tags, released, problem) => {
    expect(releaseTag(run, tags, released)).toEqual({ problem: expect.stringContaining(problem) });
  });

  test('releases nothing for a commit without a version', () => {
    expect(releaseTag(run, ['latest', 'v1'], [])).toEqual({ none: true });
  });
});

describe('what began a run is told', () => {
  test.each([
    [pushed('v1.4.0'), 'the push of v1.4.0'],
    [byHand, `${ana} without a tag (StartPipelineExecution)`],
    [webhook, 'a push whose tag the source action does not name'],
    [{ ...byHand, triggerDetail: '' }, 'an unnamed caller without a tag (StartPipelineExecution)'],
    [{ ...byHand, triggerDetail: 'a\nb\u202ec' }, 'a b c without a tag (StartPipelineExecution)'],
  ])('%#', (run, words) => {
    expect(startedBy(run)).toBe(words);
  });

  test('in a bounded text', () => {
    expect(startedBy({ ...byHand, triggerDetail: 'a'.repeat(5000) }).length).toBeLessThan(200);
  });
});

describe('the releases whose static files stay', () => {
  const released = ['v1.2.0', 'v1.10.0', 'latest', 'v1.4.0-rc.1', 'v1.4.0', 'v1.4', 'v1.3.9', 'v1.1.0', 'v1.0.0'];

  test('are the newest of the older ones, whatever else is in the registry', () => {
    expect(keptReleases('v1.4.0', released, [])).toEqual(['v1.4.0-rc.1', 'v1.3.9']);
    expect(keptReleases('v1.0.0', released, [])).toEqual([]);
  });

  test('are what is live before all, however many failed after it', () => {
    expect(keptReleases('v1.4.0', released, ['v1.1.0'])).toEqual(['v1.1.0', 'v1.4.0-rc.1', 'v1.3.9']);
  });

  test('are what is live at each target, each once, also where it is newer', () => {
    expect(keptReleases('v1.4.0', released, ['v1.10.0', 'v1.3.9', 'v1.10.0'])).toEqual([
      'v1.10.0',
      'v1.3.9',
      'v1.4.0-rc.1',
    ]);
  });

  test('are four at most', () => {
    const live = ['v1.0.0', 'v1.1.0', 'v1.2.0', 'v1.10.0'];
    expect(keptReleases('v1.4.0', released, live)).toEqual(['v1.10.0', 'v1.2.0', 'v1.1.0', 'v1.0.0']);
  });

  test('are in the registry, and not the release itself', () => {
    expect(keptReleases('v1.4.0', released, ['None', 'v1.4.0', 'v1.5.0'])).toEqual(['v1.4.0-rc.1', 'v1.3.9']);
  });
});
