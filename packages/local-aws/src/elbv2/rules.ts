import type {
  CreateRuleInput,
  CreateRuleOutput,
  DeleteRuleInput,
  DescribeRulesInput,
  DescribeRulesOutput,
  ModifyRuleInput,
  ModifyRuleOutput,
  Rule as RuleShape,
  SetRulePrioritiesInput,
  SetRulePrioritiesOutput,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Context } from '../context.ts';
import { hexId } from '../identity.ts';
import { need, operation, page } from '../operation.ts';
import { AwsError, type Operation } from '../protocol/service.ts';
import { forwardedTo, normaliseActions, normaliseConditions } from './actions.ts';
import { changed, usable } from './listeners.ts';
import type { Elbv2State, ListenerRecord, RuleRecord } from './state.ts';

export function ruleOperations(state: Elbv2State, context: Context): Record<string, Operation> {
  const actionsFor = (listener: ListenerRecord, given: CreateRuleInput['Actions']): RuleRecord['actions'] => {
    const actions = normaliseActions(given);
    for (const group of actions.flatMap((action) => [...forwardedTo(action).keys()]))
      usable(state, group, listener.loadBalancer);
    return actions;
  };
  return {
    CreateRule: operation((input: CreateRuleInput): CreateRuleOutput => {
      const listener = state.listener(input.ListenerArn ?? '');
      const priority = need(input.Priority, 'Priority', 'ValidationError');
      refuseTaken(listener, priority, []);
      const rule: RuleRecord = {
        arn: `${listener.arn.replace(':listener/', ':listener-rule/')}/${hexId(8)}`,
        priority,
        conditions: normaliseConditions(input.Conditions),
        actions: actionsFor(listener, input.Actions),
      };
      listener.rules.set(rule.arn, rule);
      state.setTags(rule.arn, input.Tags);
      changed(state, context, listener);
      return { Rules: [describe(rule)] };
    }),

    ModifyRule: operation((input: ModifyRuleInput): ModifyRuleOutput => {
      const ruleArn = input.RuleArn ?? '';
      if (state.listeners().some(({ defaultRuleArn }) => defaultRuleArn === ruleArn))
        throw new AwsError('OperationNotPermitted', `Default rule '${ruleArn}' cannot be modified`);
      const { listener, rule } = state.rule(ruleArn);
      const conditions = input.Conditions ? normaliseConditions(input.Conditions) : rule.conditions;
      const actions = input.Actions ? actionsFor(listener, input.Actions) : rule.actions;
      Object.assign(rule, { conditions, actions });
      changed(state, context, listener);
      return { Rules: [describe(rule)] };
    }),

    DeleteRule: operation((input: DeleteRuleInput): object => {
      const { listener, rule } = state.rule(input.RuleArn ?? '');
      listener.rules.delete(rule.arn);
      changed(state, context, listener);
      return {};
    }),

    DescribeRules: operation((input: DescribeRulesInput): DescribeRulesOutput => {
      const chosen = input.RuleArns
        ? input.RuleArns.map((one) => findRule(state, one))
        : allRules(state.listener(input.ListenerArn ?? ''));
      const { items, next } = page(chosen, ({ RuleArn = '' }) => RuleArn, {
        size: input.PageSize ?? 400,
        token: input.Marker,
        error: 'ValidationError',
      });
      return { Rules: items.toSorted(byPriority), ...(next === undefined ? {} : { NextMarker: next }) };
    }),

    SetRulePriorities: operation((input: SetRulePrioritiesInput): SetRulePrioritiesOutput => {
      const wanted = (input.RulePriorities ?? []).map(({ RuleArn = '', Priority }) => ({
        ...state.rule(RuleArn),
        priority: need(Priority, 'Priority', 'ValidationError'),
      }));
      const moving = wanted.map(({ rule }) => rule);
      for (const { listener, priority } of wanted) refuseTaken(listener, priority, moving);
      for (const { rule, priority } of wanted) rule.priority = priority;
      for (const listener of new Set(wanted.map((one) => one.listener))) changed(state, context, listener);
      return { Rules: moving.map(describe) };
    }),
  };
}

function refuseTaken(listener: ListenerRecord, priority: number, except: readonly RuleRecord[]): void {
  if ([...listener.rules.values()].some((rule) => rule.priority === priority && !except.includes(rule)))
    throw new AwsError('PriorityInUse', `Priority '${priority}' is currently in use`);
}

function allRules(listener: ListenerRecord): RuleShape[] {
  return [...[...listener.rules.values()].map(describe), describeDefault(listener)];
}

function findRule(state: Elbv2State, ruleArn: string): RuleShape {
  const byDefault = state.listeners().find(({ defaultRuleArn }) => defaultRuleArn === ruleArn);
  return byDefault ? describeDefault(byDefault) : describe(state.rule(ruleArn).rule);
}

function byPriority(a: RuleShape, b: RuleShape): number {
  return position(a) - position(b);
}

function position({ Priority }: RuleShape): number {
  return Priority === 'default' ? Number.POSITIVE_INFINITY : Number(Priority);
}

function describe(rule: RuleRecord): RuleShape {
  return {
    RuleArn: rule.arn,
    Priority: String(rule.priority),
    Conditions: rule.conditions,
    Actions: rule.actions,
    IsDefault: false,
  };
}

function describeDefault(listener: ListenerRecord): RuleShape {
  return {
    RuleArn: listener.defaultRuleArn,
    Priority: 'default',
    Conditions: [],
    Actions: listener.defaultActions,
    IsDefault: true,
  };
}
