import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import type { Notifier } from '#core/ports.ts';

/** Messages to the people of a topic. */
export class SnsNotifier implements Notifier {
  readonly #client: SNSClient;
  readonly #topicArn: string;

  constructor(client: SNSClient, topicArn: string) {
    this.#client = client;
    this.#topicArn = topicArn;
  }

  async publish(subject: string, text: string): Promise<void> {
    // A subject is ASCII of fewer than 100 characters, a message 256 KiB (SNS API reference, Publish).
    const ascii = subject.replace(/[^\x20-\x7e]/g, '?').slice(0, 99);
    await this.#client.send(
      new PublishCommand({ TopicArn: this.#topicArn, Subject: ascii, Message: text.slice(0, 200_000) }),
    );
  }
}
