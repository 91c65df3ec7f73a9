import { randomUUID } from 'node:crypto';
import type {
  CreateServiceRequest,
  DeploymentConfiguration,
  LoadBalancer,
  NetworkConfiguration,
  ServiceEvent,
} from '@aws-sdk/client-ecs';
import type { Context } from '../context.ts';
import { arn, deploymentNumber } from '../identity.ts';
import type { Cluster, TaskDefinitionRecord } from './records.ts';

/** How many events a service shows, newest first. */
const MAX_EVENTS = 100;

export type RolloutState = 'IN_PROGRESS' | 'COMPLETED' | 'FAILED';

/** One version of a service's configuration and the tasks made from it. */
export interface Deployment {
  readonly id: string;
  readonly createdAt: Date;
  updatedAt: Date;
  readonly taskDefinition: TaskDefinitionRecord;
  readonly networkConfiguration: NetworkConfiguration | undefined;
  rolloutState: RolloutState;
  rolloutStateReason: string;
  /** Tasks in a row that ended before they were healthy. */
  failedTasks: number;
  /** Milliseconds since the epoch before which no further task is started. */
  nextStart: number;
}

export class Service {
  readonly arn: string;
  readonly name: string;
  readonly cluster: Cluster;
  readonly createdAt: Date;
  readonly request: CreateServiceRequest;
  status: 'ACTIVE' | 'DRAINING' | 'INACTIVE' = 'ACTIVE';
  desiredCount: number;
  taskDefinition: TaskDefinitionRecord;
  loadBalancers: readonly LoadBalancer[];
  networkConfiguration: NetworkConfiguration | undefined;
  deploymentConfiguration: DeploymentConfiguration;
  /** AWS's seconds after a task's start in which an unhealthy target does not end it. */
  healthCheckGracePeriod: number;
  /** Newest first: the first is PRIMARY, the others are ACTIVE while tasks of theirs are left. */
  deployments: Deployment[] = [];
  readonly events: ServiceEvent[] = [];
  /** It has as many healthy tasks as it should, and said so. */
  steady = false;
  readonly #context: Context;

  constructor(context: Context, cluster: Cluster, request: CreateServiceRequest, taskDefinition: TaskDefinitionRecord) {
    this.#context = context;
    this.cluster = cluster;
    this.request = request;
    this.name = request.serviceName ?? '';
    this.arn = arn(context, 'ecs', `service/${cluster.name}/${this.name}`);
    this.createdAt = new Date(context.clock.now());
    this.desiredCount = request.desiredCount ?? 0;
    this.taskDefinition = taskDefinition;
    this.loadBalancers = request.loadBalancers ?? [];
    this.networkConfiguration = request.networkConfiguration;
    this.deploymentConfiguration = withDefaults(request.deploymentConfiguration);
    this.healthCheckGracePeriod = request.healthCheckGracePeriodSeconds ?? 0;
    this.deploy();
  }

  get primary(): Deployment {
    const [primary] = this.deployments;
    if (!primary) throw new Error(`service ${this.name} has no deployment`);
    return primary;
  }

  /** Begins a deployment of the configuration as it now is. */
  deploy(): void {
    const id = `ecs-svc/${deploymentNumber()}`;
    const now = new Date(this.#context.clock.now());
    this.steady = false;
    this.deployments.unshift({
      id,
      createdAt: now,
      updatedAt: now,
      taskDefinition: this.taskDefinition,
      networkConfiguration: this.networkConfiguration,
      rolloutState: 'IN_PROGRESS',
      rolloutStateReason: `ECS deployment ${id} in progress.`,
      failedTasks: 0,
      nextStart: 0,
    });
  }

  setRollout(deployment: Deployment, state: RolloutState, reason: string): void {
    deployment.rolloutState = state;
    deployment.rolloutStateReason = reason;
    deployment.updatedAt = new Date(this.#context.clock.now());
  }

  /** Adds to the service's events; `message` follows its name in brackets, as in AWS's texts. */
  addEvent(message: string): void {
    const text = `(service ${this.name}) ${message}`;
    this.events.unshift({ id: randomUUID(), createdAt: new Date(this.#context.clock.now()), message: text });
    this.events.splice(MAX_EVENTS);
    this.#context.emit({ type: 'service', service: this.arn, message: text });
  }
}

/** A deployment configuration with AWS's defaults for a replica service (API reference, DeploymentConfiguration). */
export function withDefaults(given: DeploymentConfiguration | undefined): DeploymentConfiguration {
  return {
    maximumPercent: given?.maximumPercent ?? 200,
    minimumHealthyPercent: given?.minimumHealthyPercent ?? 100,
    deploymentCircuitBreaker: {
      enable: given?.deploymentCircuitBreaker?.enable ?? false,
      rollback: given?.deploymentCircuitBreaker?.rollback ?? false,
    },
  };
}
