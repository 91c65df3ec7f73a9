import {
  type CloudWatchLogsClient,
  GetLogEventsCommand,
  type GetLogEventsCommandInput,
  type GetLogEventsCommandOutput,
  ResourceNotFoundException,
} from '@aws-sdk/client-cloudwatch-logs';

/** Stream prefix of every container that Farol runs; awslogs makes `<prefix>/<container>/<task id>` of it. */
export const STREAM_PREFIX = 'farol';

/** The stream that holds what a container of a task wrote. */
export function logStream(container: string, taskArn: string): string {
  return `${STREAM_PREFIX}/${container}/${taskArn.split('/').at(-1) ?? ''}`;
}

/** Pages that are asked for at most: each is one call, and most are full or the last. */
const MOST_PAGES = 5;

/** Log lines of tasks, as the awslogs driver wrote them. */
export class TaskLogs {
  readonly #client: CloudWatchLogsClient;

  constructor(client: CloudWatchLogsClient) {
    this.#client = client;
  }

  /** The last `count` lines of a container, oldest first; empty when it wrote none (yet). */
  async tail(group: string, container: string, taskArn: string, count = 20): Promise<readonly string[]> {
    const stream = { logGroupName: group, logStreamName: logStream(container, taskArn) };
    let lines: string[] = [];
    let nextToken: string | undefined;
    // A page may hold fewer lines than asked for, or none, although there are more: only the same token twice is the end
    // (CloudWatch Logs API reference, GetLogEvents).
    for (let pages = 0; pages < MOST_PAGES && lines.length < count; pages += 1) {
      const page = await this.#page({
        ...stream,
        startFromHead: false,
        limit: count - lines.length,
        ...(nextToken === undefined ? {} : { nextToken }),
      });
      lines = [...(page?.events ?? []).map(({ message }) => message ?? ''), ...lines];
      if (page?.nextBackwardToken === undefined || page.nextBackwardToken === nextToken) break;
      nextToken = page.nextBackwardToken;
    }
    return lines;
  }

  /** `undefined`: the stream is not there (yet). */
  async #page(request: GetLogEventsCommandInput): Promise<GetLogEventsCommandOutput | undefined> {
    try {
      return await this.#client.send(new GetLogEventsCommand(request));
    } catch (error) {
      if (error instanceof ResourceNotFoundException) return undefined;
      throw error;
    }
  }
}
