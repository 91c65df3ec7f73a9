import { Stack } from 'aws-cdk-lib';
import { MathExpression, Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { longestSeconds } from '#core/contract/budget.ts';
import { seconds } from '#core/contract/duration.ts';
import type { Slot } from '#core/contract/slot.ts';
import { targetNames } from '#core/contract/target-names.ts';
import type { EnvironmentTarget } from '../environments/schema.ts';
import { MINUTE, RunbookAlarms } from './runbook-alarms.ts';
import type { SlotRoleMetrics, SlotValue } from './slot-role-metrics.ts';

export interface TargetAlarmsProps {
  readonly target: EnvironmentTarget;
  readonly metrics: SlotRoleMetrics;
  /** Id of the CloudFront distribution, where there is one. */
  readonly distribution?: string | undefined;
  readonly documentation: string | undefined;
}

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;

/** Errors in a minute below which their share proves nothing. */
const ERRORS_THAT_COUNT = 3;

/**
 * The alarms of one target. They follow the role: what only the live slot can show is chosen by which slot Farol reports
 * as live, so that an idle, warm or candidate slot neither alarms nor hides anything. Metrics of alarms, of which the first
 * ten of an account are free: 8 at level `essential`; 26 at `all`, 24 without an edge.
 */
export class TargetAlarms extends RunbookAlarms {
  constructor(scope: Construct, id: string, props: TargetAlarmsProps) {
    const { app, environment, alarms } = props.target;
    super(scope, id, { prefix: `farol-${targetNames(app, environment).slug}`, documentation: props.documentation });
    this.#users(props);
    this.#farol(props);
    this.#database(props);
    if (alarms.level === 'essential') return;
    this.#early(props);
    this.#earlyDatabase(props);
    this.#edge(props);
  }

  #users({ target, metrics }: TargetAlarmsProps): void {
    // What the load balancer answers by itself, its fixed 503 too: whether the first count holds the second is not documented.
    const lost = '(balancer + fixed)';
    this.add({
      name: 'lost-requests',
      means: 'Requests end in an error of the load balancer itself: no task answered them.',
      runbook: 'target.md#lost-requests',
      metric: new MathExpression({
        // Before the first release the fixed 503 is right. Without a report of Farol everything counts: a missing value is 0 in arithmetic.
        expression: `${lost} - ${lost} * (live == 0)`,
        usingMetrics: {
          balancer: metrics.balancer('HTTPCode_ELB_5XX_Count'),
          fixed: metrics.balancer('HTTP_Fixed_Response_Count'),
          live: metrics.farol('LiveSlot'),
        },
        period: MINUTE,
        label: 'lost requests a minute',
      }),
      bad: { atLeast: target.alarms.lostRequests },
      of: [2, 5],
      missing: TreatMissingData.NOT_BREACHING,
    });
    const { min } = target.capacity;
    this.add({
      name: 'too-few-tasks',
      means: `Fewer than ${min} tasks of what is live are healthy.`,
      runbook: 'target.md#too-few-tasks',
      metric: metrics.live(metrics.value('HealthyHostCount', 'Minimum'), min, 'healthy live tasks'),
      bad: { atMost: min - 1 },
      of: [5, 5],
      missing: TreatMissingData.MISSING,
    });
  }

  #farol({ metrics }: TargetAlarmsProps): void {
    this.add({
      name: 'frozen',
      means:
        'Nothing is deployed until a person has looked and unfreezes the target; or, without data, Farol is silent.',
      runbook: 'orchestrator.md#target-frozen',
      metric: metrics.farol('Frozen'),
      bad: { atLeast: 1 },
      of: [1, 10],
      missing: TreatMissingData.MISSING,
      notifiesMissing: true,
    });
  }

  #database({ target }: TargetAlarmsProps): void {
    const { storageGiB } = target.database;
    this.add({
      name: 'database-storage',
      means: 'The database’s disk is nearly full, and growing by itself did not help.',
      runbook: 'database.md#storage',
      // RDS grows the disk when less than a tenth is free. RDS User Guide, "Managing capacity automatically with storage autoscaling".
      metric: database(target, 'FreeStorageSpace', 'Minimum'),
      bad: { atMost: 0.05 * storageGiB * GIB },
      of: [10, 10],
      missing: TreatMissingData.MISSING,
    });
  }

  #early({ target, metrics }: TargetAlarmsProps): void {
    const { alarms, capacity } = target;
    this.add({
      name: 'errors',
      means: `More than ${100 * alarms.errorShare} % of the requests to what is live end in an error of the application.`,
      runbook: 'target.md#application-errors',
      metric: metrics.live(errorShare(metrics), 0, '% of live’s requests'),
      bad: { atLeast: 100 * alarms.errorShare },
      of: [3, 5],
      missing: TreatMissingData.NOT_BREACHING,
    });
    this.add({
      name: 'slow',
      means: `One of a hundred requests to what is live takes longer than ${alarms.latency}.`,
      runbook: 'target.md#slow-answers',
      metric: metrics.live(metrics.value('TargetResponseTime', 'p99'), 0, 'p99 of live, seconds'),
      bad: { atLeast: seconds(alarms.latency) },
      of: [10, 15],
      missing: TreatMissingData.NOT_BREACHING,
    });
    if (capacity.max > capacity.min)
      this.add({
        name: 'at-maximum',
        means: `What is live runs ${capacity.max} tasks, and scaling may add no more.`,
        runbook: 'target.md#scaling-at-its-maximum',
        metric: metrics.live(metrics.value('HealthyHostCount', 'Maximum'), 0, 'healthy live tasks'),
        bad: { atLeast: capacity.max },
        of: [15, 20],
        missing: TreatMissingData.NOT_BREACHING,
      });
    this.add({
      name: 'rejected-connections',
      means: 'The load balancer turns connections away: it has as many as it can have.',
      runbook: 'target.md#rejected-connections',
      metric: metrics.balancer('RejectedConnectionCount'),
      bad: { atLeast: 1 },
      of: [2, 5],
      missing: TreatMissingData.NOT_BREACHING,
    });
    this.add({
      name: 'long-deployment',
      means: 'One deployment goes on for longer than all its waits together.',
      runbook: 'orchestrator.md#deployment-takes-too-long',
      metric: metrics.farol('DeploymentSeconds'),
      bad: { atLeast: Math.ceil(longestSeconds({ ...target, approval: undefined })) },
      of: [5, 10],
      missing: TreatMissingData.NOT_BREACHING,
    });
  }

  #earlyDatabase({ target }: TargetAlarmsProps): void {
    this.add({
      name: 'database-processor',
      means: 'The database computes without a rest.',
      runbook: 'database.md#processor',
      metric: database(target, 'CPUUtilization', 'Average'),
      bad: { atLeast: 85 },
      of: [15, 20],
      missing: TreatMissingData.MISSING,
    });
    this.add({
      name: 'database-connections',
      means: 'The database has nearly as many connections as it takes.',
      runbook: 'database.md#connections',
      metric: database(target, 'DatabaseConnections', 'Maximum'),
      bad: { atLeast: target.alarms.databaseConnections },
      of: [5, 10],
      missing: TreatMissingData.MISSING,
    });
    this.add({
      name: 'database-memory',
      means: 'The database has hardly any memory left.',
      runbook: 'database.md#memory',
      metric: database(target, 'FreeableMemory', 'Minimum'),
      bad: { atMost: 64 * MIB },
      of: [10, 15],
      missing: TreatMissingData.MISSING,
    });
  }

  /** CloudFront tells its metrics in us-east-1 alone, and an alarm sees those of its own region. CloudFront Developer Guide, "Monitoring CloudFront metrics". */
  #edge({ distribution, metrics }: TargetAlarmsProps): void {
    if (distribution === undefined || Stack.of(this).region !== 'us-east-1') return;
    this.add({
      name: 'edge-errors',
      means: 'CloudFront answers more than a twentieth of the requests with 5xx.',
      runbook: 'target.md#edge-errors',
      metric: new MathExpression({
        expression: 'share - share * (live == 0)',
        usingMetrics: {
          share: edge(distribution, '5xxErrorRate', 'Average'),
          live: metrics.farol('LiveSlot'),
        },
        period: MINUTE,
        label: '% of requests',
      }),
      bad: { atLeast: 5 },
      of: [5, 10],
      missing: TreatMissingData.NOT_BREACHING,
    });
  }
}

/** Per cent of a slot's requests; 0 below a few errors, so that one of three requests at night raises no alarm. */
function errorShare(metrics: SlotRoleMetrics): (slot: Slot) => SlotValue {
  return (slot) => {
    const [errors, requests] = [`${slot}Errors`, `${slot}Requests`];
    return {
      expression: `IF(${errors} >= ${ERRORS_THAT_COUNT}, 100 * ${errors} / ${requests}, 0)`,
      metrics: {
        [errors]: metrics.slot(slot, 'HTTPCode_Target_5XX_Count'),
        [requests]: metrics.slot(slot, 'RequestCount'),
      },
    };
  };
}

/** A metric of the target's database, which is called what the target is called. */
export function database({ app, environment }: EnvironmentTarget, metricName: string, statistic: string): Metric {
  return new Metric({
    namespace: 'AWS/RDS',
    metricName,
    dimensionsMap: { DBInstanceIdentifier: targetNames(app, environment).slug },
    statistic,
    period: MINUTE,
  });
}

/** A metric of a CloudFront distribution. */
export function edge(distribution: string, metricName: string, statistic: string): Metric {
  return new Metric({
    namespace: 'AWS/CloudFront',
    metricName,
    dimensionsMap: { DistributionId: distribution, Region: 'Global' },
    statistic,
    period: MINUTE,
  });
}
