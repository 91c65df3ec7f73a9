import type { Action, RuleCondition, TargetGroupTuple } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Condition, Action as LoadBalancerAction } from '../load-balancer/rules.ts';
import type { TargetGroup } from '../load-balancer/target-group.ts';
import { AwsError } from '../protocol/service.ts';

const MAX_WEIGHT = 999;
const MAX_GROUPS = 5;

/** Target groups that `action` names, with their weights. */
export function forwardedTo(action: Action): Map<string, number> {
  return new Map(tuples(action).map(({ TargetGroupArn, Weight }) => [TargetGroupArn ?? '', Weight ?? 1]));
}

function tuples(action: Action): TargetGroupTuple[] {
  if (action.Type !== 'forward') return [];
  if (action.ForwardConfig?.TargetGroups) return action.ForwardConfig.TargetGroups;
  return action.TargetGroupArn === undefined ? [] : [{ TargetGroupArn: action.TargetGroupArn, Weight: 1 }];
}

/**
 * Actions as the service answers them: a forward to one group has both `TargetGroupArn` and `ForwardConfig`, one to
 * several only `ForwardConfig`; a missing weight is 1. Refuses what AWS refuses and what the local load balancer cannot do.
 */
export function normaliseActions(actions: readonly Action[] | undefined): Action[] {
  const [action, ...more] = actions ?? [];
  if (!action || more.length > 0)
    throw new AwsError(
      'InvalidLoadBalancerAction',
      'You must specify exactly one action of type forward or fixed-response',
    );
  if (action.Type === 'fixed-response') return [normaliseFixedResponse(action)];
  if (action.Type !== 'forward') throw unsupported(`Action type '${action.Type}'`);
  const groups = tuples(action);
  const arns = new Set(groups.map(({ TargetGroupArn }) => TargetGroupArn));
  if (groups.length === 0) throw invalid('A target group ARN must be specified');
  if (arns.size !== groups.length) throw invalid('A target group may be specified only once in a forward action');
  if (groups.length > MAX_GROUPS)
    throw new AwsError(
      'TooManyUniqueTargetGroupsPerLoadBalancer',
      `A forward action has at most ${MAX_GROUPS} target groups`,
    );
  if (action.ForwardConfig?.TargetGroupStickinessConfig?.Enabled) throw unsupported('Target group stickiness');
  const weighted = groups.map(({ TargetGroupArn, Weight = 1 }) => {
    if (Weight < 0 || Weight > MAX_WEIGHT) throw invalid(`Weight '${Weight}' must be between 0 and ${MAX_WEIGHT}`);
    return { TargetGroupArn, Weight };
  });
  const [only] = weighted;
  return [
    {
      Type: 'forward',
      ...(weighted.length === 1 && only ? { TargetGroupArn: only.TargetGroupArn } : {}),
      Order: action.Order ?? 1,
      ForwardConfig: { TargetGroups: weighted, TargetGroupStickinessConfig: { Enabled: false } },
    },
  ];
}

function normaliseFixedResponse(action: Action): Action {
  const { StatusCode, ContentType, MessageBody } = action.FixedResponseConfig ?? {};
  if (!/^[245]\d\d$/.test(StatusCode ?? ''))
    throw invalid(`The status code of a fixed response must be 2xx, 4xx or 5xx, not '${StatusCode}'`);
  return {
    Type: 'fixed-response',
    Order: action.Order ?? 1,
    FixedResponseConfig: {
      StatusCode,
      ...(ContentType ? { ContentType } : {}),
      ...(MessageBody === undefined ? {} : { MessageBody }),
    },
  };
}

/** What the load balancer does for normalised actions; `group` finds a target group by its ARN or throws. */
export function toLoadBalancer(actions: readonly Action[], group: (arn: string) => TargetGroup): LoadBalancerAction {
  const [action] = actions;
  if (action?.Type === 'forward')
    return {
      type: 'forward',
      groups: [...forwardedTo(action)].map(([arn, weight]) => ({ group: group(arn), weight })),
    };
  const { StatusCode, ContentType, MessageBody } = action?.FixedResponseConfig ?? {};
  return {
    type: 'fixed-response',
    status: Number(StatusCode),
    contentType: ContentType ?? 'text/plain',
    body: MessageBody ?? '',
  };
}

/** Conditions as the service answers them: `Values` beside the field's own configuration. */
export function normaliseConditions(conditions: readonly RuleCondition[] | undefined): RuleCondition[] {
  if (!conditions || conditions.length === 0) throw invalid('A rule must have at least one condition');
  return conditions.map((condition) => {
    const values = valuesOf(condition);
    if (values.length === 0) throw invalid('A condition value must be specified');
    if (condition.Field === 'path-pattern')
      return { Field: condition.Field, Values: values, PathPatternConfig: { Values: values } };
    if (condition.Field === 'host-header')
      return { Field: condition.Field, Values: values, HostHeaderConfig: { Values: values } };
    throw unsupported(`Condition field '${condition.Field}'`);
  });
}

export function toConditions(conditions: readonly RuleCondition[]): Condition[] {
  return conditions.map((condition) => ({
    field: condition.Field === 'host-header' ? 'host-header' : 'path-pattern',
    values: valuesOf(condition),
  }));
}

function valuesOf({ Values, PathPatternConfig, HostHeaderConfig }: RuleCondition): string[] {
  return Values ?? PathPatternConfig?.Values ?? HostHeaderConfig?.Values ?? [];
}

function invalid(message: string): AwsError {
  return new AwsError('ValidationError', message);
}

function unsupported(what: string): AwsError {
  return new AwsError('InvalidConfigurationRequest', `${what} is not supported by the local load balancer`);
}
