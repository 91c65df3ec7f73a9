import {
  type CloudWatchLogsClient,
  CreateLogStreamCommand,
  PutLogEventsCommand,
  ResourceAlreadyExistsException,
  ResourceNotFoundException,
} from '@aws-sdk/client-cloudwatch-logs';
import type { AnchorLine } from '#core/contract/anchor.ts';
import type { Anchors, Clock } from '#core/ports.ts';

/**
 * Anchors in a log group of their own: a log event that was taken cannot be changed, CloudWatch notes itself when it took
 * it, and only a caller that may delete the stream or the group, or change the retention, can remove it. A batch is of 100
 * lines at most, far below what PutLogEvents takes.
 */
export class LogAnchors implements Anchors {
  readonly #client: CloudWatchLogsClient;
  readonly #group: string;
  readonly #clock: Clock;

  constructor(client: CloudWatchLogsClient, group: string, clock: Clock) {
    this.#client = client;
    this.#group = group;
    this.#clock = clock;
  }

  async write(stream: string, lines: readonly AnchorLine[]): Promise<void> {
    const timestamp = Date.parse(this.#clock.now());
    const logEvents = lines.map((line) => ({ timestamp, message: JSON.stringify(line) }));
    const put = new PutLogEventsCommand({ logGroupName: this.#group, logStreamName: stream, logEvents });
    try {
      await this.#client.send(put);
    } catch (error) {
      if (!(error instanceof ResourceNotFoundException)) throw error;
      await this.#makeStream(stream);
      await this.#client.send(put);
    }
  }

  async #makeStream(logStreamName: string): Promise<void> {
    try {
      await this.#client.send(new CreateLogStreamCommand({ logGroupName: this.#group, logStreamName }));
    } catch (error) {
      if (!(error instanceof ResourceAlreadyExistsException)) throw error;
    }
  }
}
