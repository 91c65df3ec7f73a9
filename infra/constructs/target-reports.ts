import { Duration } from 'aws-cdk-lib';
import { Schedule } from 'aws-cdk-lib/aws-events';
import type { Function } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { EventInput } from './event-input.ts';

export interface TargetReportsProps {
  /** That which reports. */
  readonly function: Function;
  readonly deadLetterQueue: IQueue;
}

/**
 * Has the state of every target reported once a minute, the shortest period of alarms' metrics. A month of it: 43,800
 * invocations, some 70 MB of log and three custom metrics for each target. A report that fails is not repeated: the next
 * is a minute away, and an old one would say what was.
 */
export class TargetReports extends Construct {
  constructor(scope: Construct, id: string, props: TargetReportsProps) {
    super(scope, id);
    props.function.configureAsyncInvoke({ retryAttempts: 0, maxEventAge: Duration.minutes(1) });
    new EventInput(this, 'EveryMinute', {
      description: 'Alarms and dashboards are told which slot of each target is live',
      on: { schedule: Schedule.rate(Duration.minutes(1)) },
      ...props,
    });
  }
}
