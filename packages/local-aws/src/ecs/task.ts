import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerDefinition, ContainerOverride, TaskStopCode } from '@aws-sdk/client-ecs';
import { arn, hexId } from '../identity.ts';
import type { Endpoint } from '../load-balancer/target.ts';
import type { PulledImage, RunningContainer } from '../runtime/runtime.ts';
import type { TaskHost } from './host.ts';
import { LogStream } from './log-stream.ts';
import type { Cluster, TaskDefinitionRecord } from './records.ts';
import type { Deployment, Service } from './service-record.ts';

/** A task's states in the order they are passed (ECS developer guide, "Amazon ECS task lifecycle"). */
export type TaskStatus =
  | 'PROVISIONING'
  | 'PENDING'
  | 'ACTIVATING'
  | 'RUNNING'
  | 'DEACTIVATING'
  | 'STOPPING'
  | 'DEPROVISIONING'
  | 'STOPPED';

/** AWS's default for a container's `stopTimeout` on Fargate, in seconds. */
const STOP_TIMEOUT = 30;

export interface StopReason {
  readonly code: TaskStopCode;
  readonly reason: string;
}

export interface TaskContainer {
  readonly definition: ContainerDefinition;
  readonly id: string;
  running?: RunningContainer;
  log: LogStream | undefined;
  started: boolean;
  ended: boolean;
  exitCode?: number;
  reason?: string;
}

export interface TaskOptions {
  readonly cluster: Cluster;
  readonly taskDefinition: TaskDefinitionRecord;
  readonly startedBy: string | undefined;
  readonly group: string;
  readonly overrides: readonly ContainerOverride[];
  /** Of a task that a service started. */
  readonly service?: Service;
  readonly deployment?: Deployment;
}

/** A task's place in a target group. */
export interface TaskTarget extends Endpoint {
  readonly targetGroupArn: string;
  readonly reach: Endpoint;
}

/** Where every task really listens, each on a port of its own. */
const LOOPBACK = '127.0.0.1';

/** A failure to start, in the words of AWS's stopped reasons (ECS developer guide, "Stopped tasks error messages"). */
class StartError extends Error {}

/** One task from its start to its end. */
export class Task implements TaskOptions {
  readonly id = hexId(16);
  readonly arn: string;
  readonly cluster: Cluster;
  readonly taskDefinition: TaskDefinitionRecord;
  readonly startedBy: string | undefined;
  readonly group: string;
  readonly overrides: readonly ContainerOverride[];
  readonly service?: Service;
  readonly deployment?: Deployment;
  readonly containers: readonly TaskContainer[];
  readonly createdAt: Date;
  /** As on AWS every task has an address of its own, under which the API shows it; it really listens on the loopback. */
  readonly privateAddress: string;
  pullStartedAt?: Date;
  pullStoppedAt?: Date;
  startedAt?: Date;
  stoppingAt?: Date;
  executionStoppedAt?: Date;
  stoppedAt?: Date;
  lastStatus: TaskStatus = 'PROVISIONING';
  desiredStatus: 'RUNNING' | 'STOPPED' = 'RUNNING';
  version = 1;
  stop: StopReason | undefined;
  port: number | undefined;
  /** Set by the service's scheduler: the task once did what it is for. */
  wasHealthy = false;
  readonly #host: TaskHost;
  readonly #listeners = new Set<() => void>();
  #starting: Promise<void> = Promise.resolve();
  #stopping: Promise<void> | undefined;

  constructor(host: TaskHost, options: TaskOptions) {
    this.#host = host;
    this.cluster = options.cluster;
    this.taskDefinition = options.taskDefinition;
    this.startedBy = options.startedBy;
    this.group = options.group;
    this.overrides = options.overrides;
    if (options.service) this.service = options.service;
    if (options.deployment) this.deployment = options.deployment;
    this.arn = arn(host, 'ecs', `task/${options.cluster.name}/${this.id}`);
    this.createdAt = this.#now();
    this.privateAddress = host.addresses.next();
    this.containers = (options.taskDefinition.shape.containerDefinitions ?? []).map((definition) => ({
      definition,
      id: `${this.id}-${hexId(5)}`,
      log: LogStream.of(host, definition.logConfiguration, definition.name ?? '', this.id),
      started: false,
      ended: false,
    }));
  }

  /** Target groups of the service with the address that the task is registered under: its own, and the container's port. */
  get targets(): TaskTarget[] {
    const { port } = this;
    if (port === undefined) return [];
    return (this.service?.loadBalancers ?? []).map(({ targetGroupArn = '', containerPort = port }) => ({
      targetGroupArn,
      host: this.privateAddress,
      port: containerPort,
      reach: { host: LOOPBACK, port },
    }));
  }

  /** Called after each change of status. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Takes the task up to RUNNING; what goes wrong on the way ends it with TaskFailedToStart. */
  run(): void {
    this.#starting = this.#start();
  }

  async #start(): Promise<void> {
    try {
      this.#status('PROVISIONING');
      this.port = await this.#host.ports.free();
      if (this.#ending()) return;
      this.#status('PENDING');
      const secrets = await Promise.all(this.containers.map((container) => this.#secrets(container)));
      this.pullStartedAt = this.#now();
      const images = await Promise.all(this.containers.map((container) => this.#pull(container)));
      this.pullStoppedAt = this.#now();
      for (const [index, container] of this.containers.entries()) {
        const image = images[index];
        if (this.#ending() || !image) return;
        await this.#startContainer(container, image, secrets[index] ?? {});
      }
      if (this.#ending()) return;
      if (this.targets.length > 0) this.#status('ACTIVATING');
      this.#register();
      this.startedAt = this.#now();
      this.#status('RUNNING');
    } catch (error) {
      const reason = error instanceof StartError ? error.message : `InternalError: ${messageOf(error)}`;
      void this.end({ code: 'TaskFailedToStart', reason });
    }
  }

  /**
   * Ends the task: out of its target groups, then, when their deregistration delay has passed, SIGTERM, and SIGKILL
   * after `stopTimeout`, then STOPPED. The first reason given stays. Resolves when the task has stopped.
   */
  end(stop: StopReason, { drain = true }: { drain?: boolean } = {}): Promise<void> {
    this.#stopping ??= this.#end(stop, drain);
    return this.#stopping;
  }

  async #end(stop: StopReason, drain: boolean): Promise<void> {
    this.stop = stop;
    this.desiredStatus = 'STOPPED';
    this.stoppingAt = this.#now();
    const drained = Promise.all(
      this.targets.map(
        ({ targetGroupArn, ...address }) =>
          this.#host.targetGroup(targetGroupArn)?.deregister(address) ?? Promise.resolve(),
      ),
    );
    if (drain && this.lastStatus === 'RUNNING' && this.targets.length > 0) {
      this.#status('DEACTIVATING');
      await drained;
    }
    await this.#starting;
    this.#status('STOPPING');
    await Promise.all(this.containers.map((container) => this.#stopContainer(container)));
    await Promise.all(this.containers.map(({ log }) => log?.flush() ?? Promise.resolve()));
    this.executionStoppedAt = this.#now();
    this.#status('DEPROVISIONING');
    this.stoppedAt = this.#now();
    this.#status('STOPPED');
  }

  async #stopContainer(container: TaskContainer): Promise<void> {
    const { running, definition } = container;
    if (!running) return;
    running.signal('SIGTERM');
    const patience = new AbortController();
    const late = sleep((definition.stopTimeout ?? STOP_TIMEOUT) * 1000, 'late', { signal: patience.signal }).catch(
      () => 'ended',
    );
    if ((await Promise.race([running.exit, late])) === 'late') running.signal('SIGKILL');
    patience.abort();
    await running.exit;
  }

  async #startContainer(container: TaskContainer, image: PulledImage, secrets: Record<string, string>): Promise<void> {
    const { definition, log } = container;
    const override = this.overrides.find(({ name }) => name === definition.name);
    const command = [...(definition.entryPoint ?? []), ...(override?.command ?? definition.command ?? [])];
    const environment = {
      ...variables(definition.environment),
      ...variables(override?.environment),
      ...secrets,
      HOST: LOOPBACK,
      PORT: String(this.port),
    };
    try {
      container.running = await image.start({
        command,
        environment,
        readonlyRoot: definition.readonlyRootFilesystem ?? false,
        volumes: (definition.mountPoints ?? []).flatMap(({ containerPath = [] }) => containerPath),
        init: definition.linuxParameters?.initProcessEnabled ?? false,
        dropped: definition.linuxParameters?.capabilities?.drop ?? [],
        onLine: (line) => log?.add(line),
      });
    } catch (error) {
      container.reason = `CannotStartContainerError: ${messageOf(error)}`;
      throw new StartError(container.reason, { cause: error });
    }
    container.started = true;
    void container.running.exit.then((code) => this.#containerEnded(container, code));
  }

  /** An essential container that ends ends its task, with code 0 too. */
  #containerEnded(container: TaskContainer, code: number): void {
    container.ended = true;
    container.exitCode = code;
    if (container.definition.essential === false) return;
    void this.end({ code: 'EssentialContainerExited', reason: 'Essential container in task exited' }, { drain: false });
  }

  async #secrets({ definition }: TaskContainer): Promise<Record<string, string>> {
    const secrets = (definition.secrets ?? []).map(async ({ name = '', valueFrom = '' }) => {
      try {
        return [name, await this.#host.resolveSecret(valueFrom)] as const;
      } catch (error) {
        throw new StartError(secretError(valueFrom, messageOf(error)), { cause: error });
      }
    });
    return Object.fromEntries(await Promise.all(secrets));
  }

  async #pull(container: TaskContainer): Promise<PulledImage> {
    const { image = '' } = container.definition;
    try {
      return await this.#host.runtime.pull(image);
    } catch (error) {
      container.reason = `CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref ${image}: ${messageOf(error)}`;
      throw new StartError(container.reason, { cause: error });
    }
  }

  #register(): void {
    const { versionVariable } = this.#host;
    const version = versionVariable === undefined ? undefined : this.#environment(versionVariable);
    for (const { targetGroupArn, ...address } of this.targets)
      this.#host.targetGroup(targetGroupArn)?.register(version === undefined ? address : { ...address, version });
  }

  #environment(name: string): string | undefined {
    return this.containers.flatMap(({ definition }) => definition.environment ?? []).find((one) => one.name === name)
      ?.value;
  }

  #ending(): boolean {
    return this.desiredStatus === 'STOPPED';
  }

  #status(status: TaskStatus): void {
    this.lastStatus = status;
    this.version += 1;
    this.#host.emit({
      type: 'task',
      task: this.arn,
      group: this.group,
      taskDefinition: this.taskDefinition.arn,
      status,
      ...(this.stop ? { reason: this.stop.reason } : {}),
    });
    for (const listener of this.#listeners) listener();
  }

  #now(): Date {
    return new Date(this.#host.clock.now());
  }
}

function variables(
  pairs: readonly { name?: string | undefined; value?: string | undefined }[] | undefined,
): Record<string, string> {
  return Object.fromEntries((pairs ?? []).map(({ name = '', value = '' }) => [name, value]));
}

function secretError(valueFrom: string, cause: string): string {
  const store = /^arn:[^:]+:secretsmanager:/.test(valueFrom)
    ? `unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret ${valueFrom} from secrets manager`
    : `unable to retrieve secrets from ssm: service call has been retried 1 time(s): failed to fetch ${valueFrom}`;
  return `ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: ${store}: ${cause}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
