import {
  type ApplicationAutoScalingClient,
  DeregisterScalableTargetCommand,
  ObjectNotFoundException,
} from '@aws-sdk/client-application-auto-scaling';
import {
  ClusterNotFoundException,
  DeleteServiceCommand,
  DescribeTasksCommand,
  type ECSClient,
  ListServicesCommand,
  ListTasksCommand,
  ServiceNotActiveException,
  ServiceNotFoundException,
} from '@aws-sdk/client-ecs';
import {
  DeleteRuleCommand,
  DescribeRulesCommand,
  type ElasticLoadBalancingV2Client,
  ListenerNotFoundException,
  RuleNotFoundException,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { SlotInfrastructure } from '#core/contract/stack-event.ts';
import type { SlotRemoval } from '#core/ports.ts';

interface Clients {
  readonly ecs: ECSClient;
  readonly loadBalancing: ElasticLoadBalancingV2Client;
  readonly autoScaling: ApplicationAutoScalingClient;
}

/** Takes away what converge made in a place. What is gone already is no error. */
export class EcsSlotRemoval implements SlotRemoval {
  readonly #clients: Clients;

  constructor(clients: Clients) {
    this.#clients = clients;
  }

  async removeRules({ listener }: SlotInfrastructure): Promise<void> {
    const { loadBalancing } = this.#clients;
    const described = await unless(
      [ListenerNotFoundException],
      loadBalancing.send(new DescribeRulesCommand({ ListenerArn: listener })),
    );
    for (const { RuleArn, IsDefault } of described?.Rules ?? []) {
      if (RuleArn === undefined || IsDefault === true) continue;
      await unless([RuleNotFoundException], loadBalancing.send(new DeleteRuleCommand({ RuleArn })));
    }
  }

  async removeServices({ cluster }: SlotInfrastructure): Promise<void> {
    const { ecs, autoScaling } = this.#clients;
    const listed = await unless([ClusterNotFoundException], ecs.send(new ListServicesCommand({ cluster })));
    for (const arn of listed?.serviceArns ?? []) {
      const service = arn.slice(arn.lastIndexOf('/') + 1);
      await unless(
        [ObjectNotFoundException],
        autoScaling.send(
          new DeregisterScalableTargetCommand({
            ServiceNamespace: 'ecs',
            ResourceId: `service/${cluster}/${service}`,
            ScalableDimension: 'ecs:service:DesiredCount',
          }),
        ),
      );
      await unless(
        [ServiceNotFoundException, ServiceNotActiveException],
        ecs.send(new DeleteServiceCommand({ cluster, service, force: true })),
      );
    }
  }

  /** Tasks that are to stop count until they have: a cluster is not deleted before. */
  async tasksLeft({ cluster }: SlotInfrastructure): Promise<number> {
    const { ecs } = this.#clients;
    const listed = await unless([ClusterNotFoundException], listTasks(ecs, cluster));
    if (listed === undefined || listed.length === 0) return 0;
    const { tasks = [] } = await ecs.send(new DescribeTasksCommand({ cluster, tasks: listed }));
    return tasks.filter(({ lastStatus }) => lastStatus !== 'STOPPED').length;
  }
}

/** ARNs of the tasks of both wishes, as many as DescribeTasks takes. */
async function listTasks(ecs: ECSClient, cluster: string): Promise<string[]> {
  const pages = await Promise.all(
    (['RUNNING', 'STOPPED'] as const).map((desiredStatus) =>
      ecs.send(new ListTasksCommand({ cluster, desiredStatus })),
    ),
  );
  return pages.flatMap(({ taskArns }) => taskArns ?? []).slice(0, 100);
}

/** What a call answers; undefined when it fails with one of these, since then what it is about is gone. */
async function unless<T>(
  gone: readonly (abstract new (...args: never[]) => Error)[],
  call: Promise<T>,
): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (gone.some((kind) => error instanceof kind)) return undefined;
    throw error;
  }
}
