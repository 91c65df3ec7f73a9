import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import { maskSecrets } from '#core/contract/secret-shapes.ts';
import type { Notifier } from '#core/ports.ts';

/** A subject has fewer than 100 characters and none that control (SNS API reference, Publish). */
const SUBJECT_CHARACTERS = 99;
/** A message has at most 256 KiB, counted in UTF-8. */
const MESSAGE_BYTES = 262_144;

/** Messages to the people of a topic, without what has the shape of a secret. */
export class SnsNotifier implements Notifier {
  readonly #client: SNSClient;
  readonly #topicArn: string;

  constructor(client: SNSClient, topicArn: string) {
    this.#client = client;
    this.#topicArn = topicArn;
  }

  async publish(subjectAsCame: string, textAsCame: string): Promise<void> {
    const [subject, text] = [maskSecrets(subjectAsCame), maskSecrets(textAsCame)];
    await this.#client.send(
      new PublishCommand({
        TopicArn: this.#topicArn,
        Subject: subject.replaceAll(/\p{Cc}+/gu, ' ').slice(0, SUBJECT_CHARACTERS),
        Message: text.slice(0, charactersWithin(text, MESSAGE_BYTES)),
      }),
    );
  }
}

/** How many characters of `text` fit in so many bytes of UTF-8, none of them cut. */
function charactersWithin(text: string, bytes: number): number {
  return new TextEncoder().encodeInto(text, new Uint8Array(bytes)).read;
}
