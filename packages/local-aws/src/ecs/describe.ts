import type {
  Attachment,
  Container,
  Deployment as DeploymentShape,
  Service as ServiceShape,
  Task as TaskShape,
} from '@aws-sdk/client-ecs';
import type { Deployment, Service } from './service-record.ts';
import type { EcsState } from './state.ts';
import type { Task, TaskContainer, TaskStatus } from './task.ts';

const PENDING: readonly TaskStatus[] = ['PROVISIONING', 'PENDING', 'ACTIVATING'];

export function describeTask(task: Task): TaskShape {
  const { shape } = task.taskDefinition;
  return {
    taskArn: task.arn,
    clusterArn: task.cluster.arn,
    taskDefinitionArn: task.taskDefinition.arn,
    containers: task.containers.map((container) => describeContainer(task, container)),
    overrides: { containerOverrides: [...task.overrides], inferenceAcceleratorOverrides: [] },
    lastStatus: task.lastStatus,
    desiredStatus: task.desiredStatus,
    healthStatus: 'UNKNOWN',
    connectivity: 'CONNECTED',
    group: task.group,
    launchType: 'FARGATE',
    platformVersion: '1.4.0',
    platformFamily: 'Linux',
    availabilityZone: `${task.arn.split(':')[3]}a`,
    attachments: [attachment(task)],
    attributes: [],
    version: task.version,
    createdAt: task.createdAt,
    ...defined({
      startedBy: task.startedBy,
      cpu: shape.cpu,
      memory: shape.memory,
      connectivityAt: task.pullStartedAt,
      pullStartedAt: task.pullStartedAt,
      pullStoppedAt: task.pullStoppedAt,
      startedAt: task.startedAt,
      stoppingAt: task.stoppingAt,
      executionStoppedAt: task.executionStoppedAt,
      stoppedAt: task.stoppedAt,
      stopCode: task.stop?.code,
      stoppedReason: task.stop?.reason,
    }),
  };
}

function attachment(task: Task): Attachment {
  return {
    id: attachmentId(task),
    type: 'ElasticNetworkInterface',
    status: task.lastStatus === 'STOPPED' ? 'DELETED' : 'ATTACHED',
    details: [
      { name: 'networkInterfaceId', value: `eni-${task.id.slice(0, 17)}` },
      { name: 'privateIPv4Address', value: task.privateAddress },
    ],
  };
}

function attachmentId({ id }: Task): string {
  return `eni-attach-${id}`;
}

function describeContainer(task: Task, container: TaskContainer): Container {
  const { definition, ended, started, exitCode, reason } = container;
  return {
    containerArn: task.arn.replace(':task/', ':container/') + `/${container.id}`,
    taskArn: task.arn,
    name: definition.name,
    image: definition.image,
    lastStatus: ended || task.lastStatus === 'STOPPED' ? 'STOPPED' : started ? 'RUNNING' : 'PENDING',
    networkBindings: [],
    networkInterfaces: [{ attachmentId: attachmentId(task), privateIpv4Address: task.privateAddress }],
    healthStatus: 'UNKNOWN',
    ...defined({
      imageDigest: /@(sha256:[0-9a-f]{64})$/.exec(definition.image ?? '')?.[1],
      runtimeId: started ? container.id : undefined,
      exitCode,
      reason,
    }),
  };
}

export function describeService(state: EcsState, service: Service): ServiceShape {
  const tasks = state.tasksOf(service);
  return {
    serviceArn: service.arn,
    serviceName: service.name,
    clusterArn: service.cluster.arn,
    loadBalancers: [...service.loadBalancers],
    serviceRegistries: [],
    status: service.status,
    desiredCount: service.desiredCount,
    runningCount: tasks.filter(isRunning).length,
    pendingCount: tasks.filter(isPending).length,
    launchType: service.request.launchType ?? 'FARGATE',
    platformVersion: service.request.platformVersion ?? 'LATEST',
    platformFamily: 'Linux',
    taskDefinition: service.taskDefinition.arn,
    deploymentConfiguration: service.deploymentConfiguration,
    deployments: service.deployments.map((deployment) => describeDeployment(service, deployment, tasks)),
    events: [...service.events],
    createdAt: service.createdAt,
    placementConstraints: [],
    placementStrategy: [],
    healthCheckGracePeriodSeconds: service.healthCheckGracePeriod,
    schedulingStrategy: 'REPLICA',
    deploymentController: { type: 'ECS' },
    enableECSManagedTags: service.request.enableECSManagedTags ?? false,
    propagateTags: service.request.propagateTags ?? 'NONE',
    enableExecuteCommand: service.request.enableExecuteCommand ?? false,
    availabilityZoneRebalancing: service.request.availabilityZoneRebalancing ?? 'ENABLED',
    ...defined({ networkConfiguration: service.networkConfiguration }),
  };
}

function describeDeployment(service: Service, deployment: Deployment, all: readonly Task[]): DeploymentShape {
  const tasks = all.filter((task) => task.deployment === deployment);
  const primary = deployment === service.primary;
  return {
    id: deployment.id,
    status: primary ? 'PRIMARY' : 'ACTIVE',
    taskDefinition: deployment.taskDefinition.arn,
    desiredCount: primary ? service.desiredCount : 0,
    pendingCount: tasks.filter(isPending).length,
    runningCount: tasks.filter(isRunning).length,
    failedTasks: deployment.failedTasks,
    createdAt: deployment.createdAt,
    updatedAt: deployment.updatedAt,
    launchType: service.request.launchType ?? 'FARGATE',
    platformVersion: '1.4.0',
    platformFamily: 'Linux',
    rolloutState: deployment.rolloutState,
    rolloutStateReason: deployment.rolloutStateReason,
    ...defined({ networkConfiguration: deployment.networkConfiguration }),
  };
}

function isRunning({ lastStatus }: Task): boolean {
  return lastStatus === 'RUNNING';
}

function isPending({ lastStatus, desiredStatus }: Task): boolean {
  return desiredStatus === 'RUNNING' && PENDING.includes(lastStatus);
}

/** `members` without those that are undefined. */
function defined<T extends object>(members: T): Partial<T> {
  const kept: Partial<T> = {};
  for (const key in members) if (members[key] !== undefined) kept[key] = members[key];
  return kept;
}
