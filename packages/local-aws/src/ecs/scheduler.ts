import { type Cancel, repeat } from '../clock.ts';
import type { HealthCheckSettings } from '../load-balancer/health-check.ts';
import { health as healthOf, type TargetHealth } from '../load-balancer/target.ts';
import type { TaskHost } from './host.ts';
import type { Deployment, Service } from './service-record.ts';
import type { EcsState } from './state.ts';
import { Task, type TaskTarget } from './task.ts';
import type { TaskViews } from './tasks.ts';

/** Real milliseconds between two looks at every service; changes of tasks are looked at at once. */
const LOOK_EVERY = 100;
/** AWS's seconds between starts after a task that ended before it was healthy: doubled each time, up to the last. */
const FIRST_PAUSE = 10;
const LAST_PAUSE = 900;
/** Real seconds that a process has at least before an unhealthy target ends its task, and between starts after failures. */
const GRACE_FLOOR = 5;
const PAUSE_FLOOR = 0.5;
/** Failed starts in a row after which the service says so. */
const IMPAIRED = 3;

/** Keeps each service at its desired count of healthy tasks of its newest deployment. */
export class Scheduler {
  readonly #state: EcsState;
  readonly #host: TaskHost;
  readonly #views: TaskViews;
  readonly #cancel: Cancel;
  readonly #looking = new Set<Service>();

  constructor(state: EcsState, host: TaskHost, views: TaskViews) {
    this.#state = state;
    this.#host = host;
    this.#views = views;
    this.#cancel = repeat(host.clock, LOOK_EVERY, () => {
      for (const service of state.services.values()) this.#reconcile(service);
    });
  }

  close(): void {
    this.#cancel();
  }

  /** Looks at `service` as soon as what runs now is done. */
  look(service: Service): void {
    if (this.#looking.has(service)) return;
    this.#looking.add(service);
    setImmediate(() => {
      this.#looking.delete(service);
      this.#reconcile(service);
    });
  }

  #reconcile(service: Service): void {
    if (service.status === 'INACTIVE') return;
    const alive = this.#state.tasksOf(service).filter(({ lastStatus }) => lastStatus !== 'STOPPED');
    if (service.status === 'DRAINING' && alive.every(({ desiredStatus }) => desiredStatus === 'STOPPED')) {
      service.status = 'INACTIVE';
      return;
    }
    const wanted = alive.filter(({ desiredStatus }) => desiredStatus === 'RUNNING');
    this.#judgeHealth(service, wanted);
    const running = wanted.filter(({ desiredStatus }) => desiredStatus === 'RUNNING');
    this.#scaleIn(service, running);
    this.#start(
      service,
      running.filter(({ desiredStatus }) => desiredStatus === 'RUNNING'),
    );
    this.#dropOldDeployments(service);
    this.#judgeRollout(service);
  }

  /** Notes which tasks are healthy and ends those whose target is not. A task without target group is healthy once it runs. */
  #judgeHealth(service: Service, tasks: readonly Task[]): void {
    for (const task of tasks) {
      if (task.lastStatus !== 'RUNNING') continue;
      const { deployment } = task;
      if (isHealthy(task, this.#host)) {
        if (!task.wasHealthy && deployment) deployment.failedTasks = 0;
        task.wasHealthy = true;
        continue;
      }
      const bad = targetHealth(task, this.#host).find(({ health }) => health.state === 'unhealthy');
      const group = bad?.targetGroupArn ?? '';
      const settings = this.#host.targetGroup(group)?.settings.healthCheck;
      if (!bad || !settings || !this.#pastGrace(service, task, settings)) continue;
      const reason = bad.health.description ?? bad.health.reason ?? '';
      const name = group.split('/')[1] ?? group;
      service.addEvent(
        `(task ${task.id}) (port ${bad.port}) is unhealthy in (target-group ${name}) due to (reason ${reason})`,
      );
      void task.end({
        code: 'ServiceSchedulerInitiated',
        reason: `Task failed ELB health checks in (target-group ${group})`,
      });
      if (!task.wasHealthy) this.#failed(service, task);
    }
  }

  /**
   * Whether the task has had the time that it has on AWS before it is ended: the grace period and, because a process
   * does not start faster when the clock runs faster, the time that the checks take there to find a target unhealthy.
   */
  #pastGrace(service: Service, task: Task, { interval, unhealthyThreshold }: HealthCheckSettings): boolean {
    const { clock } = this.#host;
    const allowed = service.healthCheckGracePeriod + interval * unhealthyThreshold;
    return clock.now() - (task.startedAt?.getTime() ?? 0) >= clock.real(allowed, GRACE_FLOOR);
  }

  /** Stops tasks above the desired count, and old deployments' as far as enough healthy ones remain. */
  #scaleIn(service: Service, tasks: readonly Task[]): void {
    const current = tasks.filter(({ deployment }) => deployment === service.primary);
    const old = tasks.filter(({ deployment }) => deployment !== service.primary);
    const surplus = dispensableFirst(current).slice(0, Math.max(0, current.length - service.desiredCount));
    const least = Math.ceil(
      (service.desiredCount * (service.deploymentConfiguration.minimumHealthyPercent ?? 100)) / 100,
    );
    let healthy = tasks.filter((task) => task.wasHealthy && !surplus.includes(task)).length;
    const replaced = dispensableFirst(old).filter((task) => {
      if (service.primary.rolloutState === 'FAILED' && service.desiredCount > 0) return false;
      if (!task.wasHealthy) return true;
      if (healthy <= least) return false;
      healthy -= 1;
      return true;
    });
    this.#stop(service, [...surplus, ...replaced]);
  }

  #stop(service: Service, tasks: readonly Task[]): void {
    if (tasks.length === 0) return;
    const groups = new Set(tasks.flatMap(({ targets }) => targets.map(({ targetGroupArn }) => targetGroupArn)));
    service.steady = false;
    service.addEvent(`has stopped ${tasks.length} running tasks: ${named(tasks)}.`);
    for (const group of groups) service.addEvent(`deregistered ${tasks.length} targets in (target-group ${group})`);
    if (groups.size > 0) service.addEvent(`has begun draining connections on ${tasks.length} tasks.`);
    for (const task of tasks) {
      const reason = `Scaling activity initiated by (deployment ${task.deployment?.id})`;
      void task.end({ code: 'ServiceSchedulerInitiated', reason });
    }
  }

  /** Starts what is missing, never more tasks at once than the maximum percentage allows. */
  #start(service: Service, tasks: readonly Task[]): void {
    const { primary, desiredCount } = service;
    if (service.status !== 'ACTIVE' || primary.rolloutState === 'FAILED' || this.#host.clock.now() < primary.nextStart)
      return;
    const most = Math.floor((desiredCount * (service.deploymentConfiguration.maximumPercent ?? 200)) / 100);
    const current = tasks.filter(({ deployment }) => deployment === primary).length;
    const count = Math.min(desiredCount - current, most - tasks.length);
    if (count <= 0) return;
    service.steady = false;
    const started = Array.from({ length: count }, () => this.#task(service, primary));
    service.addEvent(`has started ${count} tasks: ${named(started)}.`);
    for (const task of started) task.run();
  }

  #task(service: Service, deployment: Deployment): Task {
    const task = new Task(this.#host, {
      cluster: service.cluster,
      taskDefinition: deployment.taskDefinition,
      startedBy: deployment.id,
      group: `service:${service.name}`,
      overrides: [],
      service,
      deployment,
    });
    this.#state.tasks.set(task.id, task);
    const { propagateTags } = service.request;
    const tagged = propagateTags === 'TASK_DEFINITION' ? task.taskDefinition : service;
    this.#state.setTags(
      task.arn,
      propagateTags === undefined || propagateTags === 'NONE' ? [] : this.#state.tagList(tagged.arn),
    );
    this.#views.add(task);
    let failed = false;
    task.onChange(() => {
      const { stop, lastStatus } = task;
      if (lastStatus === 'RUNNING')
        for (const { targetGroupArn } of task.targets)
          service.addEvent(`registered 1 targets in (target-group ${targetGroupArn})`);
      if (
        !failed &&
        !task.wasHealthy &&
        (stop?.code === 'EssentialContainerExited' || stop?.code === 'TaskFailedToStart')
      ) {
        failed = true;
        this.#failed(service, task);
      }
      this.look(service);
    });
    return task;
  }

  /** A task ended before it was healthy: the next waits, and the deployment's circuit breaker counts. */
  #failed(service: Service, { deployment }: Task): void {
    if (!deployment) return;
    const { clock } = this.#host;
    deployment.failedTasks += 1;
    deployment.updatedAt = new Date(clock.now());
    const pause = Math.min(FIRST_PAUSE * 2 ** (deployment.failedTasks - 1), LAST_PAUSE);
    deployment.nextStart = clock.now() + clock.real(pause, PAUSE_FLOOR);
    if (deployment.failedTasks === IMPAIRED) service.addEvent('is unable to consistently start tasks successfully.');
  }

  #dropOldDeployments(service: Service): void {
    const alive = this.#state.tasksOf(service).filter(({ lastStatus }) => lastStatus !== 'STOPPED');
    service.deployments = service.deployments.filter(
      (deployment) => deployment === service.primary || alive.some((task) => task.deployment === deployment),
    );
  }

  /**
   * A deployment has failed when as many tasks in a row as half the desired count, at least 3 and at most 200, ended
   * before they were healthy (API reference, ServiceDeploymentCircuitBreaker); it is complete when all its tasks are
   * healthy and none of older ones is left, at a desired count of zero at once.
   */
  #judgeRollout(service: Service): void {
    const { primary, desiredCount } = service;
    const threshold = Math.min(200, Math.max(3, Math.ceil(desiredCount / 2)));
    const breaker = service.deploymentConfiguration.deploymentCircuitBreaker?.enable ?? false;
    if (primary.rolloutState === 'IN_PROGRESS' && breaker && primary.failedTasks >= threshold) {
      service.setRollout(primary, 'FAILED', 'ECS deployment circuit breaker: tasks failed to start.');
      service.addEvent(`(deployment ${primary.id}) deployment failed: tasks failed to start.`);
    }
    const tasks = this.#state.tasksOf(service).filter(({ desiredStatus }) => desiredStatus === 'RUNNING');
    const settled =
      service.deployments.length === 1 &&
      tasks.length === desiredCount &&
      tasks.every((task) => task.lastStatus === 'RUNNING' && isHealthy(task, this.#host));
    if (!settled) return;
    if (primary.rolloutState === 'IN_PROGRESS') {
      service.setRollout(primary, 'COMPLETED', `ECS deployment ${primary.id} completed.`);
      service.addEvent(`(deployment ${primary.id}) deployment completed.`);
    }
    if (!service.steady) service.addEvent('has reached a steady state.');
    service.steady = true;
  }
}

function targetHealth(task: Task, host: TaskHost): (TaskTarget & { readonly health: TargetHealth })[] {
  return task.targets.map((target) => ({
    ...target,
    health: host.targetGroup(target.targetGroupArn)?.healthOf(target) ?? healthOf('unused', 'Target.NotRegistered'),
  }));
}

function isHealthy(task: Task, host: TaskHost): boolean {
  return task.lastStatus === 'RUNNING' && targetHealth(task, host).every(({ health }) => health.state === 'healthy');
}

/** Tasks in the order in which they are stopped: those that were never healthy first, then the newest. */
function dispensableFirst(tasks: readonly Task[]): Task[] {
  return tasks.toSorted(
    (a, b) => Number(a.wasHealthy) - Number(b.wasHealthy) || b.createdAt.getTime() - a.createdAt.getTime(),
  );
}

function named(tasks: readonly Task[]): string {
  return tasks.map(({ id }) => `(task ${id})`).join(' ');
}
