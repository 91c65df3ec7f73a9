/** Events of AWS's own services, which only AWS may put: delivered to the rules of the upstream's event bus. */

import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { AwsError } from '../protocol/service.ts';
import { isStructure, type Structure } from '../protocol/values.ts';
import type { Upstream } from './upstream.ts';

/** An event as EventBridge gives it to targets. */
export interface AwsEvent {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: string;
  readonly account: string;
  /** ISO 8601, whole seconds. */
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface ImageAction {
  readonly action: 'PUSH' | 'DELETE';
  readonly repository: string;
  readonly digest: string;
  readonly tag: string | undefined;
  /** Media type of the manifest. */
  readonly manifestMediaType?: string | undefined;
  /** Media type of the manifest's config, or its artifact type. */
  readonly artifactMediaType?: string | undefined;
}

/**
 * The event of a finished push or a deletion. Fields: Amazon ECR User Guide, "Amazon ECR events and EventBridge"; the
 * two media types are in the event's schema (`aws.ecr@ECRImageAction`). A push by digest has no `image-tag`.
 */
export function imageActionEvent(image: ImageAction, account: string, region: string): AwsEvent {
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'ECR Image Action',
    source: 'aws.ecr',
    account,
    time: `${new Date().toISOString().slice(0, 19)}Z`,
    region,
    resources: [],
    detail: {
      'action-type': image.action,
      result: 'SUCCESS',
      'repository-name': image.repository,
      'image-digest': image.digest,
      ...(image.tag === undefined ? {} : { 'image-tag': image.tag }),
      ...(image.manifestMediaType === undefined ? {} : { 'manifest-media-type': image.manifestMediaType }),
      ...(image.artifactMediaType === undefined ? {} : { 'artifact-media-type': image.artifactMediaType }),
    },
  };
}

interface Target {
  readonly id: string;
  readonly arn: string;
  /** A constant that the target gets in place of the event. */
  readonly input: string | undefined;
  /** It wants a part of the event or a text made from it. */
  readonly changesInput: boolean;
  readonly deadLetterArn: string | undefined;
}

/** Attempts to hand an event over, and the milliseconds before the second; each further wait is twice as long. */
const attempts = 5;
const firstWait = 50;

export class EventDelivery {
  readonly #upstream: Upstream;
  readonly #onProblem: (problem: string) => void;
  readonly #underWay = new Set<Promise<void>>();
  readonly #end = new AbortController();

  /** @param onProblem told of an event that could not be delivered */
  constructor(upstream: Upstream, onProblem: (problem: string) => void) {
    this.#upstream = upstream;
    this.#onProblem = onProblem;
  }

  /** Delivers in the background. */
  emit(event: AwsEvent): void {
    const delivery = this.#deliver(event).catch((error: unknown) => {
      if (!this.#end.signal.aborted)
        this.#onProblem(`the event ${event['detail-type']} was not delivered: ${reason(error)}`);
    });
    this.#underWay.add(delivery);
    void delivery.finally(() => this.#underWay.delete(delivery));
  }

  /** Waits until every event so far is delivered or given up. */
  async settled(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  async close(): Promise<void> {
    this.#end.abort();
    await this.settled();
  }

  async #deliver(event: AwsEvent): Promise<void> {
    const text = JSON.stringify(event);
    for (const rule of await this.#retried(() => this.#rules())) {
      const { EventPattern: pattern, Name: name } = rule;
      if (typeof pattern !== 'string' || typeof name !== 'string') continue;
      const { Result: matched } = await this.#retried(() =>
        this.#upstream.call('events', 'TestEventPattern', { EventPattern: pattern, Event: text }),
      );
      if (matched !== true) continue;
      const targets = await this.#retried(() => this.#targets(name));
      await Promise.all(targets.map((target) => this.#hand(target, name, text)));
    }
  }

  async #rules(): Promise<readonly Structure[]> {
    const rules = await this.#pages('ListRules', {}, 'Rules');
    return rules.filter((rule) => rule['State'] !== 'DISABLED');
  }

  async #targets(rule: string): Promise<readonly Target[]> {
    const targets = await this.#pages('ListTargetsByRule', { Rule: rule }, 'Targets');
    return targets.map((target) => {
      const deadLetters = isStructure(target['DeadLetterConfig']) ? target['DeadLetterConfig']['Arn'] : undefined;
      return {
        id: String(target['Id']),
        arn: String(target['Arn']),
        input: typeof target['Input'] === 'string' ? target['Input'] : undefined,
        changesInput: target['InputPath'] !== undefined || target['InputTransformer'] !== undefined,
        deadLetterArn: typeof deadLetters === 'string' ? deadLetters : undefined,
      };
    });
  }

  async #pages(operation: string, params: Structure, list: string): Promise<readonly Structure[]> {
    const all: Structure[] = [];
    let next: unknown;
    do {
      const page = await this.#upstream.call(
        'events',
        operation,
        next === undefined ? params : { ...params, NextToken: next },
      );
      const found = page[list];
      if (Array.isArray(found)) all.push(...found.filter((each) => isStructure(each)));
      next = page['NextToken'];
    } while (typeof next === 'string');
    return all;
  }

  /** Hands the event to one target; what it never accepts goes to the target's dead-letter queue and is reported. */
  async #hand(target: Target, rule: string, event: string): Promise<void> {
    const text = target.input ?? event;
    try {
      if (!/^arn:[^:]+:lambda:/.test(target.arn))
        throw new Error(`only functions are reached from here, not ${target.arn}`);
      if (target.changesInput) throw new Error('targets that change their input are not reached from here');
      await this.#retried(() => this.#upstream.invokeLater(target.arn, text));
    } catch (error) {
      if (this.#end.signal.aborted) throw error;
      this.#onProblem(`the target ${target.id} of the rule ${rule} did not accept an event: ${reason(error)}`);
      if (target.deadLetterArn !== undefined) await this.#retried(() => this.#bury(target, text));
    }
  }

  async #bury({ deadLetterArn = '' }: Target, text: string): Promise<void> {
    const name = deadLetterArn.split(':').at(-1) ?? '';
    const { QueueUrl: url } = await this.#upstream.call('sqs', 'GetQueueUrl', { QueueName: name });
    await this.#upstream.call('sqs', 'SendMessage', { QueueUrl: url, MessageBody: text });
  }

  async #retried<T>(act: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await act();
      } catch (error) {
        const lasting = error instanceof AwsError && error.status < 500 && error.status !== 429;
        if (lasting || attempt >= attempts || this.#end.signal.aborted) throw error;
        await delay(firstWait * 2 ** (attempt - 1), undefined, { signal: this.#end.signal });
      }
    }
  }
}

function reason(error: unknown): string {
  if (error instanceof AwsError) return `${error.code}: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}
