import { describe, expect, test, vi } from 'vitest';
import type { TargetMetrics } from '#core/contract/metrics.ts';
import type { SettingsStore } from '#core/ports.ts';
import { logger } from '#runtime/handle.ts';
import { metricsLine } from '#runtime/metrics-line.ts';
import { reportTargets } from '../../../../functions/report-targets/report-targets.ts';
import { Workflow } from '../../../workflow/harness.ts';

const TARGET = 'web/production';

async function report(workflow: Workflow, settings: Pick<SettingsStore, 'all'> = workflow.world) {
  const reported: Record<string, TargetMetrics> = {};
  const warnings: string[] = [];
  const targets = await reportTargets({
    ledger: workflow.ledger,
    approvals: workflow.ledger,
    settings,
    clock: workflow.clock,
    report: (target, metrics) => {
      reported[target] = metrics;
    },
    warn: (message) => warnings.push(message),
  });
  return { targets, warnings, metrics: reported[TARGET] };
}

describe('the state of a target in numbers', () => {
  test('before the first release: nothing is live, which no alarm takes for a fault', async () => {
    expect((await report(new Workflow())).metrics).toEqual({ LiveSlot: 0, Frozen: 0, DeploymentSeconds: 0 });
  });

  test('follows the role from one slot to the other, and not before the promotion', async () => {
    const workflow = new Workflow();
    await workflow.run(workflow.request(workflow.world.push('v1.0.0')));
    expect((await report(workflow)).metrics?.LiveSlot).toBe(1);
    const during: ReturnType<typeof report>[] = [];
    workflow.beforeInvoke = () => {
      during.push(report(workflow));
    };
    await workflow.run(workflow.request(workflow.world.push('v1.1.0')));
    const slots = (await Promise.all(during)).map(({ metrics }) => metrics?.LiveSlot ?? 0);
    expect(new Set(slots)).toEqual(new Set([1, 2]));
    expect(slots).toEqual(slots.toSorted((a, b) => a - b));
    expect((await report(workflow)).metrics?.LiveSlot).toBe(2);
  });

  test('a failed release changes nothing', async () => {
    const workflow = new Workflow();
    await workflow.run(workflow.request(workflow.world.push('v1.0.0')));
    await workflow.run(workflow.request(workflow.world.push('v1.1.0', { crashes: true })));
    expect((await report(workflow)).metrics).toMatchObject({ LiveSlot: 1, Frozen: 0 });
  });

  test('says that it is frozen', async () => {
    const workflow = new Workflow();
    await workflow.run(workflow.request(workflow.world.push('v1.0.0')));
    await workflow.run(
      workflow.request(
        workflow.world.push('v1.1.0', {
          migrations: [{ name: 'board.0002_likes', compatible: 'yes', why: 'additive' }],
          breaksLive: true,
        }),
      ),
    );
    expect((await report(workflow)).metrics).toMatchObject({ LiveSlot: 1, Frozen: 1 });
  });

  test('tells for how long a deployment has held the lock', async () => {
    const workflow = new Workflow();
    const request = workflow.request(workflow.world.push('v1.0.0'));
    await workflow.ledger.takeLock(request, 'arn', undefined);
    await workflow.clock.sleep(90_000);
    expect((await report(workflow)).metrics?.DeploymentSeconds).toBe(90);
  });

  test('waiting for a person is no time of a deployment', async () => {
    const workflow = new Workflow();
    const request = workflow.request(workflow.world.push('v1.0.0'));
    const token = (await workflow.ledger.takeLock(request, 'arn', undefined)) ?? 0;
    const context = { target: TARGET, deployment: request.deployment, token };
    const until = new Date(Date.parse(workflow.clock.now()) + 3_600_000).toISOString();
    const asked = await workflow.ledger.ask(context, { before: 'traffic', plan: 'none', until, taskToken: 'token' });
    await workflow.clock.sleep(90_000);
    expect((await report(workflow)).metrics?.DeploymentSeconds).toBe(0);
    const deployable = { version: 'v1.0.0', digest: request.digest, settingsHash: 'hash' };
    await workflow.ledger.decide(asked, { outcome: 'approved', by: 'anna' }, deployable);
    await workflow.clock.sleep(5000);
    expect((await report(workflow)).metrics?.DeploymentSeconds).toBe(5);
  });
});

test('a target of which nothing can be read takes no other its turn', async () => {
  const workflow = new Workflow();
  const head = workflow.ledger.head.bind(workflow.ledger);
  workflow.ledger.head = (target) => (target === 'web/broken' ? Promise.reject(new Error('throttled')) : head(target));
  const { targets, warnings } = await report(workflow, {
    all: async () => [
      { target: 'web/wrong', error: 'they are no JSON' },
      ...(await workflow.world.all()).map((entry) =>
        'settings' in entry ? { settings: { ...entry.settings, environment: 'broken' } } : entry,
      ),
      ...(await workflow.world.all()),
    ],
  });
  expect(targets).toEqual([TARGET]);
  expect(warnings).toEqual([expect.stringContaining('web/wrong'), expect.stringContaining('throttled')]);
});

test('a log line carries the numbers as CloudWatch’s embedded metric format has it', () => {
  const print = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  logger.setLogLevel('INFO');
  logger.info(
    'state of a target',
    metricsLine(TARGET, { LiveSlot: 2, Frozen: 0, DeploymentSeconds: 61 }, 1_750_000_000_000),
  );
  const [line] = print.mock.calls.flat();
  print.mockRestore();
  logger.setLogLevel('SILENT');
  expect(JSON.parse(String(line))).toMatchObject({
    _aws: {
      Timestamp: 1_750_000_000_000,
      CloudWatchMetrics: [
        {
          Namespace: 'Farol',
          Dimensions: [['Target']],
          Metrics: [{ Name: 'LiveSlot' }, { Name: 'Frozen' }, { Name: 'DeploymentSeconds' }],
        },
      ],
    },
    Target: TARGET,
    LiveSlot: 2,
    Frozen: 0,
    DeploymentSeconds: 61,
  });
});
