import { MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { ApplicationLoadBalancer, ApplicationTargetGroup } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { LIVE_SLOT, METRICS, type TargetMetrics } from '#core/contract/metrics.ts';
import { otherSlot, SLOTS, type Slot } from '#core/contract/slot.ts';
import { MINUTE } from './runbook-alarms.ts';

export interface SlotRoleMetricsProps {
  /** As in `web/production`. */
  readonly target: string;
  readonly loadBalancer: ApplicationLoadBalancer;
  readonly groups: Readonly<Record<Slot, ApplicationTargetGroup>>;
}

/** A value of one slot, in metric math, and the metrics that it is made of, by their ids there. */
export interface SlotValue {
  readonly expression: string;
  readonly metrics: Readonly<Record<string, Metric>>;
}

/** The metrics of a target by what a slot does, not by its colour. */
export class SlotRoleMetrics {
  readonly #props: SlotRoleMetricsProps;

  constructor(props: SlotRoleMetricsProps) {
    this.#props = props;
  }

  /** What Farol reports of the target. */
  farol(metricName: keyof TargetMetrics): Metric {
    return new Metric({
      namespace: METRICS.namespace,
      metricName,
      dimensionsMap: { [METRICS.dimension]: this.#props.target },
      statistic: 'Maximum',
      period: MINUTE,
    });
  }

  /** A metric of the whole load balancer. */
  balancer(metricName: string): Metric {
    return this.#elb(metricName, 'Sum', {});
  }

  /** A metric of one slot's target group. */
  slot(slot: Slot, metricName: string, statistic = 'Sum'): Metric {
    return this.#elb(metricName, statistic, { TargetGroup: this.#props.groups[slot].targetGroupFullName });
  }

  /** {@link slot} as a value of {@link live}. */
  value(metricName: string, statistic?: string): (slot: Slot) => SlotValue {
    return (slot) => ({ expression: slot, metrics: { [slot]: this.slot(slot, metricName, statistic) } });
  }

  /**
   * The live slot's value, minute by minute; `otherwise` while nothing is live yet. Where a slot's metric has no data
   * it is 0, and without any report of Farol there are no data: CloudWatch User Guide, "Using math expressions with
   * CloudWatch metrics", functions IF and FILL. A report that is late or missing repeats the one before.
   */
  live(value: (slot: Slot) => SlotValue, otherwise: number, label: string): MathExpression {
    return this.#chosen((role) => role, value, otherwise, label);
  }

  /** As {@link live}, of the slot that is not live: candidate, warm or idle. */
  other(value: (slot: Slot) => SlotValue, otherwise: number, label: string): MathExpression {
    return this.#chosen(otherSlot, value, otherwise, label);
  }

  #chosen(slotOf: (live: Slot) => Slot, value: (slot: Slot) => SlotValue, otherwise: number, label: string) {
    const expression = SLOTS.reduceRight(
      (rest, live) => `IF(FILL(live, REPEAT) == ${LIVE_SLOT[live]}, ${value(slotOf(live)).expression}, ${rest})`,
      String(otherwise),
    );
    const usingMetrics = { live: this.farol('LiveSlot'), ...value('blue').metrics, ...value('green').metrics };
    return new MathExpression({ expression, usingMetrics, period: MINUTE, label });
  }

  #elb(metricName: string, statistic: string, dimensions: Record<string, string>): Metric {
    return new Metric({
      namespace: 'AWS/ApplicationELB',
      metricName,
      dimensionsMap: { ...dimensions, LoadBalancer: this.#props.loadBalancer.loadBalancerFullName },
      statistic,
      period: MINUTE,
    });
  }
}
