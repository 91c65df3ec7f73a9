import type { MetricDatum } from '@aws-sdk/client-cloudwatch';
import type { Context } from '../context.ts';
import { type CountsView, view } from '../load-balancer/counters.ts';
import { metrics } from '../load-balancer/metrics.ts';
import { Statistics } from '../load-balancer/statistics.ts';
import type { LocalService } from '../protocol/service.ts';
import { listenerOperations } from './listeners.ts';
import { loadBalancerOperations } from './load-balancers.ts';
import { ruleOperations } from './rules.ts';
import { Elbv2State, type LoadBalancerRecord } from './state.ts';
import { tagOperations } from './tags.ts';
import { targetGroupOperations } from './target-groups.ts';
import { targetOperations } from './targets.ts';

/** What the load balancers did since they were made. Names of target groups and versions are the keys. */
export interface LoadBalancerCounters {
  readonly total: CountsView;
  readonly targetGroups: Readonly<
    Record<string, CountsView & { readonly healthy: number; readonly registered: number }>
  >;
  readonly versions: Readonly<Record<string, CountsView>>;
  /** By version again, of what came in at each listener's port. */
  readonly ports: Readonly<Record<number, Readonly<Record<string, CountsView>>>>;
}

/** Elastic Load Balancing: application load balancers that really listen. */
export class Elbv2 {
  readonly state = new Elbv2State();
  readonly service: LocalService;

  constructor(context: Context) {
    this.service = {
      service: 'elbv2',
      operations: {
        ...loadBalancerOperations(this.state, context),
        ...targetGroupOperations(this.state, context),
        ...targetOperations(this.state, context),
        ...listenerOperations(this.state, context),
        ...ruleOperations(this.state, context),
        ...tagOperations(this.state),
      },
    };
  }

  /** Counts of the load balancer `arn`, or of the only one. */
  counters(arn?: string): LoadBalancerCounters {
    const records = [...this.state.loadBalancers.values()];
    const record = arn === undefined ? records[0] : this.state.loadBalancer(arn);
    const statistics = record?.statistics ?? new Statistics();
    const groups = [...this.state.targetGroups.values()].filter(
      (group) => record && this.state.users(group.arn).includes(record),
    );
    return {
      total: view(statistics.total),
      targetGroups: Object.fromEntries(
        groups.map(({ name, group }) => {
          const registered = group.targets.filter(
            ({ health: { state } }) => state !== 'draining' && state !== 'unused',
          );
          const counts = statistics.byGroup.get(group) ?? new Statistics().total;
          const healthy = registered.filter(({ health: { state } }) => state === 'healthy').length;
          return [name, { ...view(counts), healthy, registered: registered.length }];
        }),
      ),
      versions: byVersion(statistics),
      ports: Object.fromEntries(
        [...(record?.listeners.values() ?? [])].map((listener) => [listener.port, byVersion(listener.statistics)]),
      ),
    };
  }

  /** Ends the running period of every load balancer and returns its metrics. */
  takeMetrics(at: Date): { data: MetricDatum[]; periods: ReadonlyMap<LoadBalancerRecord, Statistics> } {
    const data: MetricDatum[] = [];
    const periods = new Map<LoadBalancerRecord, Statistics>();
    for (const record of this.state.loadBalancers.values()) {
      const { period } = record;
      record.period = new Statistics();
      periods.set(record, period);
      const groups = [...this.state.targetGroups.values()].filter((group) =>
        this.state.users(group.arn).includes(record),
      );
      const names = new Map(groups.map(({ arn, group }) => [group, arn.split(':')[5] ?? '']));
      data.push(...metrics(period, record.path, names, at));
    }
    return { data, periods };
  }

  async close(): Promise<void> {
    const listeners = this.state.listeners();
    await Promise.all(listeners.map(({ server }) => server.close()));
    for (const { group } of this.state.targetGroups.values()) group.close();
  }
}

function byVersion(statistics: Statistics): Record<string, CountsView> {
  return Object.fromEntries([...statistics.byVersion].map(([version, counts]) => [version, view(counts)]));
}
