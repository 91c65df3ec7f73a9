import type {
  Cluster as ClusterShape,
  CreateClusterRequest,
  CreateClusterResponse,
  DeleteClusterRequest,
  DeleteClusterResponse,
  DescribeClustersRequest,
  DescribeClustersResponse,
  UpdateClusterRequest,
  UpdateClusterResponse,
} from '@aws-sdk/client-ecs';
import type { Context } from '../context.ts';
import { arn } from '../identity.ts';
import { operation } from '../operation.ts';
import { AwsError, type Operation } from '../protocol/service.ts';
import type { Cluster } from './records.ts';
import { type EcsState, lastPart } from './state.ts';

export function clusterOperations(state: EcsState, context: Context): Record<string, Operation> {
  return {
    CreateCluster: operation((input: CreateClusterRequest): CreateClusterResponse => {
      const name = input.clusterName ?? 'default';
      // Making a cluster that exists is no error and changes nothing.
      const cluster = state.clusters.get(name) ?? {
        arn: arn(context, 'ecs', `cluster/${name}`),
        name,
        settings: input.settings ?? [{ name: 'containerInsights', value: 'disabled' }],
      };
      state.clusters.set(name, cluster);
      state.setTags(cluster.arn, input.tags);
      return { cluster: describe(state, cluster) };
    }),

    DescribeClusters: operation((input: DescribeClustersRequest): DescribeClustersResponse => {
      const given = input.clusters ?? ['default'];
      const found = given.map((one) => ({ one, cluster: state.clusters.get(lastPart(one)) }));
      return {
        clusters: found.flatMap(({ cluster }) => (cluster ? [describe(state, cluster)] : [])),
        failures: found.flatMap(({ one, cluster }) =>
          cluster ? [] : [{ arn: arn(context, 'ecs', `cluster/${lastPart(one)}`), reason: 'MISSING' }],
        ),
      };
    }),

    UpdateCluster: operation((input: UpdateClusterRequest): UpdateClusterResponse => {
      const cluster = state.cluster(input.cluster);
      const changed = { ...cluster, settings: input.settings ?? cluster.settings };
      state.clusters.set(cluster.name, changed);
      return { cluster: describe(state, changed) };
    }),

    DeleteCluster: operation((input: DeleteClusterRequest): DeleteClusterResponse => {
      const cluster = state.cluster(input.cluster);
      const { activeServicesCount, runningTasksCount } = describe(state, cluster);
      if (activeServicesCount)
        throw new AwsError(
          'ClusterContainsServicesException',
          'The Cluster cannot be deleted while Services are active.',
        );
      if (runningTasksCount)
        throw new AwsError('ClusterContainsTasksException', 'The Cluster cannot be deleted while Tasks are active.');
      state.clusters.delete(cluster.name);
      return { cluster: { ...describe(state, cluster), status: 'INACTIVE' } };
    }),
  };
}

function describe(state: EcsState, cluster: Cluster): ClusterShape {
  const tasks = [...state.tasks.values()].filter((task) => task.cluster === cluster && task.lastStatus !== 'STOPPED');
  const running = tasks.filter(({ lastStatus }) => lastStatus === 'RUNNING').length;
  const services = [...state.services.values()].filter(
    (service) => service.cluster === cluster && service.status === 'ACTIVE',
  );
  return {
    clusterArn: cluster.arn,
    clusterName: cluster.name,
    status: 'ACTIVE',
    registeredContainerInstancesCount: 0,
    runningTasksCount: running,
    pendingTasksCount: tasks.filter(({ lastStatus }) => ['PROVISIONING', 'PENDING', 'ACTIVATING'].includes(lastStatus))
      .length,
    activeServicesCount: services.length,
    statistics: [],
    tags: state.tagList(cluster.arn),
    settings: cluster.settings,
    capacityProviders: ['FARGATE'],
    defaultCapacityProviderStrategy: [],
  };
}
