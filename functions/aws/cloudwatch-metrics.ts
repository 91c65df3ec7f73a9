import { type CloudWatchClient, paginateGetMetricData } from '@aws-sdk/client-cloudwatch';
import { seconds } from '#core/contract/duration.ts';
import type { Instant } from '#core/contract/ledger.ts';
import type { Settings } from '#core/contract/settings.ts';
import type { Slot } from '#core/contract/slot.ts';
import type { SlotCounts } from '#core/domain/verdict.ts';
import type { TrafficMetrics } from '#core/ports.ts';
import { dimensionOf } from './elb-arn.ts';

const COUNTS: Readonly<Record<keyof SlotCounts, string>> = {
  requests: 'RequestCount',
  targetErrors: 'HTTPCode_Target_5XX_Count',
};

/**
 * The load balancer's counts of one target group. A count without a data point is zero: Elastic Load Balancing reports
 * these metrics only when there are requests (ELB User Guide, "CloudWatch metrics for your Application Load Balancer").
 */
export class CloudWatchMetrics implements TrafficMetrics {
  readonly #client: CloudWatchClient;

  constructor(client: CloudWatchClient) {
    this.#client = client;
  }

  async counts({ infrastructure, analysis }: Settings, slot: Slot, from: Instant, to: Instant): Promise<SlotCounts> {
    // A period is a whole number of seconds (CloudWatch API reference, MetricStat).
    const period = Math.ceil(seconds(analysis.period));
    const dimensions = [
      { Name: 'TargetGroup', Value: dimensionOf(infrastructure.slots[slot].targetGroup) },
      { Name: 'LoadBalancer', Value: dimensionOf(infrastructure.loadBalancer) },
    ];
    const query = {
      MetricDataQueries: Object.entries(COUNTS).map(([id, name]) => ({
        Id: id,
        MetricStat: {
          Metric: { Namespace: 'AWS/ApplicationELB', MetricName: name, Dimensions: dimensions },
          Period: period,
          Stat: 'Sum',
        },
      })),
      // Whole periods, so that the first one is not cut off; requests before the step at a lower weight do no harm.
      StartTime: new Date(Math.floor(Date.parse(from) / 1000 / period) * period * 1000),
      EndTime: new Date(Math.ceil(Date.parse(to) / 1000 / period) * period * 1000),
    };
    const sums: Record<string, number> = {};
    const states = new Map<string, string | undefined>();
    for await (const page of paginateGetMetricData({ client: this.#client }, query)) {
      for (const { Id = '', Values = [], StatusCode } of page.MetricDataResults ?? []) {
        sums[Id] = (sums[Id] ?? 0) + Values.reduce((sum, value) => sum + value, 0);
        states.set(Id, StatusCode);
      }
    }
    // Any state but this one also comes without values, and must not read as "no errors".
    const broken = Object.keys(COUNTS).find((id) => states.get(id) !== 'Complete');
    if (broken !== undefined)
      throw new Error(`CloudWatch could not tell the ${broken} of ${slot}: ${states.get(broken) ?? 'no result'}`);
    return { requests: sums['requests'] ?? 0, targetErrors: sums['targetErrors'] ?? 0 };
  }
}
