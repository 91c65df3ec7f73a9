import { Duration, Stack } from 'aws-cdk-lib';
import {
  type Alarm,
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  type IMetric,
  type IWidget,
  LogQueryWidget,
  MathExpression,
  Metric,
  PeriodOverride,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { seconds } from '#core/contract/duration.ts';
import { LIVE_SLOT } from '#core/contract/metrics.ts';
import { SLOTS, type Slot } from '#core/contract/slot.ts';
import { targetNames } from '#core/contract/target-names.ts';
import type { EnvironmentTarget } from '../environments/schema.ts';
import { runbookLink } from '../runbooks.ts';
import { MINUTE } from './runbook-alarms.ts';
import type { SlotRoleMetrics } from './slot-role-metrics.ts';
import { database, edge } from './target-alarms.ts';

export interface TargetDashboardProps {
  readonly target: EnvironmentTarget;
  readonly metrics: SlotRoleMetrics;
  readonly alarms: readonly Alarm[];
  /** Id of the CloudFront distribution, where there is one. */
  readonly distribution?: string | undefined;
  /** Where users go. */
  readonly address: string;
  readonly stateMachineArn: string;
  readonly documentation: string | undefined;
}

const COLOUR: Readonly<Record<Slot, string>> = { blue: '#1f77b4', green: '#2ca02c' };
const LIVE = '#000000';
const OTHER = '#999999';

/**
 * One page of a target: what users see by slot and by role, tasks, deployments, database, latest errors. The first three
 * dashboards of an account cost nothing (CloudWatch pricing).
 */
export class TargetDashboard extends Construct {
  constructor(scope: Construct, id: string, props: TargetDashboardProps) {
    super(scope, id);
    const { app, environment } = props.target;
    new Dashboard(this, 'Dashboard', {
      dashboardName: `farol-${targetNames(app, environment).slug}`,
      defaultInterval: Duration.hours(3),
      periodOverride: PeriodOverride.INHERIT,
      widgets: [
        [
          this.#links(props),
          new AlarmStatusWidget({ title: 'Alarms', alarms: [...props.alarms], width: 12, height: 4 }),
        ],
        users(props),
        capacity(props),
        deployments(props),
        databaseOf(props),
        [this.#errors(props)],
      ],
    });
  }

  #links({ target, address, stateMachineArn, documentation }: TargetDashboardProps): IWidget {
    const { region } = Stack.of(this);
    const console = `https://${region}.console.aws.amazon.com`;
    const { slug, logGroup } = targetNames(target.app, target.environment);
    // The console writes a slash in a log group's name as $252F in addresses.
    const log = logGroup.replaceAll('/', '$252F');
    return new TextWidget({
      width: 12,
      height: 4,
      markdown: [
        `## ${target.app}/${target.environment}`,
        `[application](${address}) · [deployments](${console}/states/home?region=${region}#/statemachines/view/${stateMachineArn})`,
        `· [tasks](${console}/ecs/v2/clusters/${slug}/services?region=${region})`,
        `· [log](${console}/cloudwatch/home?region=${region}#logsV2:log-groups/log-group/${log})`,
        `· [traces](${console}/cloudwatch/home?region=${region}#xray:traces/query)`,
        `· runbooks: ${runbookLink(documentation, 'README.md')}`,
        '',
        'Live is drawn black: the slot that Farol reports. The other slot is candidate, warm or idle.',
      ].join('\n'),
    });
  }

  /** The application writes a line of JSON for each error. */
  #errors({ target }: TargetDashboardProps): IWidget {
    return new LogQueryWidget({
      title: 'Latest errors of the application',
      logGroupNames: [targetNames(target.app, target.environment).logGroup],
      queryLines: [
        'fields @timestamp, version, slot, status, path, message, error',
        'filter level in ["error", "critical"]',
        'sort @timestamp desc',
        'limit 20',
      ],
      width: 24,
      height: 6,
    });
  }
}

function users({ metrics, distribution, target }: TargetDashboardProps): IWidget[] {
  const requests = metrics.value('RequestCount');
  const errors = metrics.value('HTTPCode_Target_5XX_Count');
  return [
    graph('Requests a minute', [
      ...bySlot((slot) => metrics.slot(slot, 'RequestCount')),
      role(metrics.live(requests, 0, 'live'), LIVE),
      role(metrics.other(requests, 0, 'other'), OTHER),
    ]),
    graph('5xx a minute: application by slot, lost', [
      ...bySlot((slot) => metrics.slot(slot, 'HTTPCode_Target_5XX_Count')),
      role(metrics.live(errors, 0, 'live'), LIVE),
      metrics.balancer('HTTPCode_ELB_5XX_Count').with({ label: 'lost: load balancer', color: '#d62728' }),
      metrics.balancer('RejectedConnectionCount').with({ label: 'lost: rejected', color: '#ff7f0e' }),
      ...(distribution === undefined
        ? []
        : [edge(distribution, '5xxErrorRate', 'Average').with({ label: 'CloudFront, %', region: 'us-east-1' })]),
    ]),
    graph(
      'Answer times, seconds',
      [
        ...bySlot((slot) => metrics.slot(slot, 'TargetResponseTime', 'p99'), 'p99 '),
        role(metrics.live(metrics.value('TargetResponseTime', 'p50'), 0, 'p50 live'), LIVE),
      ],
      [{ value: seconds(target.alarms.latency), label: `alarm: ${target.alarms.latency}` }],
    ),
  ];
}

function capacity({ metrics, target }: TargetDashboardProps): IWidget[] {
  const { slug } = targetNames(target.app, target.environment);
  const service = (slot: Slot, metricName: string, statistic: string) =>
    new Metric({
      namespace: 'AWS/ECS',
      metricName,
      dimensionsMap: { ClusterName: slug, ServiceName: `${slug}-${slot}` },
      statistic,
      period: MINUTE,
    });
  return [
    graph(
      'Healthy tasks',
      [
        ...bySlot((slot) => metrics.slot(slot, 'HealthyHostCount', 'Minimum')),
        role(metrics.live(metrics.value('HealthyHostCount', 'Minimum'), 0, 'live'), LIVE),
      ],
      [
        { value: target.capacity.min, label: 'minimum' },
        { value: target.capacity.max, label: 'maximum' },
      ],
    ),
    // ECS Developer Guide, "Amazon ECS service utilization metrics": each running task is one sample a minute.
    graph(
      'Running tasks',
      bySlot((slot) => service(slot, 'CPUUtilization', 'SampleCount')),
    ),
    graph('Processor and memory, %', [
      ...bySlot((slot) => service(slot, 'CPUUtilization', 'Average'), 'processor '),
      ...bySlot((slot) => service(slot, 'MemoryUtilization', 'Average'), 'memory '),
    ]),
  ];
}

function deployments({ metrics, stateMachineArn }: TargetDashboardProps): IWidget[] {
  const executions = (metricName: string, label: string) =>
    new Metric({
      namespace: 'AWS/States',
      metricName,
      dimensionsMap: { StateMachineArn: stateMachineArn },
      statistic: 'Sum',
      period: MINUTE,
      label,
    });
  const { blue, green } = LIVE_SLOT;
  return [
    graph(`Live slot: ${String(blue)} blue, ${String(green)} green; frozen`, [
      metrics.farol('LiveSlot').with({ label: 'live slot', color: LIVE }),
      metrics.farol('Frozen').with({ label: 'frozen', color: '#d62728' }),
    ]),
    graph('Deployment under way, minutes', [
      new MathExpression({
        expression: 'age / 60',
        usingMetrics: { age: metrics.farol('DeploymentSeconds') },
        period: MINUTE,
        label: 'minutes',
      }),
    ]),
    graph('Executions of every target', [
      executions('ExecutionsStarted', 'started'),
      executions('ExecutionsSucceeded', 'live, or nothing to do'),
      executions('ExecutionsFailed', 'rolled back, refused or frozen'),
      executions('ExecutionsTimedOut', 'timed out'),
      executions('ExecutionsAborted', 'stopped'),
    ]),
  ];
}

function databaseOf({ target }: TargetDashboardProps): IWidget[] {
  return [
    graph('Database: processor, %', [database(target, 'CPUUtilization', 'Average')]),
    graph(
      'Database: connections',
      [database(target, 'DatabaseConnections', 'Maximum')],
      [{ value: target.alarms.databaseConnections, label: 'alarm' }],
    ),
    graph('Database: free storage and memory, bytes', [
      database(target, 'FreeStorageSpace', 'Minimum'),
      database(target, 'FreeableMemory', 'Minimum'),
    ]),
  ];
}

function bySlot(metric: (slot: Slot) => Metric, label = ''): IMetric[] {
  return SLOTS.map((slot) => metric(slot).with({ label: `${label}${slot}`, color: COLOUR[slot] }));
}

function role(metric: MathExpression, color: string): MathExpression {
  return metric.with({ color });
}

function graph(title: string, left: IMetric[], leftAnnotations: { value: number; label: string }[] = []): IWidget {
  return new GraphWidget({ title, left, leftAnnotations, leftYAxis: { min: 0 }, width: 8, height: 6 });
}
