import {
  type CloudWatchLogsClient,
  GetLogEventsCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-cloudwatch-logs';

/** Stream prefix of every container that Farol runs; awslogs makes `<prefix>/<container>/<task id>` of it. */
export const STREAM_PREFIX = 'farol';

/** Log lines of tasks, as the awslogs driver wrote them. */
export class TaskLogs {
  readonly #client: CloudWatchLogsClient;

  constructor(client: CloudWatchLogsClient) {
    this.#client = client;
  }

  /** The last `count` lines of a container, oldest first; empty when it wrote none (yet). */
  async tail(group: string, container: string, taskArn: string, count = 20): Promise<readonly string[]> {
    const taskId = taskArn.split('/').at(-1) ?? '';
    try {
      const { events } = await this.#client.send(
        new GetLogEventsCommand({
          logGroupName: group,
          logStreamName: `${STREAM_PREFIX}/${container}/${taskId}`,
          limit: count,
          startFromHead: false,
        }),
      );
      return (events ?? []).map(({ message }) => message ?? '');
    } catch (error) {
      if (error instanceof ResourceNotFoundException) return [];
      throw error;
    }
  }
}
