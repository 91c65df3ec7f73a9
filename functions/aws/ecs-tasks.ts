import { DescribeTasksCommand, type ECSClient, paginateListTasks, type Task } from '@aws-sdk/client-ecs';

/** DescribeTasks takes at most 100 tasks a call (ECS API reference). */
const TASKS_PER_CALL = 100;

/** Which tasks of a cluster: all, or those of a family of task definitions. */
export interface TaskFilter {
  readonly cluster: string;
  readonly family?: string;
}

/**
 * Tasks that run and tasks that stopped within about the last hour, which is how long ECS shows them. ListTasks knows a
 * task by its desired status: one that was told to stop is among the stopped while its process may still run.
 */
export async function listTasks(ecs: ECSClient, filter: TaskFilter): Promise<Task[]> {
  const [running, stopped] = await Promise.all([
    listTasksMeantTo(ecs, filter, 'RUNNING'),
    listTasksMeantTo(ecs, filter, 'STOPPED'),
  ]);
  // One that was told to stop between the two calls is in both; the later look counts.
  return [...new Map([...running, ...stopped].map((task) => [task.taskArn, task])).values()];
}

/** Tasks whose desired status is as named, however many there are. */
export async function listTasksMeantTo(
  ecs: ECSClient,
  filter: TaskFilter,
  desiredStatus: 'RUNNING' | 'STOPPED',
): Promise<Task[]> {
  const arns: string[] = [];
  for await (const page of paginateListTasks({ client: ecs }, { ...filter, desiredStatus }))
    arns.push(...(page.taskArns ?? []));
  const tasks: Task[] = [];
  for (let from = 0; from < arns.length; from += TASKS_PER_CALL) {
    const described = await ecs.send(
      new DescribeTasksCommand({ cluster: filter.cluster, tasks: arns.slice(from, from + TASKS_PER_CALL) }),
    );
    tasks.push(...(described.tasks ?? []));
  }
  return tasks;
}
