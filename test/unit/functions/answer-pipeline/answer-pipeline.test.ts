import { describe, expect, test } from 'vitest';
import type { HopelessRun, WaitingRun } from '#core/contract/pipeline.ts';
import type { Digest, Version } from '#core/contract/release.ts';
import type { Pipelines, SettingsStore } from '#core/ports.ts';
import { answerPipelines } from '../../../../functions/answer-pipeline/answer-pipeline.ts';
import { Workflow } from '../../../workflow/harness.ts';

interface Answer {
  readonly approved: boolean;
  readonly summary: string;
}

/** A pipeline of which each pushed release is a run that waits until it is answered. */
class FakePipelines implements Pipelines {
  readonly open: (WaitingRun | HopelessRun)[] = [];
  /** Id of a run whose answer CodePipeline does not take. */
  broken: string | undefined;
  readonly answers = new Map<string, Answer>();

  async waiting(app: string): Promise<(WaitingRun | HopelessRun)[]> {
    return app === 'web' ? [...this.open] : [];
  }

  async answer(_app: string, { run }: Pick<WaitingRun, 'run'>, answer: Answer): Promise<void> {
    if (run === this.broken) throw new Error('CodePipeline does not answer');
    this.answers.set(run, answer);
    this.open.splice(
      this.open.findIndex((one) => one.run === run),
      1,
    );
  }
}

function world(settings: ConstructorParameters<typeof Workflow>[0] = {}) {
  const workflow = new Workflow(settings);
  const pipelines = new FakePipelines();
  const warnings: string[] = [];
  const { ledger, executions } = workflow;
  const answer = (settings: SettingsStore = workflow.world) =>
    answerPipelines({ ledger, executions, pipelines, settings, warn: (message) => void warnings.push(message) });
  /** A build ended: the image is in the registry, the pipeline waits. */
  const build = (version: Version, release: Parameters<typeof workflow.world.push>[1] = {}) => {
    const pushed: { version: Version; digest: Digest } = workflow.world.push(version, release);
    pipelines.open.push({ run: version, version, digest: pushed.digest, token: `token of ${version}` });
    return pushed;
  };
  return { workflow, pipelines, warnings, answer, build };
}

describe('a pipeline that waits', () => {
  test('is green when its release is live', async () => {
    const { workflow, pipelines, answer, build } = world();
    await workflow.deploy(build('v1.0.0'));
    expect(await answer()).toMatchObject([{ app: 'web', version: 'v1.0.0', outcome: 'approved' }]);
    expect(pipelines.answers.get('v1.0.0')).toEqual({ approved: true, summary: expect.stringContaining('is live') });
  });

  test('is red with the reason when its release was rolled back', async () => {
    const { workflow, pipelines, answer, build } = world();
    await workflow.deploy(build('v1.0.0'));
    await workflow.deploy(build('v1.1.0', { failsSmoke: true }));
    await answer();
    expect(pipelines.answers.get('v1.0.0')).toMatchObject({ approved: true });
    expect(pipelines.answers.get('v1.1.0')).toEqual({
      approved: false,
      summary: expect.stringContaining('status 500'),
    });
  });

  test('is green when it is retried after somebody deployed the release again, and that went well', async () => {
    const { workflow, pipelines, answer, build } = world();
    await workflow.deploy(build('v1.0.0'));
    const pushed = build('v1.1.0');
    workflow.world.databaseRefuses = 'The database is closed.';
    await workflow.deploy(pushed);
    await answer();
    expect(pipelines.answers.get('v1.1.0')).toMatchObject({ approved: false });
    workflow.world.databaseRefuses = undefined;
    const again = workflow.request(pushed);
    await workflow.run({ ...again, deployment: again.deployment.replace(/-1$/, '-2'), attempt: 2 });
    pipelines.open.push({ run: 'v1.1.0', ...pushed, token: 'of the retry' });
    await answer();
    expect(pipelines.answers.get('v1.1.0')).toMatchObject({ approved: true });
  });

  test('for what nobody will deploy is red, and says why', async () => {
    const { pipelines, answer } = world();
    pipelines.open.push({ run: 'run-1', token: 'token', problem: 'This run released nothing.' });
    expect(await answer()).toMatchObject([{ outcome: 'rejected', summary: 'This run released nothing.' }]);
    expect(pipelines.answers.get('run-1')).toEqual({ approved: false, summary: 'This run released nothing.' });
  });

  test('is answered though another cannot be, and that is told', async () => {
    const { workflow, pipelines, warnings, answer, build } = world();
    pipelines.broken = 'run-1';
    pipelines.open.push({ run: 'run-1', token: 'token', problem: 'This run released nothing.' });
    await workflow.deploy(build('v1.0.0'));
    await expect(answer()).rejects.toThrow('1 pipeline runs could not be answered');
    expect(pipelines.answers.get('v1.0.0')).toMatchObject({ approved: true });
    expect(warnings).toEqual([expect.stringContaining('run run-1 of web could not be answered')]);
  });

  test('waits as long as the deployment runs, or has not begun', async () => {
    const { workflow, pipelines, answer, build } = world();
    const pushed = build('v1.0.0');
    expect(await answer()).toMatchObject([{ outcome: 'waiting' }]);
    await workflow.executions.start(workflow.request(pushed));
    expect(await answer()).toMatchObject([{ outcome: 'waiting' }]);
    expect(pipelines.answers.size).toBe(0);
  });

  test('waits as long as people are asked, and is as they answered', async () => {
    const { workflow, pipelines, answer, build } = world({ approval: { timeout: '1d' } });
    workflow.whileWaiting = async () => {
      expect(await answer()).toMatchObject([{ outcome: 'waiting' }]);
      await workflow.answer('reject', { reason: 'not today' });
      expect(await answer()).toMatchObject([{ outcome: 'waiting' }]);
    };
    await workflow.deploy(build('v1.0.0'));
    expect(await answer()).toMatchObject([{ outcome: 'rejected', summary: expect.stringContaining('not today') }]);
    expect(pipelines.answers.get('v1.0.0')).toMatchObject({ approved: false });
  });

  test('is red when the deployment was refused before it held the lock', async () => {
    const { workflow, pipelines, answer, build } = world();
    await workflow.deploy(build('v1.1.0'));
    await workflow.deploy(build('v1.0.0'));
    await answer();
    expect(pipelines.answers.get('v1.0.0')).toEqual({
      approved: false,
      summary: expect.stringContaining('v1.0.0 is older than v1.1.0'),
    });
  });

  test('is red when the execution failed before it could write anything', async () => {
    const { workflow, pipelines, answer, build } = world();
    workflow.beforeInvoke = () => {
      throw new Error('no table');
    };
    await workflow.deploy(build('v1.0.0'));
    await answer();
    expect(pipelines.answers.get('v1.0.0')).toEqual({
      approved: false,
      summary: expect.stringContaining('the execution web-production-v1_0_0'),
    });
  });

  test('follows a queued release to its next attempt', async () => {
    const { workflow, pipelines, answer, build } = world();
    const first = workflow.request(build('v1.0.0'));
    await workflow.executions.start(first);
    const token = await workflow.ledger.takeLock(first, workflow.executions.arn(first.deployment), undefined);
    const second = build('v1.1.0');
    await workflow.deploy(second);
    expect(await workflow.ledger.waiting('web/production')).toMatchObject({ version: 'v1.1.0', attempt: 2 });
    await answer();
    expect(pipelines.answers.size).toBe(0);
    const { target, deployment } = first;
    await workflow.ledger.endDeployment(
      { target, deployment, token: token ?? 0 },
      { result: 'refused', sentence: 'Refused.', cause: 'a test' },
    );
    await workflow.run({
      ...workflow.request(second),
      attempt: 2,
      deployment: `${workflow.request(second).deployment.slice(0, -1)}2`,
    });
    await answer();
    expect(pipelines.answers.get('v1.1.0')).toMatchObject({ approved: true });
    expect(pipelines.answers.get('v1.0.0')).toEqual({ approved: false, summary: 'Refused.' });
  });

  test('waits for the recovery of a release whose execution was aborted, also when a newer one waits', async () => {
    const { workflow, pipelines, answer, build } = world();
    const first = workflow.request(build('v1.0.0'));
    await workflow.ledger.takeLock(first, workflow.executions.arn(first.deployment), undefined);
    workflow.end(first.deployment, {
      status: 'FAILED',
      last: 'Shift traffic',
      error: 'States.Timeout',
      cause: 'aborted',
      visited: [],
    });
    await workflow.deploy(build('v1.1.0'));
    await answer();
    expect(pipelines.answers.size).toBe(0);
    await workflow.ledger.closeRecord(first.deployment, { result: 'restored', sentence: 'Restored.' });
    await answer();
    expect(pipelines.answers).toEqual(new Map([['v1.0.0', { approved: false, summary: 'Restored.' }]]));
  });

  test('is red when a newer release took its place in the queue', async () => {
    const { workflow, pipelines, answer, build } = world();
    const first = workflow.request(workflow.world.push('v1.0.0'));
    await workflow.ledger.takeLock(first, workflow.executions.arn(first.deployment), undefined);
    await workflow.deploy(build('v1.1.0'));
    await workflow.deploy(build('v1.2.0'));
    await answer();
    expect(pipelines.answers.get('v1.1.0')).toEqual({
      approved: false,
      summary: 'web/production: v1.2.0 overtook v1.1.0.',
    });
    expect(pipelines.answers.has('v1.2.0')).toBe(false);
  });

  test('is green only when every target that receives the push is', async () => {
    const { workflow, pipelines, answer, build } = world();
    await workflow.deploy(build('v1.0.0'));
    const staging = { ...workflow.settings, environment: 'staging' };
    const both: SettingsStore = {
      settings: async () => workflow.settings,
      all: async () => [{ settings: workflow.settings }, { settings: staging }],
    };
    expect(await answer(both)).toMatchObject([{ outcome: 'waiting' }]);
    const promoted: SettingsStore = {
      ...both,
      all: async () => [
        { settings: workflow.settings },
        { settings: { ...staging, source: 'promotion of web/production' } },
      ],
    };
    expect(await answer(promoted)).toMatchObject([{ outcome: 'approved' }]);
    expect(pipelines.answers.size).toBe(1);
  });

  test('settings that cannot be read keep no other pipeline waiting', async () => {
    const { workflow, warnings, answer, build } = world();
    await workflow.deploy(build('v1.0.0'));
    const broken: SettingsStore = {
      settings: async () => workflow.settings,
      all: async () => [{ target: 'shop/production', error: 'no JSON' }, { settings: workflow.settings }],
    };
    expect(await answer(broken)).toMatchObject([{ outcome: 'approved' }]);
    expect(warnings).toEqual([expect.stringContaining('shop/production')]);
  });
});
