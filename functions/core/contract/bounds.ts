import { type Duration, seconds } from './duration.ts';

/** What a setting may be at least and at most, and who says so. */
export interface Bound {
  /** A time, or a number. */
  readonly least: Duration | number;
  readonly most: Duration | number;
  /** Only whole seconds: AWS counts in them. */
  readonly whole?: true;
  /** Whose bound it is: an API's reference, or Farol's own reason. */
  readonly source: string;
}

/**
 * Every setting with a length or a number, and its bounds. Times that the local cloud makes shorter have a low least here; what people
 * may write at least is in infra/environments/schema.ts. docs/limits.md shows this table.
 */
export const BOUNDS = {
  'capacity.min': { least: 1, most: 5_000, source: 'Amazon ECS service quotas: 5,000 tasks a service' },
  'capacity.max': { least: 1, most: 5_000, source: 'Amazon ECS service quotas: 5,000 tasks a service' },
  'capacity.requestsPerTarget': { least: 0.001, most: 1_000_000_000, source: 'Farol: more is no number of requests' },
  'health.interval': {
    least: '5s',
    most: '300s',
    whole: true,
    source: 'ELBv2 API, CreateTargetGroup, HealthCheckIntervalSeconds',
  },
  'health.timeout': {
    least: '2s',
    most: '120s',
    whole: true,
    source: 'ELBv2 API, CreateTargetGroup, HealthCheckTimeoutSeconds',
  },
  'health.healthy': { least: 2, most: 10, source: 'ELBv2 API, CreateTargetGroup, HealthyThresholdCount' },
  'health.unhealthy': { least: 2, most: 10, source: 'ELBv2 API, CreateTargetGroup, UnhealthyThresholdCount' },
  'drain.deregistration': {
    least: '0s',
    most: '3600s',
    whole: true,
    source: 'ELBv2 API, TargetGroupAttribute, deregistration_delay.timeout_seconds',
  },
  'drain.stopTimeout': {
    least: '2s',
    most: '120s',
    whole: true,
    source: 'ECS API, ContainerDefinition, stopTimeout on Fargate',
  },
  'drain.idle': {
    least: '1s',
    most: '4000s',
    whole: true,
    source: 'ELBv2 API, LoadBalancerAttribute, idle_timeout.timeout_seconds',
  },
  'drain.settle': { least: '1ms', most: '10m', source: 'Farol: load balancer nodes learn new weights within seconds' },
  'migrate.timeout': { least: '1ms', most: '2d', source: 'Farol: a deployment has eight days with everything in it' },
  'migrate.lockTimeout': {
    least: '1ms',
    most: '10m',
    source: 'Farol: a lock that is waited for stops the requests behind it',
  },
  'migrate.attempts': { least: 1, most: 10, source: 'Farol: each attempt may take migrate.timeout' },
  'candidate.timeout': { least: '1ms', most: '6h', source: 'Farol: the target is locked meanwhile' },
  'candidate.crashes': {
    least: 1,
    most: 100,
    source: 'Farol: ECS starts a task that ends again and again ever more slowly',
  },
  'traffic.weight': { least: 1, most: 100, source: 'per cent' },
  'traffic.bake': { least: '1s', most: '7d', source: 'Farol: a deployment has eight days with everything in it' },
  'traffic.checkEvery': { least: '1s', most: '1d', source: 'Amazon States Language, Wait: whole seconds' },
  'analysis.maxErrorShare': { least: 0, most: 1, source: 'a share' },
  'analysis.minRequests': { least: 1, most: 1_000_000_000, source: 'Farol: more is no number of requests' },
  'analysis.period': { least: '1s', most: '1h', whole: true, source: 'CloudWatch API, MetricStat, Period' },
  'provenance.timeout': { least: '1s', most: '1h', source: 'Farol: the target is locked meanwhile' },
  'scan.timeout': { least: '1s', most: '1h', source: 'Farol: the target is locked meanwhile' },
  'approval.timeout': {
    least: '1s',
    most: '6d',
    source: 'CodePipeline User Guide, "Quotas": a manual approval ends after seven days',
  },
  warm: { least: '1ms', most: '14d', source: 'Farol: the old slot costs as much as what serves' },
  poll: { least: '100ms', most: '20s', source: 'Farol: converge looks for 20 seconds at a time' },
} as const satisfies Readonly<Record<string, Bound>>;

/** What is wrong with a value by its bound, in words; undefined: nothing. */
export function boundProblem(setting: keyof typeof BOUNDS, value: Duration | number): string | undefined {
  const { least, most, whole }: Bound = BOUNDS[setting];
  const amount = amountOf(value);
  if (!(amount >= amountOf(least))) return `at least ${least}`;
  if (amount > amountOf(most)) return `at most ${most}`;
  return whole === true && !Number.isInteger(amount) ? 'whole seconds' : undefined;
}

function amountOf(value: Duration | number): number {
  return typeof value === 'number' ? value : seconds(value);
}

/** Characters that a health check's path may have. ELBv2 API, CreateTargetGroup, HealthCheckPath. */
export const LONGEST_PATH = 1_024;
/** Bytes of a target's settings as JSON: an advanced parameter. Systems Manager endpoints and quotas, "Parameter Store". */
export const LONGEST_SETTINGS = 8_192;
/** Steps of a traffic plan: each takes the checks of its own. */
export const MOST_STEPS = 20;
/** Names in a list: with more, the settings outgrow {@link LONGEST_SETTINGS}. */
export const MOST_NAMES = 100;
