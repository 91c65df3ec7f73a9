import { CloudWatchLogsClient, GetLogEventsCommand, ResourceNotFoundException } from '@aws-sdk/client-cloudwatch-logs';
import {
  DeregisterTaskDefinitionCommand,
  DescribeTaskDefinitionCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
  RunTaskCommand,
} from '@aws-sdk/client-ecs';
import { EcsTaskRunner, runOnce, whyNotPlaced } from '#aws/ecs-task-runner.ts';
import { CONTAINER } from '#aws/task-definition.ts';
import { logStream, TaskLogs } from '#aws/task-logs.ts';
import type { StandaloneTasks } from '../run/ports.ts';
import { clientConfig } from './clients.ts';

/** Tasks that people start, on Fargate, in the places where the target's own tasks run. */
export function standaloneTasks(region: string | undefined): StandaloneTasks {
  const ecs = new ECSClient(clientConfig(region));
  const logs = new CloudWatchLogsClient(clientConfig(region));
  const runner = new EcsTaskRunner(ecs, new TaskLogs(logs));
  const tokens = new Map<string, string>();
  return {
    async definition(arn) {
      const { taskDefinition } = await ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition: arn }));
      return given(taskDefinition, arn);
    },
    async register(input) {
      const { taskDefinition } = await ecs.send(new RegisterTaskDefinitionCommand(input));
      return given(taskDefinition?.taskDefinitionArn, `ARN of ${input.family}`);
    },
    async deregister(arn) {
      await ecs.send(new DeregisterTaskDefinitionCommand({ taskDefinition: arn }));
    },
    async start({ infrastructure }, definition, startedBy) {
      const { tasks, failures } = await ecs.send(new RunTaskCommand(runOnce(infrastructure, definition, startedBy)));
      const taskArn = tasks?.[0]?.taskArn;
      return taskArn === undefined ? { reason: whyNotPlaced(failures) } : { taskArn };
    },
    status: (settings, taskArn) => runner.status(settings, taskArn),
    stop: (settings, taskArn, reason) => runner.stop(settings, taskArn, reason),
    async newLines({ infrastructure }, taskArn) {
      const lines: string[] = [];
      const logStreamName = logStream(CONTAINER, taskArn);
      // A page may be empty although there are more: only the same token again is the end (CloudWatch Logs API reference, GetLogEvents).
      for (;;) {
        const nextToken = tokens.get(taskArn);
        try {
          const page = await logs.send(
            new GetLogEventsCommand({
              logGroupName: infrastructure.logGroup,
              logStreamName,
              startFromHead: true,
              ...(nextToken === undefined ? {} : { nextToken }),
            }),
          );
          lines.push(...(page.events ?? []).map(({ message = '' }) => message));
          if (page.nextForwardToken === undefined || page.nextForwardToken === nextToken) return lines;
          tokens.set(taskArn, page.nextForwardToken);
        } catch (error) {
          // Nothing was written yet.
          if (error instanceof ResourceNotFoundException) return lines;
          throw error;
        }
      }
    },
  };
}

function given<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new TypeError(`AWS answered no ${what}`);
  return value;
}
