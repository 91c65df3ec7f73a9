import type {
  CreateListenerInput,
  CreateListenerOutput,
  DeleteListenerInput,
  DescribeListenersInput,
  DescribeListenersOutput,
  Listener as ListenerShape,
  ModifyListenerInput,
  ModifyListenerOutput,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Context } from '../context.ts';
import { arn, hexId } from '../identity.ts';
import { Listener } from '../load-balancer/listener.ts';
import type { Rule } from '../load-balancer/rules.ts';
import { Statistics } from '../load-balancer/statistics.ts';
import { need, operation, page } from '../operation.ts';
import { AwsError, type Operation } from '../protocol/service.ts';
import { forwardedTo, normaliseActions, toConditions, toLoadBalancer } from './actions.ts';
import { idleOf } from './load-balancers.ts';
import type { Elbv2State, ListenerRecord, LoadBalancerRecord } from './state.ts';

export function listenerOperations(state: Elbv2State, context: Context): Record<string, Operation> {
  return {
    CreateListener: operation(async (input: CreateListenerInput): Promise<CreateListenerOutput> => {
      const loadBalancer = state.loadBalancer(input.LoadBalancerArn ?? '');
      const port = need(input.Port, 'Port', 'ValidationError');
      if ((input.Protocol ?? 'HTTP') !== 'HTTP')
        throw new AwsError(
          'UnsupportedProtocol',
          `Protocol '${input.Protocol}' is not supported by the local load balancer`,
        );
      if (port !== 0 && [...loadBalancer.listeners.values()].some((listener) => listener.port === port))
        throw new AwsError(
          'DuplicateListener',
          `A listener already exists on this port for this load balancer '${loadBalancer.arn}'`,
        );
      const defaultActions = normaliseActions(input.DefaultActions);
      for (const group of defaultActions.flatMap((action) => [...forwardedTo(action).keys()]))
        usable(state, group, loadBalancer);
      const listener = await open(state, context, loadBalancer, port, defaultActions);
      loadBalancer.listeners.set(listener.arn, listener);
      state.setTags(listener.arn, input.Tags);
      changed(state, context, listener);
      return { Listeners: [describe(listener)] };
    }),

    DescribeListeners: operation((input: DescribeListenersInput): DescribeListenersOutput => {
      const chosen = input.ListenerArns
        ? input.ListenerArns.map((one) => state.listener(one))
        : [...state.loadBalancer(input.LoadBalancerArn ?? '').listeners.values()];
      const { items, next } = page(chosen, (one) => one.arn, {
        size: input.PageSize ?? 400,
        token: input.Marker,
        error: 'ValidationError',
      });
      return { Listeners: items.map(describe), ...(next === undefined ? {} : { NextMarker: next }) };
    }),

    ModifyListener: operation((input: ModifyListenerInput): ModifyListenerOutput => {
      const listener = state.listener(input.ListenerArn ?? '');
      if (input.Port !== undefined && input.Port !== listener.port)
        throw new AwsError('InvalidConfigurationRequest', 'The port of a local listener cannot be changed');
      if (input.DefaultActions) {
        const actions = normaliseActions(input.DefaultActions);
        for (const group of actions.flatMap((action) => [...forwardedTo(action).keys()]))
          usable(state, group, listener.loadBalancer);
        listener.defaultActions = actions;
        changed(state, context, listener);
      }
      return { Listeners: [describe(listener)] };
    }),

    DeleteListener: operation(async (input: DeleteListenerInput): Promise<object> => {
      const listener = state.listener(input.ListenerArn ?? '');
      listener.loadBalancer.listeners.delete(listener.arn);
      state.refreshUse();
      await listener.server.close();
      return {};
    }),
  };
}

/** Makes the real listener go by the record, and starts or ends checks of target groups that came or went. */
export function changed(state: Elbv2State, context: Context, listener: ListenerRecord): void {
  for (const { arn: groupArn, group } of state.targetGroups.values())
    if (state.users(groupArn).includes(listener.loadBalancer)) group.idle = idleOf(listener.loadBalancer);
  state.refreshUse();
  listener.server.apply(rulesOf(state, listener));
  context.emit({
    type: 'rules',
    listener: listener.arn,
    rules: [...inOrder(listener), { priority: 'default', actions: listener.defaultActions }].map(
      ({ priority, actions }) => ({
        priority: String(priority),
        weights: Object.fromEntries(actions.flatMap((action) => [...forwardedTo(action)])),
      }),
    ),
  });
}

/** A target group that exists and belongs to no other load balancer: it can have only one (error TargetGroupAssociationLimit). */
export function usable(state: Elbv2State, groupArn: string, loadBalancer: LoadBalancerRecord): void {
  const group = state.targetGroup(groupArn);
  if (state.users(group.arn).some((user) => user !== loadBalancer))
    throw new AwsError(
      'TargetGroupAssociationLimit',
      `The following target groups cannot be associated with more than one load balancer: ${group.arn}`,
    );
}

function inOrder(listener: ListenerRecord): { priority: number; actions: ListenerRecord['defaultActions'] }[] {
  return [...listener.rules.values()].toSorted((a, b) => a.priority - b.priority);
}

function rulesOf(state: Elbv2State, listener: ListenerRecord): Rule[] {
  const group = (groupArn: string) => state.targetGroup(groupArn).group;
  const rules = [...listener.rules.values()].toSorted((a, b) => a.priority - b.priority);
  return [
    ...rules.map(({ conditions, actions }) => ({
      conditions: toConditions(conditions),
      action: toLoadBalancer(actions, group),
    })),
    { conditions: [], action: toLoadBalancer(listener.defaultActions, group) },
  ];
}

async function open(
  state: Elbv2State,
  context: Context,
  loadBalancer: LoadBalancerRecord,
  port: number,
  defaultActions: ListenerRecord['defaultActions'],
): Promise<ListenerRecord> {
  const id = `${loadBalancer.path}/${hexId(8)}`;
  const rule = {
    conditions: [],
    action: toLoadBalancer(defaultActions, (groupArn) => state.targetGroup(groupArn).group),
  };
  const statistics = new Statistics();
  const server = await Listener.open(
    {
      port,
      clock: context.clock,
      idle: () => idleOf(loadBalancer),
      nodeDelays: () => context.lateness.nodeDelays(),
      observe: (outcome, group, target) => {
        loadBalancer.statistics.add(outcome, group, target);
        loadBalancer.period.add(outcome, group, target);
        statistics.add(outcome, group, target);
      },
    },
    [rule],
  ).catch((error: unknown) => {
    throw new AwsError(
      'InvalidConfigurationRequest',
      `port ${port} cannot be listened on: ${error instanceof Error ? error.message : String(error)}`,
    );
  });
  return {
    arn: arn(context, 'elasticloadbalancing', `listener/${id}`),
    loadBalancer,
    port: server.port,
    defaultRuleArn: arn(context, 'elasticloadbalancing', `listener-rule/${id}/${hexId(8)}`),
    defaultActions,
    rules: new Map(),
    server,
    statistics,
  };
}

function describe(listener: ListenerRecord): ListenerShape {
  return {
    ListenerArn: listener.arn,
    LoadBalancerArn: listener.loadBalancer.arn,
    Port: listener.port,
    Protocol: 'HTTP',
    DefaultActions: listener.defaultActions,
  };
}
