import { Duration } from 'aws-cdk-lib';
import { type EventPattern, Rule, type Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { Function } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

export interface EventInputProps {
  readonly description: string;
  /** What is heard: events of a pattern, or the clock. */
  readonly on: { readonly pattern: EventPattern } | { readonly schedule: Schedule };
  readonly function: Function;
  /** Keeps what could not be handed over to the function. */
  readonly deadLetterQueue: IQueue;
}

/**
 * A rule that hands events to a function. EventBridge tries for a day (its longest), then leaves the event in the queue.
 * What the function itself fails at is the matter of its asynchronous invocation, which has a destination of its own.
 */
export class EventInput extends Construct {
  constructor(scope: Construct, id: string, props: EventInputProps) {
    super(scope, id);
    new Rule(this, 'Rule', {
      description: props.description,
      ...('pattern' in props.on ? { eventPattern: props.on.pattern } : { schedule: props.on.schedule }),
      targets: [
        new LambdaFunction(props.function, {
          deadLetterQueue: props.deadLetterQueue,
          retryAttempts: 185,
          maxEventAge: Duration.hours(24),
        }),
      ],
    });
  }
}
