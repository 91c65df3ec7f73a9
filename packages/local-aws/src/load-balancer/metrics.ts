import type { MetricDatum } from '@aws-sdk/client-cloudwatch';
import { type Counts, sum } from './counters.ts';
import type { Statistics } from './statistics.ts';
import type { TargetGroup } from './target-group.ts';

/** The namespace of an Application Load Balancer's metrics. */
export const NAMESPACE = 'AWS/ApplicationELB';

/** PutMetricData takes at most so many distinct values in one datum. */
const MAX_VALUES = 150;

type Dimensions = Record<string, string>;

/**
 * The metrics of one load balancer for one period, with AWS's names, dimensions and gaps: counts have no datapoint
 * when they are zero, response times none without a request, host counts one for each group with registered targets.
 * `loadBalancer` and the values of `groups` are the dimension's values, `app/...` and `targetgroup/...`
 * (ELB user guide, "CloudWatch metrics for your Application Load Balancer").
 */
export function metrics(
  period: Statistics,
  loadBalancer: string,
  groups: ReadonlyMap<TargetGroup, string>,
  at: Date,
): MetricDatum[] {
  const whole: Dimensions = { LoadBalancer: loadBalancer };
  const data = [...counts('RequestCount', period.total.requests, whole, at), ...elb(period.total, whole, at)];
  data.push(...answers(period.total, whole, at));
  for (const [group, name] of groups) {
    const dimensions: Dimensions = { TargetGroup: name, LoadBalancer: loadBalancer };
    const counted = period.byGroup.get(group);
    const registered = group.targets.filter(({ health: { state } }) => state !== 'draining' && state !== 'unused');
    const healthy = registered.filter(({ health: { state } }) => state === 'healthy').length;
    if (counted) data.push(...ofGroup(counted, healthy || registered.length, dimensions, at));
    if (registered.length > 0) {
      data.push(datum('HealthyHostCount', healthy, 'Count', dimensions, at));
      data.push(datum('UnHealthyHostCount', registered.length - healthy, 'Count', dimensions, at));
    }
  }
  return data;
}

function ofGroup(counted: Counts, targets: number, dimensions: Dimensions, at: Date): MetricDatum[] {
  const perTarget = targets > 0 ? counted.requests / targets : 0;
  return [
    ...counts('RequestCount', counted.requests, dimensions, at),
    ...counts('RequestCountPerTarget', perTarget, dimensions, at),
    ...counts('RequestCountPerTarget', perTarget, { TargetGroup: dimensions['TargetGroup'] ?? '' }, at),
    ...answers(counted, dimensions, at),
  ];
}

function answers(counted: Counts, dimensions: Dimensions, at: Date): MetricDatum[] {
  const classes = [2, 3, 4, 5].flatMap((digit) =>
    counts(`HTTPCode_Target_${digit}XX_Count`, counted.target.get(digit) ?? 0, dimensions, at),
  );
  const values = counted.latencies.values();
  const latencies: MetricDatum[] = [];
  for (let from = 0; from < values.length; from += MAX_VALUES) {
    const part = values.slice(from, from + MAX_VALUES);
    latencies.push({
      ...base('TargetResponseTime', 'Seconds', dimensions, at),
      Values: part.map(([seconds]) => seconds),
      Counts: part.map(([, count]) => count),
    });
  }
  return [...classes, ...latencies];
}

function elb(counted: Counts, dimensions: Dimensions, at: Date): MetricDatum[] {
  const made = (status: number): number => counted.elb.get(status) ?? 0;
  return [
    ...counts('HTTPCode_ELB_4XX_Count', made(460), dimensions, at),
    ...counts('HTTPCode_ELB_5XX_Count', made(502) + made(503) + made(504), dimensions, at),
    ...[502, 503, 504].flatMap((status) => counts(`HTTPCode_ELB_${status}_Count`, made(status), dimensions, at)),
    ...counts('HTTP_Fixed_Response_Count', sum(counted.fixed), dimensions, at),
  ];
}

function counts(name: string, value: number, dimensions: Dimensions, at: Date): MetricDatum[] {
  return value === 0 ? [] : [datum(name, value, 'Count', dimensions, at)];
}

function datum(name: string, value: number, unit: 'Count', dimensions: Dimensions, at: Date): MetricDatum {
  return { ...base(name, unit, dimensions, at), Value: value };
}

function base(name: string, unit: 'Count' | 'Seconds', dimensions: Dimensions, at: Date): MetricDatum {
  return {
    MetricName: name,
    Unit: unit,
    Timestamp: at,
    Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
  };
}
