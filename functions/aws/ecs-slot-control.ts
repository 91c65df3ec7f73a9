import {
  type ApplicationAutoScalingClient,
  DescribeScalableTargetsCommand,
  DescribeScalingPoliciesCommand,
  PutScalingPolicyCommand,
  RegisterScalableTargetCommand,
} from '@aws-sdk/client-application-auto-scaling';
import {
  CreateServiceCommand,
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  type ECSClient,
  InvalidParameterException,
  RegisterTaskDefinitionCommand,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs';
import {
  CreateRuleCommand,
  DeleteRuleCommand,
  DescribeTargetHealthCommand,
  type ElasticLoadBalancingV2Client,
  ModifyRuleCommand,
  ModifyTargetGroupAttributesCommand,
  ModifyTargetGroupCommand,
  PriorityInUseException,
  paginateDescribeRules,
  type Rule,
  RuleNotFoundException,
  type TargetHealthDescription,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { seconds } from '#core/contract/duration.ts';
import type { Release } from '#core/contract/release.ts';
import { type Settings, targetOf } from '#core/contract/settings.ts';
import { SLOTS, type Slot, type Weights } from '#core/contract/slot.ts';
import { targetSlug } from '#core/contract/target.ts';
import type { Action } from '#core/domain/converge-plan.ts';
import type { Observed, ObservedScaling, ObservedSlot } from '#core/domain/observed.ts';
import { CHANGE_LASTS_SECONDS } from '#core/domain/repair.ts';
import type { SlotControl } from '#core/ports.ts';
import { listTasks, listTasksMeantTo } from './ecs-tasks.ts';
import { dimensionOf } from './elb-arn.ts';
import { EVERY_PATH, readCrashes, readRule, readService, readTasks, readUnhealthyReasons } from './slot-observation.ts';
import { CONTAINER, family, taskDefinition } from './task-definition.ts';
import type { TaskLogs } from './task-logs.ts';

const SCALABLE = { ServiceNamespace: 'ecs', ScalableDimension: 'ecs:service:DesiredCount' } as const;
const POLICY_NAME = 'requests-per-target';
/**
 * All calls of one change together end within this time, so that the next holder of the lock can rely on
 * CHANGE_LASTS_SECONDS; the second less is for the look at the ledger before.
 */
const CHANGE_MS = (CHANGE_LASTS_SECONDS - 1) * 1000;

type Until = { readonly abortSignal: AbortSignal };

interface Clients {
  readonly ecs: ECSClient;
  readonly loadBalancing: ElasticLoadBalancingV2Client;
  readonly autoScaling: ApplicationAutoScalingClient;
  readonly logs: TaskLogs;
}

/** A target's two slots as ECS services behind two target groups of one listener rule. */
export class EcsSlotControl implements SlotControl {
  readonly #clients: Clients;
  #targetValues: Record<Slot, number | null> | undefined;

  constructor(clients: Clients) {
    this.#clients = clients;
  }

  /**
   * Eight calls and, once, two more: the account has 20 reads of ECS and 10 of Elastic Load Balancing a second, for all its targets
   * together (ECS API Reference and ELB API Reference, "Throttling").
   */
  async observe(settings: Settings): Promise<Observed> {
    const { cluster } = settings.infrastructure;
    const [rules, { services }, scaling, all] = await Promise.all([
      this.#rules(settings.infrastructure.productionListener),
      this.#clients.ecs.send(
        new DescribeServicesCommand({ cluster, services: SLOTS.map((slot) => serviceName(settings, slot)) }),
      ),
      this.#scaling(settings),
      // Of the cluster, which is the target's own: tasks that run once are among them, and are in no service's group.
      listTasks(this.#clients.ecs, { cluster }),
    ]);
    const observeSlot = async (slot: Slot): Promise<ObservedSlot> => {
      const service = readService(services?.find((found) => found.serviceName === serviceName(settings, slot)));
      const registered = await this.#registeredTargets(settings.infrastructure.slots[slot].targetGroup);
      // ECS API Reference, Task, group: a service's tasks have its name in it.
      const tasks = all.filter(({ group }) => group === `service:${serviceName(settings, slot)}`);
      return {
        service,
        tasks: readTasks(tasks, registered),
        registeredTargets: registered.length,
        unhealthyReasons: readUnhealthyReasons(registered),
        scaling: scaling[slot],
        crashes: readCrashes(tasks),
      };
    };
    const [blue, green] = await Promise.all([observeSlot('blue'), observeSlot('green')]);
    return { rule: readRule(rules, settings.infrastructure), slots: { blue, green } };
  }

  async apply(settings: Settings, action: Action): Promise<void> {
    const { ecs, loadBalancing, autoScaling } = this.#clients;
    const until: Until = { abortSignal: AbortSignal.timeout(CHANGE_MS) };
    switch (action.do) {
      case 'create service':
        return this.#createService(settings, action, until);
      case 'set health check':
        await loadBalancing.send(new ModifyTargetGroupCommand(healthCheck(settings, action)), until);
        return;
      case 'set drain':
        await loadBalancing.send(
          new ModifyTargetGroupAttributesCommand({
            TargetGroupArn: settings.infrastructure.slots[action.slot].targetGroup,
            Attributes: [
              { Key: 'deregistration_delay.timeout_seconds', Value: String(seconds(action.deregistration)) },
            ],
          }),
          until,
        );
        return;
      case 'fill slot': {
        const { taskDefinition, desired } = action;
        await ecs.send(
          new UpdateServiceCommand({
            ...serviceId(settings, action.slot),
            ...(await this.#serviceNetwork(settings, action.slot, taskDefinition, until)),
            taskDefinition,
            desiredCount: desired,
            forceNewDeployment: true,
          }),
          until,
        );
        return;
      }
      case 'resize slot':
        await ecs.send(
          new UpdateServiceCommand({ ...serviceId(settings, action.slot), desiredCount: action.desired }),
          until,
        );
        return;
      case 'empty slot':
        await ecs.send(new UpdateServiceCommand({ ...serviceId(settings, action.slot), desiredCount: 0 }), until);
        return;
      case 'register scalable target': {
        const { min, max, scaleIn, scaleOut } = action;
        await autoScaling.send(
          new RegisterScalableTargetCommand({
            ...SCALABLE,
            ResourceId: resourceId(settings, action.slot),
            MinCapacity: min,
            MaxCapacity: max,
            SuspendedState: {
              DynamicScalingInSuspended: !scaleIn,
              DynamicScalingOutSuspended: !scaleOut,
              ScheduledScalingSuspended: !scaleIn || !scaleOut,
            },
          }),
          until,
        );
        return;
      }
      case 'put scaling policy':
        this.#targetValues = undefined;
        return this.#putPolicy(settings, action.slot, until);
      case 'create rule':
        return this.#createRule(settings, action.weights, until);
      case 'set weights':
        await loadBalancing.send(
          new ModifyRuleCommand({ RuleArn: action.rule, Actions: [forward(settings, action.weights)] }),
          until,
        );
        return;
      case 'delete rule':
        return this.#deleteRule(action.rule, until);
      default:
        return action satisfies never;
    }
  }

  async registerTaskDefinition(settings: Settings, release: Release, slot: Slot, deployment: string): Promise<string> {
    const { taskDefinition: registered } = await this.#clients.ecs.send(
      new RegisterTaskDefinitionCommand(
        taskDefinition({ settings, release, kind: 'web', command: release.releaseJson.start, deployment, slot }),
      ),
    );
    if (registered?.taskDefinitionArn === undefined) throw new Error('RegisterTaskDefinition answered without an ARN');
    return registered.taskDefinitionArn;
  }

  async lastLines(settings: Settings, taskDefinitionArn: string): Promise<readonly string[]> {
    const { cluster, logGroup } = settings.infrastructure;
    const stopped = await listTasksMeantTo(this.#clients.ecs, { cluster, family: family(settings, 'web') }, 'STOPPED');
    const [last] = stopped
      .filter((task) => task.taskDefinitionArn === taskDefinitionArn && task.stoppedAt !== undefined)
      .toSorted((a, b) => Number(b.stoppedAt) - Number(a.stoppedAt));
    return last?.taskArn === undefined ? [] : this.#clients.logs.tail(logGroup, CONTAINER, last.taskArn);
  }

  async #rules(listener: string): Promise<Rule[]> {
    const rules: Rule[] = [];
    for await (const page of paginateDescribeRules(
      { client: this.#clients.loadBalancing },
      { ListenerArn: listener },
    )) {
      rules.push(...(page.Rules ?? []));
    }
    return rules;
  }

  async #registeredTargets(targetGroup: string): Promise<readonly TargetHealthDescription[]> {
    const { TargetHealthDescriptions } = await this.#clients.loadBalancing.send(
      new DescribeTargetHealthCommand({ TargetGroupArn: targetGroup }),
    );
    return TargetHealthDescriptions ?? [];
  }

  async #scaling(settings: Settings): Promise<Record<Slot, ObservedScaling | null>> {
    const { autoScaling } = this.#clients;
    const ids = { blue: resourceId(settings, 'blue'), green: resourceId(settings, 'green') };
    const [{ ScalableTargets }, targetValues] = await Promise.all([
      autoScaling.send(new DescribeScalableTargetsCommand({ ...SCALABLE, ResourceIds: Object.values(ids) })),
      this.#targetValuesOf(ids),
    ]);
    const read = (slot: Slot): ObservedScaling | null => {
      const found = ScalableTargets?.find(({ ResourceId }) => ResourceId === ids[slot]);
      if (found === undefined) return null;
      return {
        min: found.MinCapacity ?? 0,
        max: found.MaxCapacity ?? 0,
        scaleIn: found.SuspendedState?.DynamicScalingInSuspended !== true,
        scaleOut: found.SuspendedState?.DynamicScalingOutSuspended !== true,
        targetValue: targetValues[slot],
      };
    };
    return { blue: read('blue'), green: read('green') };
  }

  /** Policies are changed by this class alone, so that one look at them lasts until it changes one. */
  async #targetValuesOf(ids: Readonly<Record<Slot, string>>): Promise<Record<Slot, number | null>> {
    if (this.#targetValues !== undefined) return this.#targetValues;
    const valueOf = async (slot: Slot): Promise<number | null> => {
      const { ScalingPolicies = [] } = await this.#clients.autoScaling.send(
        new DescribeScalingPoliciesCommand({ ...SCALABLE, ResourceId: ids[slot], PolicyNames: [POLICY_NAME] }),
      );
      return ScalingPolicies[0]?.TargetTrackingScalingPolicyConfiguration?.TargetValue ?? null;
    };
    const [blue, green] = await Promise.all([valueOf('blue'), valueOf('green')]);
    // One that is not there may have been made a moment ago, and not be shown yet.
    if (blue !== null && green !== null) this.#targetValues = { blue, green };
    return { blue, green };
  }

  async #createService(
    settings: Settings,
    { slot, taskDefinition }: { slot: Slot; taskDefinition: string },
    until: Until,
  ): Promise<void> {
    try {
      await this.#clients.ecs.send(
        new CreateServiceCommand({
          cluster: settings.infrastructure.cluster,
          serviceName: serviceName(settings, slot),
          ...(await this.#serviceNetwork(settings, slot, taskDefinition, until)),
          taskDefinition,
          desiredCount: 0,
          launchType: 'FARGATE',
          // A slot's tasks are started and stopped by intents alone; ECS must not move them between zones meanwhile.
          availabilityZoneRebalancing: 'DISABLED',
          enableECSManagedTags: true,
          propagateTags: 'TASK_DEFINITION',
          tags: [
            { key: 'farol:target', value: targetOf(settings) },
            { key: 'farol:slot', value: slot },
          ],
        }),
        until,
      );
    } catch (error) {
      // It was made a moment ago, and DescribeServices does not show it yet.
      if (error instanceof InvalidParameterException && error.message.includes('not idempotent')) return;
      throw error;
    }
  }

  /** What a slot's service is given with each fill: a release may listen on another port, settings may name other subnets. */
  async #serviceNetwork({ infrastructure, candidate }: Settings, slot: Slot, taskDefinition: string, until: Until) {
    const described = await this.#clients.ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition }), until);
    const port = described.taskDefinition?.containerDefinitions?.[0]?.portMappings?.[0]?.containerPort;
    if (port === undefined) throw new Error(`${taskDefinition} opens no port`);
    return {
      loadBalancers: [
        { targetGroupArn: infrastructure.slots[slot].targetGroup, containerName: CONTAINER, containerPort: port },
      ],
      networkConfiguration: {
        awsvpcConfiguration: {
          subnets: infrastructure.subnets,
          securityGroups: infrastructure.securityGroups,
          assignPublicIp: infrastructure.assignPublicIp ? ('ENABLED' as const) : ('DISABLED' as const),
        },
      },
      deploymentConfiguration: {
        minimumHealthyPercent: 100,
        maximumPercent: 200,
        // ECS's own way back would fill the slot with a release that Farol did not choose.
        deploymentCircuitBreaker: { enable: true, rollback: false },
      },
      healthCheckGracePeriodSeconds: Math.ceil(seconds(candidate.timeout)),
    };
  }

  async #putPolicy(settings: Settings, slot: Slot, until: Until): Promise<void> {
    const { infrastructure, capacity } = settings;
    await this.#clients.autoScaling.send(
      new PutScalingPolicyCommand({
        ...SCALABLE,
        ResourceId: resourceId(settings, slot),
        PolicyName: POLICY_NAME,
        PolicyType: 'TargetTrackingScaling',
        TargetTrackingScalingPolicyConfiguration: {
          TargetValue: capacity.requestsPerTarget,
          PredefinedMetricSpecification: {
            PredefinedMetricType: 'ALBRequestCountPerTarget',
            ResourceLabel: `${dimensionOf(infrastructure.loadBalancer)}/${dimensionOf(infrastructure.slots[slot].targetGroup)}`,
          },
        },
      }),
      until,
    );
  }

  async #createRule(settings: Settings, weights: Weights, until: Until): Promise<void> {
    try {
      await this.#clients.loadBalancing.send(
        new CreateRuleCommand({
          ListenerArn: settings.infrastructure.productionListener,
          Priority: settings.infrastructure.rulePriority,
          Conditions: [{ Field: 'path-pattern', PathPatternConfig: { Values: [EVERY_PATH] } }],
          Actions: [forward(settings, weights)],
          Tags: [{ Key: 'farol:target', Value: targetOf(settings) }],
        }),
        until,
      );
    } catch (error) {
      // It was made a moment ago, and DescribeRules does not show it yet.
      if (!(error instanceof PriorityInUseException)) throw error;
    }
  }

  async #deleteRule(rule: string, until: Until): Promise<void> {
    try {
      await this.#clients.loadBalancing.send(new DeleteRuleCommand({ RuleArn: rule }), until);
    } catch (error) {
      if (!(error instanceof RuleNotFoundException)) throw error;
    }
  }
}

function healthCheck({ infrastructure }: Settings, { slot, health }: Extract<Action, { do: 'set health check' }>) {
  return {
    TargetGroupArn: infrastructure.slots[slot].targetGroup,
    HealthCheckPath: health.path,
    HealthCheckIntervalSeconds: seconds(health.interval),
    HealthCheckTimeoutSeconds: seconds(health.timeout),
    HealthyThresholdCount: health.healthy,
    UnhealthyThresholdCount: health.unhealthy,
  };
}

function serviceName(settings: Settings, slot: Slot): string {
  return `${targetSlug(targetOf(settings))}-${slot}`;
}

function serviceId(settings: Settings, slot: Slot) {
  return { cluster: settings.infrastructure.cluster, service: serviceName(settings, slot) };
}

/** Application Auto Scaling's name of a service: `service/<cluster name>/<service name>`. */
function resourceId(settings: Settings, slot: Slot): string {
  return `service/${settings.infrastructure.cluster.split('/').at(-1)}/${serviceName(settings, slot)}`;
}

function forward({ infrastructure }: Settings, weights: Weights) {
  return {
    Type: 'forward' as const,
    ForwardConfig: {
      TargetGroups: SLOTS.map((slot) => ({
        TargetGroupArn: infrastructure.slots[slot].targetGroup,
        Weight: weights[slot],
      })),
      // A sticky client would keep asking the old slot after it has no weight.
      TargetGroupStickinessConfig: { Enabled: false },
    },
  };
}
