import type { MetricDatum } from '@aws-sdk/client-cloudwatch';
import { ApplicationAutoScaling } from './application-autoscaling/service.ts';
import { type Clock, createClock, repeatAligned } from './clock.ts';
import type { Context, DataPlaneEvent } from './context.ts';
import { Addresses } from './ecs/addresses.ts';
import type { PublishLog, TaskHost } from './ecs/host.ts';
import { Ecs } from './ecs/service.ts';
import { Elbv2, type LoadBalancerCounters } from './elbv2/service.ts';
import type { LoadBalancerRecord } from './elbv2/state.ts';
import { createLateness, type Fidelity } from './fidelity.ts';
import type { Place } from './identity.ts';
import { NAMESPACE } from './load-balancer/metrics.ts';
import type { Statistics } from './load-balancer/statistics.ts';
import type { LocalService } from './protocol/service.ts';
import { Ports } from './runtime/ports.ts';
import type { TaskRuntime } from './runtime/runtime.ts';

/** AWS's seconds between two datapoints of a load balancer's metrics. */
const PERIOD = 60;

/** What PutMetricData takes. */
export interface Metrics {
  readonly namespace: string;
  readonly data: readonly MetricDatum[];
}

export interface DataPlaneOptions extends Place {
  /** How many times as fast as AWS's the local waits, health checks and metric periods are. */
  readonly timeScale: number;
  readonly runtime: TaskRuntime;
  readonly publishLog: PublishLog;
  readonly publishMetrics: (metrics: Metrics) => Promise<void> | void;
  /** Value of a secret or parameter by the `valueFrom` of a task definition; rejects when it cannot be read. */
  readonly resolveSecret: (valueFrom: string) => Promise<string>;
  /** A variable of containers whose value the load balancer also counts requests by, such as a version. */
  readonly versionVariable?: string;
  /** `exact` unless given. */
  readonly fidelity?: Fidelity;
  /** Fixes what `like-aws` draws by lot. */
  readonly seed?: number;
}

/** ECS, Elastic Load Balancing and Application Auto Scaling of this machine, with real tasks and real listeners. */
export interface DataPlane {
  readonly services: readonly LocalService[];
  /** What the load balancer `arn`, or the only one, did since it was made. */
  counters(arn?: string): LoadBalancerCounters;
  /** Tells of every change; the result ends that. */
  on(listener: (event: DataPlaneEvent) => void): () => void;
  /** Ends every task and listener. */
  close(): Promise<void>;
}

export function createDataPlane(options: DataPlaneOptions): DataPlane {
  const clock = createClock(options.timeScale);
  const lateness = createLateness(options.fidelity ?? 'exact', clock, options.seed ?? 1);
  const listeners = new Set<(event: DataPlaneEvent) => void>();
  const context: Context = {
    accountId: options.accountId,
    region: options.region,
    clock,
    lateness,
    emit: (event) => {
      for (const listener of listeners) listener(event);
    },
  };
  const elbv2 = new Elbv2(context);
  const { state } = elbv2;
  const host: TaskHost = {
    ...context,
    runtime: options.runtime,
    ports: new Ports(),
    addresses: new Addresses(),
    publishLog: options.publishLog,
    resolveSecret: options.resolveSecret,
    ...(options.versionVariable === undefined ? {} : { versionVariable: options.versionVariable }),
    targetGroup: (arn) => state.targetGroups.get(arn)?.group,
  };
  const ecs = new Ecs(host, (arn) => state.users(arn).length > 0);
  const autoscaling = new ApplicationAutoScaling(context, (path) => {
    const service = ecs.activeService(path);
    return (
      service && {
        desiredCount: service.desiredCount,
        deploying: service.primary.rolloutState === 'IN_PROGRESS',
        setDesiredCount: (count) => ecs.scale(service, count),
      }
    );
  });
  const period = clock.real(PERIOD);
  const endPeriods = repeatAligned(clock, period, () => {
    // A datapoint bears the time at which its period began.
    const began = Math.round(clock.now() / period - 1) * period;
    const { data, periods } = elbv2.takeMetrics(new Date(began));
    autoscaling.scaling.evaluate((label) => requestsPerTarget(periods, label));
    if (data.length > 0)
      publish(clock, lateness.metricsDelay(), () => options.publishMetrics({ namespace: NAMESPACE, data }));
  });

  return {
    services: [ecs.service, elbv2.service, autoscaling.service],
    counters: (arn) => elbv2.counters(arn),
    on(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      endPeriods();
      ecs.close();
      lateness.close();
      await elbv2.close();
      await options.runtime.close();
    },
  };
}

/** Metrics are lost when they cannot be put, as datapoints are on AWS; nothing waits for them. */
function publish(clock: Clock, delay: number, put: () => Promise<void> | void): void {
  clock.after(delay, () => {
    void Promise.resolve()
      .then(put)
      .catch(() => undefined);
  });
}

/**
 * ALBRequestCountPerTarget of a period by its resource label, `app/<name>/<id>/targetgroup/<name>/<id>`; undefined
 * without requests.
 */
function requestsPerTarget(periods: ReadonlyMap<LoadBalancerRecord, Statistics>, label: string): number | undefined {
  const [loadBalancer, targetGroup] = label.split('/targetgroup/');
  for (const [{ path }, period] of periods) {
    if (path !== loadBalancer) continue;
    for (const [group, counts] of period.byGroup) {
      if (!group.arn.endsWith(`:targetgroup/${targetGroup}`)) continue;
      const healthy = group.targets.filter(({ health: { state } }) => state === 'healthy').length;
      return healthy === 0 ? undefined : counts.requests / healthy;
    }
  }
  return undefined;
}
