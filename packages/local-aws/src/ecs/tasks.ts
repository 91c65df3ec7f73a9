import type {
  DescribeTasksRequest,
  DescribeTasksResponse,
  ListTasksRequest,
  ListTasksResponse,
  RunTaskRequest,
  RunTaskResponse,
  StopTaskRequest,
  StopTaskResponse,
  Task as TaskShape,
} from '@aws-sdk/client-ecs';
import type { Tracked } from '../fidelity.ts';
import { arn } from '../identity.ts';
import { need, operation, page } from '../operation.ts';
import { AwsError, type Operation } from '../protocol/service.ts';
import { describeTask } from './describe.ts';
import type { TaskHost } from './host.ts';
import { checkNetwork } from './records.ts';
import { type EcsState, lastPart } from './state.ts';
import { Task } from './task.ts';

const MAX_DESCRIBED = 100;
const MAX_STARTED = 10;

/** Views of tasks, as late as the dial says. */
export class TaskViews {
  readonly #views = new Map<Task, Tracked<TaskShape>>();
  readonly #host: TaskHost;

  constructor(host: TaskHost) {
    this.#host = host;
  }

  read(task: Task): TaskShape | undefined {
    return this.#views.get(task)?.read();
  }

  add(task: Task): void {
    this.#views.set(
      task,
      this.#host.lateness.track(() => describeTask(task)),
    );
  }

  remove(task: Task): void {
    this.#views.get(task)?.end();
    this.#views.delete(task);
  }
}

export function taskOperations(state: EcsState, host: TaskHost, views: TaskViews): Record<string, Operation> {
  return {
    RunTask: operation((input: RunTaskRequest): RunTaskResponse => {
      const cluster = state.cluster(input.cluster);
      const { clientToken, ...rest } = input;
      const request = JSON.stringify(rest);
      const before = clientToken === undefined ? undefined : state.runs.get(`${cluster.name}/${clientToken}`);
      if (before && before.request !== request)
        throw new AwsError(
          'ConflictException',
          'The provided client token is already in use with a different RunTask request.',
          400,
          { resourceIds: before.tasks.map((task) => task.arn) },
        );
      if (before) return { tasks: before.tasks.map(describeTask), failures: [] };

      const taskDefinition = state.activeTaskDefinition(input.taskDefinition);
      checkNetwork(taskDefinition, input.networkConfiguration);
      const count = input.count ?? 1;
      if (count < 1 || count > MAX_STARTED) throw invalid(`Count must be between 1 and ${MAX_STARTED}.`);
      const overrides = input.overrides?.containerOverrides ?? [];
      for (const { name } of overrides)
        if (!taskDefinition.shape.containerDefinitions?.some((container) => container.name === name))
          throw invalid(`Override for container named ${name} is not a container in the TaskDefinition.`);
      const group = input.group ?? `family:${taskDefinition.family}`;
      const tasks = Array.from(
        { length: count },
        () => new Task(host, { cluster, taskDefinition, startedBy: input.startedBy, group, overrides }),
      );
      for (const task of tasks) {
        state.tasks.set(task.id, task);
        if (input.propagateTags === 'TASK_DEFINITION') state.setTags(task.arn, state.tagList(taskDefinition.arn));
        state.setTags(task.arn, input.tags);
        views.add(task);
        task.run();
      }
      if (clientToken !== undefined) state.runs.set(`${cluster.name}/${clientToken}`, { request, tasks });
      return { tasks: tasks.map(describeTask), failures: [] };
    }),

    StopTask: operation((input: StopTaskRequest): StopTaskResponse => {
      const cluster = state.cluster(input.cluster);
      const task = state.findTask(cluster, need(input.task, 'taskId'));
      if (!task) throw invalid('The referenced task was not found.');
      void task.end({ code: 'UserInitiated', reason: input.reason ?? 'Task stopped by user' });
      return { task: describeTask(task) };
    }),

    DescribeTasks: operation((input: DescribeTasksRequest): DescribeTasksResponse => {
      const cluster = state.cluster(input.cluster);
      const given = need(input.tasks, 'Tasks');
      if (given.length > MAX_DESCRIBED) throw invalid(`Tasks cannot have more than ${MAX_DESCRIBED} elements.`);
      const found = given.map((one) => {
        const task = state.findTask(cluster, one);
        return { one, task, shape: task && views.read(task) };
      });
      return {
        tasks: found.flatMap(({ task, shape }) =>
          task && shape ? [input.include?.includes('TAGS') ? { ...shape, tags: state.tagList(task.arn) } : shape] : [],
        ),
        failures: found.flatMap(({ one, shape }) =>
          shape ? [] : [{ arn: arn(host, 'ecs', `task/${cluster.name}/${lastPart(one)}`), reason: 'MISSING' }],
        ),
      };
    }),

    ListTasks: operation((input: ListTasksRequest): ListTasksResponse => {
      const cluster = state.cluster(input.cluster);
      const group =
        input.serviceName === undefined ? undefined : `service:${state.service(cluster, input.serviceName).name}`;
      const desired = input.desiredStatus ?? 'RUNNING';
      const listed = [...state.tasks.values()]
        .filter((task) => task.cluster === cluster)
        .flatMap((task) => views.read(task) ?? [])
        .filter(
          (task) =>
            task.desiredStatus === desired &&
            (group === undefined || task.group === group) &&
            (input.startedBy === undefined || task.startedBy === input.startedBy) &&
            (input.launchType === undefined || task.launchType === input.launchType) &&
            (input.family === undefined || familyOf(task) === input.family),
        );
      const { items, next } = page(listed, ({ taskArn = '' }) => taskArn, {
        size: input.maxResults ?? 100,
        token: input.nextToken,
        error: 'InvalidParameterException',
      });
      return { taskArns: items.map(({ taskArn = '' }) => taskArn), ...(next === undefined ? {} : { nextToken: next }) };
    }),
  };
}

function familyOf({ taskDefinitionArn = '' }: TaskShape): string | undefined {
  return lastPart(taskDefinitionArn).split(':')[0];
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidParameterException', message);
}
