import { createHash } from 'node:crypto';
import {
  ConflictException,
  DescribeTasksCommand,
  type ECSClient,
  type Failure,
  RegisterTaskDefinitionCommand,
  RunTaskCommand,
  type RunTaskCommandInput,
  StopTaskCommand,
} from '@aws-sdk/client-ecs';
import { type Settings, targetOf } from '#core/contract/settings.ts';
import type { TaskRunner, TaskStatus } from '#core/ports.ts';
import { listTasks } from './ecs-tasks.ts';
import { CONTAINER, family, taskDefinition } from './task-definition.ts';
import type { TaskLogs } from './task-logs.ts';

/** What StopTask takes of a reason (ECS API reference, StopTask, as long as it named a limit). */
const REASON_CHARACTERS = 255;

/** Run-once tasks on Fargate. */
export class EcsTaskRunner implements TaskRunner {
  readonly #ecs: ECSClient;
  readonly #logs: TaskLogs;

  constructor(ecs: ECSClient, logs: TaskLogs) {
    this.#ecs = ecs;
    this.#logs = logs;
  }

  async start({
    settings,
    release,
    purpose,
    token,
    startedBy,
  }: Parameters<TaskRunner['start']>[0]): ReturnType<TaskRunner['start']> {
    const { migrationPlan, migrate } = release.releaseJson;
    const command = { plan: migrationPlan, migrate }[purpose];
    if (command === null) throw new Error(`${release.version} has no command to ${purpose}`);
    const { taskDefinition: registered } = await this.#ecs.send(
      new RegisterTaskDefinitionCommand(
        taskDefinition({ settings, release, kind: purpose, command, deployment: startedBy }),
      ),
    );
    try {
      const { tasks, failures } = await this.#ecs.send(
        new RunTaskCommand({
          ...runOnce(
            purpose === 'plan'
              ? { ...settings.infrastructure, securityGroups: settings.tasks.plan.securityGroups }
              : settings.infrastructure,
            registered?.taskDefinitionArn,
            startedBy,
          ),
          clientToken: clientToken(settings, token),
        }),
      );
      const taskArn = tasks?.[0]?.taskArn;
      // RunTask answers 200 with `failures` when it could not place the task (ECS API reference).
      if (taskArn !== undefined) return { taskArn };
      return { reason: `ECS could not start the ${purpose} task: ${whyNotPlaced(failures)}` };
    } catch (error) {
      // The token belongs to a task that a former try of this call started: that one is meant.
      const [taskArn] = error instanceof ConflictException ? (error.resourceIds ?? []) : [];
      if (taskArn !== undefined) return { taskArn };
      throw error;
    }
  }

  async status(settings: Settings, taskArn: string): Promise<TaskStatus> {
    const { tasks } = await this.#ecs.send(
      new DescribeTasksCommand({ cluster: settings.infrastructure.cluster, tasks: [taskArn] }),
    );
    const [task] = tasks ?? [];
    if (task === undefined) return { state: 'missing' };
    if (task.lastStatus !== 'STOPPED') {
      return { state: 'running', ...(task.startedAt === undefined ? {} : { since: task.startedAt.toISOString() }) };
    }
    const container = task.containers?.find(({ name }) => name === CONTAINER);
    return {
      state: 'stopped',
      ...(container?.exitCode === undefined ? {} : { exitCode: container.exitCode }),
      started: task.startedAt !== undefined || container?.exitCode !== undefined,
      stopped: (task.stoppedAt ?? new Date()).toISOString(),
      reason: [task.stoppedReason, container?.reason].filter((part) => part !== undefined && part !== '').join('; '),
      lastLines: await this.#logs.tail(settings.infrastructure.logGroup, CONTAINER, taskArn),
    };
  }

  async stop(settings: Settings, taskArn: string, reason: string): Promise<void> {
    await this.#ecs.send(
      new StopTaskCommand({
        cluster: settings.infrastructure.cluster,
        task: taskArn,
        reason: reason.slice(0, REASON_CHARACTERS),
      }),
    );
  }

  async migrationsRunning(settings: Settings): Promise<readonly string[]> {
    const { cluster } = settings.infrastructure;
    const tasks = await listTasks(this.#ecs, { cluster, family: family(settings, 'migrate') });
    return tasks.flatMap(({ lastStatus, taskArn }) =>
      lastStatus === 'STOPPED' || taskArn === undefined ? [] : [taskArn],
    );
  }
}

/** The request for one task on Fargate where the target's own tasks run. */
export function runOnce(
  { cluster, subnets, securityGroups, assignPublicIp }: Settings['infrastructure'],
  taskDefinition: string | undefined,
  startedBy: string,
): RunTaskCommandInput {
  return {
    cluster,
    taskDefinition,
    launchType: 'FARGATE',
    count: 1,
    startedBy,
    enableECSManagedTags: true,
    propagateTags: 'TASK_DEFINITION',
    networkConfiguration: {
      awsvpcConfiguration: { subnets, securityGroups, assignPublicIp: assignPublicIp ? 'ENABLED' : 'DISABLED' },
    },
  };
}

/** Why RunTask placed no task, in ECS's words. */
export function whyNotPlaced(failures: readonly Failure[] | undefined): string {
  const [failure] = failures ?? [];
  return [failure?.reason ?? 'no reason given', failure?.detail].filter(Boolean).join(' ');
}

/**
 * ECS knows a token per cluster (ECS API reference, "Ensuring idempotency"), and targets may share one: the same image with
 * the same token in another target must not be answered with this target's task. 64 characters, as many as RunTask takes.
 */
function clientToken(settings: Settings, token: string): string {
  return createHash('sha256')
    .update(`${targetOf(settings)} ${token}`)
    .digest('hex');
}
