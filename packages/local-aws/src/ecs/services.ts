import { isDeepStrictEqual } from 'node:util';
import type {
  CreateServiceRequest,
  CreateServiceResponse,
  DeleteServiceRequest,
  DeleteServiceResponse,
  DescribeServicesRequest,
  DescribeServicesResponse,
  ListServicesRequest,
  ListServicesResponse,
  LoadBalancer,
  Service as ServiceShape,
  UpdateServiceRequest,
  UpdateServiceResponse,
} from '@aws-sdk/client-ecs';
import type { Tracked } from '../fidelity.ts';
import { arn } from '../identity.ts';
import { need, operation, page } from '../operation.ts';
import { AwsError, type Operation } from '../protocol/service.ts';
import { describeService } from './describe.ts';
import type { TaskHost } from './host.ts';
import { checkNetwork, type TaskDefinitionRecord } from './records.ts';
import type { Scheduler } from './scheduler.ts';
import { Service, withDefaults } from './service-record.ts';
import { type EcsState, lastPart } from './state.ts';

const MAX_DESCRIBED = 10;

export interface ServiceOperationsOptions {
  readonly state: EcsState;
  readonly host: TaskHost;
  readonly scheduler: Scheduler;
  /** Whether a load balancer uses the target group. */
  readonly hasLoadBalancer: (targetGroupArn: string) => boolean;
}

export function serviceOperations({
  state,
  host,
  scheduler,
  hasLoadBalancer,
}: ServiceOperationsOptions): Record<string, Operation> {
  const views = new Map<Service, Tracked<ServiceShape>>();
  const checkLoadBalancers = (loadBalancers: readonly LoadBalancer[], definition: TaskDefinitionRecord): void => {
    for (const { targetGroupArn = '', containerName, containerPort } of loadBalancers) {
      if (!host.targetGroup(targetGroupArn)) throw invalid(`Unable to find target group ${targetGroupArn}.`);
      if (!hasLoadBalancer(targetGroupArn))
        throw invalid(
          `The target group with targetGroupArn ${targetGroupArn} does not have an associated load balancer.`,
        );
      const container = definition.shape.containerDefinitions?.find(({ name }) => name === containerName);
      if (!container) throw invalid(`The container ${containerName} does not exist in the task definition.`);
      if (!container.portMappings?.some((mapping) => mapping.containerPort === containerPort))
        throw invalid(`The container ${containerName} did not have a container port ${containerPort} defined.`);
    }
  };

  return {
    CreateService: operation((input: CreateServiceRequest): CreateServiceResponse => {
      const cluster = state.cluster(input.cluster);
      const name = need(input.serviceName, 'Service name');
      const existing = state.findService(cluster, name);
      if (existing?.status === 'ACTIVE') throw invalid('Creation of service was not idempotent.');
      if (existing?.status === 'DRAINING') throw invalid('Unable to Start a service that is still Draining.');
      if (
        (input.deploymentController?.type ?? 'ECS') !== 'ECS' ||
        (input.schedulingStrategy ?? 'REPLICA') !== 'REPLICA'
      )
        throw unsupported('Only replica services with the ECS deployment controller are supported locally.');
      refuseRollback(input);
      const definition = state.activeTaskDefinition(input.taskDefinition);
      checkNetwork(definition, input.networkConfiguration);
      checkLoadBalancers(input.loadBalancers ?? [], definition);
      if (existing) views.get(existing)?.end();
      const service = new Service(host, cluster, input, definition);
      state.services.set(`${cluster.name}/${name}`, service);
      state.setTags(service.arn, input.tags);
      views.set(
        service,
        host.lateness.track(() => describeService(state, service)),
      );
      scheduler.look(service);
      return { service: describeService(state, service) };
    }),

    UpdateService: operation((input: UpdateServiceRequest): UpdateServiceResponse => {
      const service = state.service(state.cluster(input.cluster), input.service);
      if (service.status !== 'ACTIVE') throw new AwsError('ServiceNotActiveException', 'Service was not ACTIVE.');
      refuseRollback(input);
      const definition =
        input.taskDefinition === undefined ? service.taskDefinition : state.activeTaskDefinition(input.taskDefinition);
      const loadBalancers = input.loadBalancers ?? service.loadBalancers;
      const network = input.networkConfiguration ?? service.networkConfiguration;
      checkNetwork(definition, network);
      checkLoadBalancers(loadBalancers, definition);
      // A change of the count or of how to deploy does not change what runs, and begins no deployment.
      const changed =
        definition !== service.taskDefinition ||
        !isDeepStrictEqual(loadBalancers, service.loadBalancers) ||
        !isDeepStrictEqual(network, service.networkConfiguration);
      service.taskDefinition = definition;
      service.loadBalancers = loadBalancers;
      service.networkConfiguration = network;
      service.desiredCount = input.desiredCount ?? service.desiredCount;
      service.healthCheckGracePeriod = input.healthCheckGracePeriodSeconds ?? service.healthCheckGracePeriod;
      if (input.deploymentConfiguration)
        service.deploymentConfiguration = withDefaults({
          ...service.deploymentConfiguration,
          ...input.deploymentConfiguration,
        });
      if (changed || input.forceNewDeployment) service.deploy();
      scheduler.look(service);
      return { service: describeService(state, service) };
    }),

    DeleteService: operation((input: DeleteServiceRequest): DeleteServiceResponse => {
      const service = state.service(state.cluster(input.cluster), input.service);
      if (service.status === 'INACTIVE') throw new AwsError('ServiceNotFoundException', 'Service not found.');
      if (service.desiredCount > 0 && !input.force)
        throw invalid('The service cannot be stopped while it is scaled above 0.');
      service.desiredCount = 0;
      service.status = 'DRAINING';
      scheduler.look(service);
      return { service: describeService(state, service) };
    }),

    DescribeServices: operation((input: DescribeServicesRequest): DescribeServicesResponse => {
      const cluster = state.cluster(input.cluster);
      const given = need(input.services, 'Services');
      if (given.length > MAX_DESCRIBED) throw invalid(`Services cannot have more than ${MAX_DESCRIBED} elements.`);
      const found = given.map((one) => {
        const service = state.findService(cluster, one);
        return { one, service, shape: service && views.get(service)?.read() };
      });
      return {
        services: found.flatMap(({ service, shape }) =>
          service && shape
            ? [input.include?.includes('TAGS') ? { ...shape, tags: state.tagList(service.arn) } : shape]
            : [],
        ),
        failures: found.flatMap(({ one, shape }) =>
          shape ? [] : [{ arn: arn(host, 'ecs', `service/${cluster.name}/${lastPart(one)}`), reason: 'MISSING' }],
        ),
      };
    }),

    ListServices: operation((input: ListServicesRequest): ListServicesResponse => {
      const cluster = state.cluster(input.cluster);
      const active = [...state.services.values()].filter(
        (service) => service.cluster === cluster && service.status === 'ACTIVE',
      );
      const { items, next } = page(active, (service) => service.arn, {
        size: input.maxResults ?? 10,
        token: input.nextToken,
        error: 'InvalidParameterException',
      });
      return { serviceArns: items.map((service) => service.arn), ...(next === undefined ? {} : { nextToken: next }) };
    }),
  };
}

function refuseRollback(input: Pick<CreateServiceRequest, 'deploymentConfiguration'>): void {
  if (input.deploymentConfiguration?.deploymentCircuitBreaker?.rollback)
    throw unsupported('A deployment circuit breaker with rollback is not supported locally.');
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidParameterException', message);
}

function unsupported(message: string): AwsError {
  return new AwsError('UnsupportedFeatureException', message);
}
