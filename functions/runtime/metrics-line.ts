import { METRICS, type TargetMetrics } from '#core/contract/metrics.ts';
import type { Target } from '#core/contract/target.ts';

/**
 * A log line from which CloudWatch makes metrics by itself, without a call and without a right of the function
 * (CloudWatch User Guide, "Specification: Embedded metric format"): what else stands in the line is no matter to it.
 */
export function metricsLine(target: Target, metrics: TargetMetrics, at: number): Record<string, unknown> {
  return {
    _aws: {
      Timestamp: at,
      CloudWatchMetrics: [
        {
          Namespace: METRICS.namespace,
          Dimensions: [[METRICS.dimension]],
          Metrics: Object.keys(metrics).map((Name) => ({ Name })),
        },
      ],
    },
    [METRICS.dimension]: target,
    ...metrics,
  };
}
