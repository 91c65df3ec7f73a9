import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, type IMetric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { ORCHESTRATOR } from '../names.ts';
import { type Runbook, runbookLink } from '../runbooks.ts';

/** The period of metrics of AWS, and of Farol's own. */
export const MINUTE = Duration.minutes(1);

export interface RunbookAlarmsProps {
  /** What the alarms' names begin with. */
  readonly prefix: string;
  /** Where runbooks are read, see {@link runbookLink}. */
  readonly documentation: string | undefined;
}

export interface AlarmSpec {
  /** Its name, after the prefix. */
  readonly name: string;
  /** What is wrong, in one sentence. */
  readonly means: string;
  readonly runbook: Runbook;
  readonly metric: IMetric;
  /** The first value that is bad: at least so much, or at most. */
  readonly bad: { readonly atLeast: number } | { readonly atMost: number };
  /**
   * How many of the last periods must be bad. Metrics come a minute or two late, and metric math takes what is not there
   * yet for zero: where zero is good, leave room for two such periods; where zero is bad, ask for three more than they are.
   */
  readonly of: readonly [bad: number, periods: number];
  /** How a period without data counts. */
  readonly missing: TreatMissingData;
  /** People are also told when there are no data. */
  readonly notifiesMissing?: boolean;
}

/** Alarms that tell people by the topic of notices, each with the section of a runbook for the person on call. */
export class RunbookAlarms extends Construct {
  readonly alarms: Alarm[] = [];
  readonly #props: RunbookAlarmsProps;
  readonly #topic: ITopic;

  constructor(scope: Construct, id: string, props: RunbookAlarmsProps) {
    super(scope, id);
    this.#props = props;
    const topicArn = Stack.of(this).formatArn({
      service: 'sns',
      resource: ORCHESTRATOR.topic,
      arnFormat: ArnFormat.NO_RESOURCE_NAME,
    });
    this.#topic = Topic.fromTopicArn(this, 'Notices', topicArn);
  }

  /** Makes one alarm. */
  protected add({ name, means, runbook, metric, bad, of, missing, notifiesMissing = false }: AlarmSpec): Alarm {
    const atLeast = 'atLeast' in bad;
    const alarm = new Alarm(this, name, {
      alarmName: `${this.#props.prefix}-${name}`,
      alarmDescription: `${means} ${runbookLink(this.#props.documentation, runbook)}`,
      metric,
      threshold: atLeast ? bad.atLeast : bad.atMost,
      comparisonOperator: atLeast
        ? ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
        : ComparisonOperator.LESS_THAN_OR_EQUAL_TO_THRESHOLD,
      datapointsToAlarm: of[0],
      evaluationPeriods: of[1],
      treatMissingData: missing,
    });
    const action = new SnsAction(this.#topic);
    alarm.addAlarmAction(action);
    alarm.addOkAction(action);
    if (notifiesMissing) alarm.addInsufficientDataAction(action);
    this.alarms.push(alarm);
    return alarm;
  }
}
