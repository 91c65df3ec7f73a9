import { afterAll, beforeAll, expect, test } from 'vitest';
import { complaints } from '../../local/terminal/expectation.ts';
import { BASE, describeWithEngine, docker } from '../fixtures/docker.ts';
import { type Stage, startStage } from './harness.ts';
import { testInvariants } from './invariants.ts';

describeWithEngine('tasks that are containers of the image that the Dockerfile makes', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage({
      name: 'docker',
      rungs: ['first-release', 'additive-migration'],
      docker: { base: BASE },
    });
  }, 240_000);
  afterAll(() => stage?.close(), 120_000);

  test.each(['v1.0.0', 'v1.1.0'])('%s goes the same way', { timeout: 300_000 }, async (version) => {
    const execution = await stage.deploy(version);
    expect(complaints(stage.release(version), execution), execution.cause).toEqual([]);
    const answer = await fetch(new URL('/version', stage.cloud.applicationUrl));
    expect(await answer.json()).toMatchObject({ version, digest: stage.digests.get(version) });
    if (stage.loads.length === 0) await stage.startLoad(50, ['/', '/version']);
  });

  test('what serves is a container of the image that was pushed, without root and with a root that it cannot write', async () => {
    const ids = (
      await docker('ps', '--quiet', '--filter', 'label=local-aws.runtime', '--filter', `ancestor=${image()}`)
    ).split('\n');
    expect(ids).not.toContain('');
    const format = '{{.Config.User}} {{.HostConfig.ReadonlyRootfs}} {{.HostConfig.Init}}';
    const shapes = await docker('inspect', '--format', format, ...ids);
    expect(new Set(shapes.split('\n'))).toEqual(new Set(['10001:10001 true true']));
  });

  testInvariants(() => stage);

  /** The live release, as the engine names it. */
  function image(): string {
    return `${new URL(stage.cloud.gateway.url).host}/web@${stage.digests.get('v1.1.0')}`;
  }
});
