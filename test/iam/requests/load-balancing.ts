import { type Asks, each, given, object, request, text } from './call.ts';

export const loadBalancing: Record<string, Asks> = {
  CreateRule({ params, response }) {
    const asked = request('elasticloadbalancing:CreateRule', text(params, 'ListenerArn'));
    if (!given(params, 'Tags')) return [asked];
    // Elastic Load Balancing User Guide, "API permissions to tag resources during creation".
    const rules: unknown = response === null ? [] : Reflect.get(response, 'Rules');
    const rule =
      Array.isArray(rules) && rules.length > 0
        ? text(object(rules, '0'), 'RuleArn')
        : ruleOf(text(params, 'ListenerArn'));
    return [
      asked,
      request('elasticloadbalancing:AddTags', rule, { 'elasticloadbalancing:CreateAction': 'CreateRule' }),
    ];
  },
  ...each(['ModifyRule', 'DeleteRule'], ({ operation, params }) => [
    request(`elasticloadbalancing:${operation}`, text(params, 'RuleArn')),
  ]),
  ...each(['ModifyTargetGroup', 'ModifyTargetGroupAttributes'], ({ operation, params }) => [
    request(`elasticloadbalancing:${operation}`, text(params, 'TargetGroupArn')),
  ]),
  ...each(
    [
      'DescribeRules',
      'DescribeTargetHealth',
      'DescribeTargetGroups',
      'DescribeTargetGroupAttributes',
      'DescribeListeners',
    ],
    ({ operation }) => [request(`elasticloadbalancing:${operation}`, '*')],
  ),
};

/** A rule of a listener that was not made: its ARN as it would have been. */
function ruleOf(listener: string): string {
  return `${listener.replace(':listener/', ':listener-rule/')}/0`;
}
