import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import { type IMetric, MathExpression, Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { seconds } from '#core/contract/duration.ts';
import { ledgerTable } from '#core/contract/ledger.ts';
import type { Environments } from '../environments/schema.ts';
import { functionName, ORCHESTRATOR } from '../names.ts';
import { MINUTE, RunbookAlarms } from './runbook-alarms.ts';

export interface OrchestratorAlarmsProps {
  readonly orchestrator: Environments['orchestrator'];
  readonly stateMachineArn: string;
  readonly documentation: string | undefined;
}

/** Operations that the ledger's entries are read and written by. */
const OPERATIONS = ['Query', 'TransactWriteItems'] as const;

const FIVE_MINUTES = Duration.minutes(5);

/**
 * The alarms of what one account and region has once. A deployment that fails, and is rolled back, is no alarm: it is what
 * Farol is for, and a notice tells of it. Metrics of alarms: 2 at level `essential`, without metric math; 12 at `all`.
 */
export class OrchestratorAlarms extends RunbookAlarms {
  constructor(scope: Construct, id: string, props: OrchestratorAlarmsProps) {
    super(scope, id, { prefix: 'farol', documentation: props.documentation });
    this.#essential(props);
    if (props.orchestrator.alarms === 'essential') return;
    this.#executions(props);
    this.#ledger();
  }

  #essential({ orchestrator }: OrchestratorAlarmsProps): void {
    const silence = (3 * seconds(orchestrator.reconcileEvery)) / 60;
    this.add({
      name: 'dead-letters',
      means: 'An event came to no function, or its function failed at it again and again.',
      runbook: 'orchestrator.md#dead-letters',
      metric: metric('AWS/SQS', 'ApproximateNumberOfMessagesVisible', 'Maximum', {
        QueueName: ORCHESTRATOR.deadLetterQueue,
      }),
      bad: { atLeast: 1 },
      of: [1, 1],
      missing: TreatMissingData.NOT_BREACHING,
    });
    this.add({
      name: 'reconcile-silent',
      means: 'Nobody looks for lost events and unfinished deployments.',
      runbook: 'orchestrator.md#reconcile-does-not-run',
      metric: metric('AWS/Lambda', 'Invocations', 'Sum', { FunctionName: functionName('reconcile') }, MINUTE),
      bad: { atMost: 0 },
      // By the minute: with periods as long as the schedule's, CloudWatch would look back over several more before it minds.
      of: [silence, silence],
      // Nothing is counted where nothing is invoked.
      missing: TreatMissingData.BREACHING,
    });
  }

  #executions({ stateMachineArn }: OrchestratorAlarmsProps): void {
    const machine = { StateMachineArn: stateMachineArn };
    this.add({
      name: 'deployment-cut-off',
      means: 'A deployment was stopped or timed out, and did not end by itself; reconcile brings the target in order.',
      runbook: 'orchestrator.md#deployment-was-cut-off',
      metric: sum({
        timedOut: metric('AWS/States', 'ExecutionsTimedOut', 'Sum', machine),
        aborted: metric('AWS/States', 'ExecutionsAborted', 'Sum', machine),
      }),
      bad: { atLeast: 1 },
      of: [1, 3],
      missing: TreatMissingData.NOT_BREACHING,
    });
    const invoke = {
      // With region and account, unlike the state's resource; of every state machine of the account (Step Functions
      // Developer Guide, "Service integration metrics"; the form as public repositories report it).
      ServiceIntegrationResourceArn: Stack.of(this).formatArn({
        service: 'states',
        resource: 'lambda',
        resourceName: 'invoke',
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      }),
    };
    this.add({
      name: 'functions-fail',
      means: 'States of deployments fail by surprise: errors or time-outs of the functions, not outcomes.',
      runbook: 'orchestrator.md#functions-fail',
      metric: sum({
        failed: metric('AWS/States', 'ServiceIntegrationsFailed', 'Sum', invoke),
        timedOut: metric('AWS/States', 'ServiceIntegrationsTimedOut', 'Sum', invoke),
      }),
      // One or two are retried without notice.
      bad: { atLeast: 3 },
      of: [1, 3],
      missing: TreatMissingData.NOT_BREACHING,
    });
    this.add({
      name: 'throttled',
      means: 'Lambda refuses to run functions: the account runs as many at once as it may.',
      runbook: 'orchestrator.md#functions-are-throttled',
      metric: metric('AWS/Lambda', 'Throttles', 'Sum', {}),
      bad: { atLeast: 1 },
      of: [2, 3],
      missing: TreatMissingData.NOT_BREACHING,
    });
  }

  /** Alarms of DynamoDB's metrics keep their state where data are missing, whatever is set: filled, none is. CloudWatch API reference, PutMetricAlarm, TreatMissingData. */
  #ledger(): void {
    // An alarm takes ten metrics at most. Each transition is an entry: what keeps the ledger from being written shows there.
    const table = { TableName: ledgerTable(ORCHESTRATOR.ledger, 'entries') };
    this.add({
      name: 'ledger-throttled',
      means: 'DynamoDB refuses reads or writes of the ledger for their number.',
      runbook: 'orchestrator.md#ledger-does-not-answer',
      metric: sum({
        reads: metric('AWS/DynamoDB', 'ReadThrottleEvents', 'Sum', table),
        writes: metric('AWS/DynamoDB', 'WriteThrottleEvents', 'Sum', table),
      }),
      bad: { atLeast: 5 },
      of: [2, 3],
      missing: TreatMissingData.NOT_BREACHING,
    });
    this.add({
      name: 'ledger-not-anchored',
      means: 'What happens to the entries of the ledger is not written down outside of it.',
      runbook: 'ledger.md#the-ledger-is-not-anchored',
      metric: metric('AWS/Lambda', 'IteratorAge', 'Maximum', { FunctionName: functionName('anchor-entries') }, MINUTE),
      // Milliseconds that the newest change of a batch has waited for (Lambda Developer Guide, "Types of metrics"); a batch that fails is tried again, and is as old again.
      bad: { atLeast: 10 * 60_000 },
      of: [1, 5],
      missing: TreatMissingData.NOT_BREACHING,
    });
    this.add({
      name: 'ledger-errors',
      means: 'DynamoDB fails at reads or writes of the ledger.',
      runbook: 'orchestrator.md#ledger-does-not-answer',
      metric: sum(
        Object.fromEntries(
          OPERATIONS.map((Operation) => [
            Operation.charAt(0).toLowerCase() + Operation.slice(1),
            metric('AWS/DynamoDB', 'SystemErrors', 'Sum', { ...table, Operation }),
          ]),
        ),
      ),
      bad: { atLeast: 5 },
      of: [2, 3],
      missing: TreatMissingData.NOT_BREACHING,
    });
  }
}

function metric(
  namespace: string,
  metricName: string,
  statistic: string,
  dimensionsMap: Record<string, string>,
  period = FIVE_MINUTES,
): Metric {
  return new Metric({ namespace, metricName, statistic, dimensionsMap, period });
}

/** The sum of some metrics, of which those without data count as nothing. */
function sum(metrics: Record<string, IMetric>): MathExpression {
  const filled = Object.keys(metrics).map((id) => `FILL(${id}, 0)`);
  return new MathExpression({ expression: filled.join(' + '), usingMetrics: metrics, period: FIVE_MINUTES });
}
