import { Duration } from 'aws-cdk-lib';
import { Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { Function } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { Wake as Event } from '#core/contract/wake.ts';

export interface WakeProps {
  /** Functions in a network, at most five: so many targets has a rule. EventBridge quotas, "Targets". */
  readonly functions: readonly Function[];
}

/** Invokes functions once a day, so that Lambda keeps their network interfaces. An invocation that is lost is followed by the next. */
export class Wake extends Construct {
  constructor(scope: Construct, id: string, { functions }: WakeProps) {
    super(scope, id);
    const event = RuleTargetInput.fromObject({ wake: true } satisfies Event);
    new Rule(this, 'Daily', {
      description: 'Keeps functions in the network ready, which would sleep after weeks without a deployment',
      schedule: Schedule.rate(Duration.days(1)),
      targets: functions.map(
        (each) => new LambdaFunction(each, { event, retryAttempts: 2, maxEventAge: Duration.hours(1) }),
      ),
    });
  }
}
