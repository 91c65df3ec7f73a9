import { describe, expect, test } from 'vitest';
import starterAndProduction, { starter } from '../../infra/environments/environments.ts';
import { ORCHESTRATOR } from '../../infra/names.ts';
import local from '../../local/environments.ts';
import { type AlarmProperties, alarmsOf, expressionOf } from './alarms.ts';
import { evaluate, type Series } from './metric-math.ts';
import { ACCOUNT, synthesized, templateOf } from './synthesized.ts';

const inAccount = (environments: typeof starter) =>
  synthesized({ ...environments, orchestrator: { ...environments.orchestrator, account: ACCOUNT } });
const templates = { starter: inAccount(starter), production: inAccount(starterAndProduction) };
const alarms = {
  starter: alarmsOf(Object.values(templates.starter)),
  production: alarmsOf(Object.values(templates.production)),
};
const every = [...alarms.starter, ...alarms.production];

/** What CloudWatch bills: each metric that an alarm reads. */
const billed = (list: readonly AlarmProperties[]) =>
  list.reduce((sum, { Metrics }) => sum + (Metrics?.filter(({ MetricStat }) => MetricStat).length ?? 1), 0);

function alarm(name: string): AlarmProperties {
  const found = alarms.production.find(({ AlarmName }) => AlarmName === name);
  if (found === undefined) throw new TypeError(`there is no alarm ${name}`);
  return found;
}

describe('what CloudWatch demands of alarms', () => {
  test.each(every.map((one): [string, AlarmProperties] => [one.AlarmName, one]))('%s', (_name, one) => {
    // PutMetricAlarm: 1024 characters; a day at most for periods below an hour; ten metrics, one of which is the result.
    expect(one.AlarmDescription.length).toBeLessThanOrEqual(1024);
    const metrics = one.Metrics ?? [];
    const periods = new Set(metrics.flatMap(({ Period, MetricStat }) => [Period, MetricStat?.Period]));
    periods.add(one.Period);
    periods.delete(undefined);
    expect(periods.size).toBe(1);
    expect(Number([...periods][0]) * one.EvaluationPeriods).toBeLessThanOrEqual(86_400);
    expect(one.DatapointsToAlarm).toBeLessThanOrEqual(one.EvaluationPeriods);
    if (metrics.length === 0) return;
    expect(metrics.length).toBeLessThanOrEqual(10);
    expect(metrics.filter(({ ReturnData }) => ReturnData)).toHaveLength(1);
    // The User Guide advises against these in alarms, and forbids SEARCH: they see more periods than the alarm does.
    expect(expressionOf(one)).not.toMatch(/\b(SEARCH|AVG|MAX|MIN|SUM|REMOVE_EMPTY|DATAPOINT_COUNT|RUNNING_SUM)\b/);
  });

  test('each tells the topic of notices, also when it is over', () => {
    for (const { AlarmName, AlarmActions, OKActions } of every) {
      expect(AlarmActions, AlarmName).toHaveLength(1);
      expect(JSON.stringify(AlarmActions), AlarmName).toContain(ORCHESTRATOR.topic);
      expect(OKActions, AlarmName).toEqual(AlarmActions);
    }
  });
});

describe('what they cost', () => {
  test('starter keeps to the ten metrics that are free', () => {
    expect(billed(alarms.starter)).toBe(10);
  });

  test('production takes what docs/observability.md says', () => {
    expect(billed(alarms.production)).toBe(38);
  });
});

test('on one machine there is no metric math, and no budget, which MiniStack does not know', () => {
  const template = templateOf(synthesized(local), ORCHESTRATOR.stack);
  expect(alarmsOf([template]).map(({ AlarmName }) => AlarmName)).toEqual([
    'farol-dead-letters',
    'farol-reconcile-silent',
  ]);
  expect(alarmsOf([template]).filter(({ Metrics }) => Metrics !== undefined)).toEqual([]);
  template.resourceCountIs('AWS::Budgets::Budget', 0);
});

/** Whether an alarm is on after these periods, where none is missing. */
function isOn(one: AlarmProperties, metrics: Readonly<Record<string, Series>>): boolean {
  const values = evaluate(expressionOf(one), metrics).slice(-one.EvaluationPeriods);
  const above = one.ComparisonOperator.startsWith('Greater');
  const bad = values.filter(
    (value) => value !== undefined && (above ? value >= one.Threshold : value <= one.Threshold),
  );
  return bad.length >= one.DatapointsToAlarm;
}

const of = (value: number | undefined, periods = 20): Series => Array.from({ length: periods }, () => value);

describe('alarms follow the role, not the slot', () => {
  const fewTasks = alarm('farol-web-production-too-few-tasks');
  const errors = alarm('farol-web-production-errors');
  const slow = alarm('farol-web-production-slow');
  const atMaximum = alarm('farol-web-production-at-maximum');
  const quiet = {
    blueErrors: of(undefined),
    greenErrors: of(undefined),
    blueRequests: of(100),
    greenRequests: of(100),
  };

  test('an idle slot, which has no tasks and no data, is not counted as too few', () => {
    expect(isOn(fewTasks, { live: of(1), blue: of(2), green: of(undefined) })).toBe(false);
    expect(isOn(fewTasks, { live: of(2), blue: of(undefined), green: of(2) })).toBe(false);
  });

  test('a warm slot full of healthy tasks hides nothing', () => {
    expect(isOn(fewTasks, { live: of(2), blue: of(6), green: of(1) })).toBe(true);
    expect(isOn(fewTasks, { live: of(1), blue: of(1), green: of(6) })).toBe(true);
  });

  test('a live slot that has lost every task has no data, and that is zero', () => {
    expect(isOn(fewTasks, { live: of(2), blue: of(2), green: of(undefined) })).toBe(true);
  });

  test('nothing is live before the first release: nothing is missing', () => {
    const nothing = { live: of(0), blue: of(undefined), green: of(undefined) };
    for (const one of [fewTasks, slow, atMaximum]) expect(isOn(one, nothing)).toBe(false);
    expect(isOn(errors, { ...quiet, live: of(0), blueErrors: of(50) })).toBe(false);
  });

  test('metrics that are late by two minutes make no alarm, and hide none', () => {
    const late = (value: number): Series => [...of(value, 18), undefined, undefined];
    expect(isOn(fewTasks, { live: late(1), blue: late(2), green: of(undefined) })).toBe(false);
    expect(isOn(fewTasks, { live: late(1), blue: late(1), green: of(undefined) })).toBe(true);
    expect(
      isOn(errors, {
        live: late(1),
        blueErrors: late(10),
        blueRequests: late(100),
        greenErrors: of(undefined),
        greenRequests: of(undefined),
      }),
    ).toBe(true);
    expect(isOn(slow, { live: late(1), blue: late(9), green: of(undefined) })).toBe(true);
    expect(isOn(atMaximum, { live: late(1), blue: late(10), green: of(undefined) })).toBe(true);
  });

  test('errors of a candidate are the deployment’s to judge, and do not thin out those of live', () => {
    expect(isOn(errors, { ...quiet, live: of(1), greenErrors: of(100) })).toBe(false);
    expect(isOn(errors, { ...quiet, live: of(1), blueErrors: of(3) })).toBe(true);
    expect(isOn(errors, { ...quiet, live: of(2), greenErrors: of(3), blueRequests: of(100_000) })).toBe(true);
  });

  test('two errors at night are no share of anything', () => {
    expect(isOn(errors, { ...quiet, live: of(1), blueErrors: of(2), blueRequests: of(2) })).toBe(false);
    expect(isOn(errors, { ...quiet, live: of(1), blueErrors: of(3), blueRequests: of(3) })).toBe(true);
  });

  test('a slow candidate and a full one are not live', () => {
    for (const [one, value] of [
      [slow, 30],
      [atMaximum, 10],
    ] as const) {
      expect(isOn(one, { live: of(1), blue: of(1), green: of(value) })).toBe(false);
      expect(isOn(one, { live: of(2), blue: of(1), green: of(value) })).toBe(true);
    }
  });

  test('a promotion moves them within the minute, and what a report misses is as it was', () => {
    const live = [...of(1, 10), ...of(2, 10)];
    const blue = [...of(2, 10), ...of(undefined, 10)];
    expect(isOn(fewTasks, { live, blue, green: of(2) })).toBe(false);
    const gaps = of(1).map((value, i) => (i % 3 === 0 ? value : undefined));
    expect(isOn(fewTasks, { live: gaps, blue: of(2), green: of(undefined) })).toBe(false);
    expect(isOn(fewTasks, { live: gaps, blue: of(1), green: of(6) })).toBe(true);
  });
});

describe('lost requests', () => {
  const lost = alarm('farol-web-production-lost-requests');

  test('are those that the load balancer answered by itself, in whichever slot live is', () => {
    expect(isOn(lost, { live: of(1), balancer: of(5), fixed: of(undefined) })).toBe(true);
    expect(isOn(lost, { live: of(2), balancer: of(undefined), fixed: of(5) })).toBe(true);
    expect(isOn(lost, { live: of(2), balancer: of(undefined), fixed: of(undefined) })).toBe(false);
  });

  test('before the first release the fixed 503 loses none', () => {
    expect(isOn(lost, { live: of(0), balancer: of(500), fixed: of(500) })).toBe(false);
  });

  test('are told also when Farol does not report', () => {
    expect(isOn(lost, { live: of(undefined), balancer: of(5), fixed: of(undefined) })).toBe(true);
  });
});

describe('the edge', () => {
  const elsewhere = { ...starterAndProduction.orchestrator, region: 'sa-east-1', account: ACCOUNT };

  test('is watched where CloudFront’s metrics are, in us-east-1 alone', () => {
    expect(alarm('farol-web-production-edge-errors').Metrics).toBeDefined();
    const targets = starterAndProduction.targets.map((target) => ({
      ...target,
      network: { ...target.network, zones: ['sa-east-1a', 'sa-east-1b', 'sa-east-1c'] },
      edge: { ...target.edge, firewall: undefined },
    }));
    const names = alarmsOf(
      Object.values(synthesized({ ...starterAndProduction, orchestrator: elsewhere, targets })),
    ).map(({ AlarmName }) => AlarmName);
    expect(names).toContain('farol-web-production-errors');
    expect(names).not.toContain('farol-web-production-edge-errors');
  });
});
