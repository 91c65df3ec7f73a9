import type {
  Action,
  LoadBalancer,
  RuleCondition,
  Tag,
  TargetGroup as TargetGroupShape,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Listener } from '../load-balancer/listener.ts';
import { Statistics } from '../load-balancer/statistics.ts';
import type { TargetGroup } from '../load-balancer/target-group.ts';
import { AwsError } from '../protocol/service.ts';
import { forwardedTo } from './actions.ts';

export interface TargetGroupRecord {
  readonly arn: string;
  readonly name: string;
  readonly shape: TargetGroupShape;
  readonly attributes: Map<string, string>;
  readonly group: TargetGroup;
}

export interface RuleRecord {
  readonly arn: string;
  priority: number;
  conditions: RuleCondition[];
  actions: Action[];
}

export interface ListenerRecord {
  readonly arn: string;
  readonly loadBalancer: LoadBalancerRecord;
  readonly port: number;
  readonly defaultRuleArn: string;
  defaultActions: Action[];
  readonly rules: Map<string, RuleRecord>;
  server: Listener;
  /** What came in here, since it was made. */
  readonly statistics: Statistics;
}

/** A load balancer with its counts: since it was made, and of the period that runs. */
export interface LoadBalancerRecord {
  readonly arn: string;
  /** `app/<name>/<id>`: its name in metrics and in its listeners' ARNs. */
  readonly path: string;
  readonly shape: LoadBalancer;
  readonly attributes: Map<string, string>;
  readonly listeners: Map<string, ListenerRecord>;
  readonly statistics: Statistics;
  period: Statistics;
}

/** Everything that the elbv2 service holds. Look-ups throw the service's own error. */
export class Elbv2State {
  readonly loadBalancers = new Map<string, LoadBalancerRecord>();
  readonly targetGroups = new Map<string, TargetGroupRecord>();
  readonly tags = new Map<string, Map<string, string>>();

  loadBalancer(arn: string): LoadBalancerRecord {
    return found(this.loadBalancers.get(arn), 'LoadBalancerNotFound', `Load balancer '${arn}' not found`);
  }

  targetGroup(arn: string): TargetGroupRecord {
    return found(this.targetGroups.get(arn), 'TargetGroupNotFound', `Target groups '${arn}' not found`);
  }

  listener(arn: string): ListenerRecord {
    const listener = this.listeners().find((one) => one.arn === arn);
    return found(listener, 'ListenerNotFound', `Listener '${arn}' not found`);
  }

  rule(arn: string): { listener: ListenerRecord; rule: RuleRecord } {
    for (const listener of this.listeners()) {
      const rule = listener.rules.get(arn);
      if (rule) return { listener, rule };
    }
    throw new AwsError('RuleNotFound', `One or more rules not found`);
  }

  listeners(): ListenerRecord[] {
    return [...this.loadBalancers.values()].flatMap(({ listeners }) => [...listeners.values()]);
  }

  /** Load balancers that send, or by weight 0 could send, requests to the group. */
  users(targetGroupArn: string): LoadBalancerRecord[] {
    return [...this.loadBalancers.values()].filter(({ listeners }) =>
      [...listeners.values()].some((listener) =>
        actionsOf(listener).some((action) => forwardedTo(action).has(targetGroupArn)),
      ),
    );
  }

  /**
   * Target groups that a rule or a default action of some listener names, even with weight 0, are checked; the others are not in use.
   * A slot's preview listener therefore keeps its targets checked although no production rule names the group.
   */
  refreshUse(): void {
    for (const { arn, group } of this.targetGroups.values()) group.setInUse(this.users(arn).length > 0);
  }

  setTags(arn: string, tags: readonly Tag[] | undefined): void {
    const known = this.tags.get(arn) ?? new Map<string, string>();
    for (const { Key, Value } of tags ?? []) if (Key !== undefined) known.set(Key, Value ?? '');
    this.tags.set(arn, known);
  }
}

function actionsOf(listener: ListenerRecord): Action[] {
  return [...listener.defaultActions, ...[...listener.rules.values()].flatMap(({ actions }) => actions)];
}

function found<T>(value: T | undefined, code: string, message: string): T {
  if (value === undefined) throw new AwsError(code, message);
  return value;
}
