import { ArnFormat, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { Schedule } from 'aws-cdk-lib/aws-events';
import type { IVersion } from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { seconds } from '#core/contract/duration.ts';
import { pipelineName } from '#core/contract/pipeline.ts';
import { STATE_FUNCTIONS } from '#core/contract/states.ts';
import { SETTINGS_PATH } from '#core/contract/target.ts';
import { Budget } from '../constructs/budget.ts';
import { DeployFunction } from '../constructs/deploy-function.ts';
import { EventInput } from '../constructs/event-input.ts';
import { functionCode } from '../constructs/function-code.ts';
import { LedgerAnchors } from '../constructs/ledger-anchors.ts';
import { LedgerTables } from '../constructs/ledger-tables.ts';
import { Notices } from '../constructs/notices.ts';
import { OrchestratorAlarms } from '../constructs/orchestrator-alarms.ts';
import { People } from '../constructs/people.ts';
import { ReleaseWorkflow } from '../constructs/release-workflow.ts';
import { TargetReports } from '../constructs/target-reports.ts';
import type { Environments } from '../environments/schema.ts';
import { ledgerStatements } from '../ledger-rights.ts';
import { FUNCTIONS, type FunctionName, functionName, functionRole, ORCHESTRATOR, substitutionName } from '../names.ts';
import { functionPermissions, targetRoleArn } from '../permissions.ts';
import { documentationOf } from '../runbooks.ts';

export interface OrchestratorStackProps extends StackProps {
  readonly environments: Environments;
  /** Folder with one folder for each function. */
  readonly functionsDirectory: string;
  /** The state machine in Amazon States Language, as JSON; `${Name}` stands for the version of a function. */
  readonly definition: string;
}

/**
 * Seconds that a function may take: less than its state's timeout in the state machine, so that no call of a function
 * goes on when the state machine has moved on.
 */
const TIMEOUTS: Record<FunctionName, number> = {
  'receive-push': 60,
  'receive-settings': 60,
  'acquire-lock': 25,
  preflight: 55,
  'prepare-database': 25,
  'start-task': 25,
  'check-task': 25,
  converge: 55,
  smoke: 55,
  'check-step': 55,
  'ask-approval': 25,
  'read-approval': 25,
  'answer-approval': 25,
  'start-deployment': 25,
  freeze: 25,
  finish: 25,
  reconcile: 60,
  'anchor-entries': 60,
  'answer-pipeline': 60,
  'report-targets': 30,
  unfreeze: 25,
};

/** What one account and region has once: the state machine, its functions, the ledger, and what starts and repairs deployments. */
export class OrchestratorStack extends Stack {
  constructor(scope: Construct, id: string, props: OrchestratorStackProps) {
    super(scope, id, props);
    const { orchestrator, pipelines } = props.environments;
    const { logRetention } = orchestrator;
    const ledger = new LedgerTables(this, 'Ledger', { deletionProtection: orchestrator.deletionProtection });
    const topic = new Notices(this, 'Notices', { notify: orchestrator.notify });
    if (orchestrator.budget !== undefined) new Budget(this, 'Budget', { limit: orchestrator.budget, topic });
    const deadLetterQueue = new Queue(this, 'DeadLetters', {
      queueName: ORCHESTRATOR.deadLetterQueue,
      retentionPeriod: Duration.days(14),
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
    });

    const stateMachineArn = this.formatArn({
      service: 'states',
      resource: 'stateMachine',
      resourceName: ORCHESTRATOR.stateMachine,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    const permissions = functionPermissions(this);
    const code = functionCode(props.functionsDirectory);
    // Without a pipeline there is none to answer.
    const deployed = FUNCTIONS.filter((name) => name !== 'answer-pipeline' || pipelines.length > 0);
    const functions = new Map<FunctionName, DeployFunction>(
      deployed.map((name) => [
        name,
        new DeployFunction(this, substitutionName(name), {
          folder: name,
          name: functionName(name),
          roleName: functionRole(name, this.region),
          code,
          timeout: Duration.seconds(TIMEOUTS[name]),
          permissions: [...ledgerStatements(this, name), ...permissions[name]],
          environment: {
            FAROL_LEDGER: ORCHESTRATOR.ledger,
            FAROL_ANCHORS: ORCHESTRATOR.anchors,
            FAROL_STATE_MACHINE_ARN: stateMachineArn,
            FAROL_TOPIC_ARN: topic.topicArn,
            FAROL_TARGET_ROLES: targetRoleArn(this, ''),
          },
          logRetention,
        }),
      ]),
    );
    const functionOf = (name: FunctionName): DeployFunction => {
      const made = functions.get(name);
      if (made === undefined) throw new TypeError(`no function ${name}`);
      return made;
    };

    new ReleaseWorkflow(this, 'Release', {
      definition: props.definition,
      functions: Object.fromEntries(
        FUNCTIONS.filter((name) => name in STATE_FUNCTIONS).map((name): [string, IVersion] => [
          substitutionName(name),
          functionOf(name).version,
        ]),
      ),
      logRetention,
    });

    new LedgerAnchors(this, 'Anchors', {
      entries: ledger.entries,
      function: functionOf('anchor-entries').function,
      deadLetterQueue,
      deletionProtection: orchestrator.deletionProtection,
    });
    new People(this, 'People', { functionOf: (name) => functionOf(name).function });
    const invokedByEvents = [
      'receive-push',
      'receive-settings',
      'reconcile',
      'answer-pipeline',
    ] satisfies FunctionName[];
    for (const name of invokedByEvents.filter((one) => functions.has(one))) {
      functionOf(name).function.configureAsyncInvoke({
        onFailure: new SqsDestination(deadLetterQueue),
        retryAttempts: 2,
        maxEventAge: Duration.hours(6),
      });
    }
    new EventInput(this, 'Push', {
      description: 'A pushed image may be a release',
      on: {
        pattern: { source: ['aws.ecr'], detailType: ['ECR Image Action'], detail: { 'action-type': ['PUSH'] } },
      },
      function: functionOf('receive-push').function,
      deadLetterQueue,
    });
    new EventInput(this, 'SettingsChange', {
      description: 'What is live is deployed with the settings that its target has now',
      on: {
        pattern: {
          source: ['aws.ssm'],
          detailType: ['Parameter Store Change'],
          detail: { name: [{ prefix: `${SETTINGS_PATH}/` }], operation: ['Create', 'Update'] },
        },
      },
      function: functionOf('receive-settings').function,
      deadLetterQueue,
    });
    new EventInput(this, 'End', {
      description: 'A deployment that ended badly is brought to an end; settings that changed during one are followed',
      on: {
        pattern: {
          source: ['aws.states'],
          detailType: ['Step Functions Execution Status Change'],
          detail: { stateMachineArn: [stateMachineArn], status: ['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED'] },
        },
      },
      function: functionOf('reconcile').function,
      deadLetterQueue,
    });
    const everySoOften = Schedule.rate(Duration.seconds(seconds(orchestrator.reconcileEvery)));
    new EventInput(this, 'Reconcile', {
      description: 'Lost events and unfinished deployments are found',
      on: { schedule: everySoOften },
      function: functionOf('reconcile').function,
      deadLetterQueue,
    });
    new OrchestratorAlarms(this, 'Alarms', {
      orchestrator,
      stateMachineArn,
      documentation: documentationOf(props.environments),
    });
    new TargetReports(this, 'Reports', { function: functionOf('report-targets').function, deadLetterQueue });
    if (pipelines.length > 0) {
      const answer = { function: functionOf('answer-pipeline').function, deadLetterQueue };
      new EventInput(this, 'DeploymentEnd', {
        description: 'The pipeline is told how the deployment of its release ended',
        on: {
          pattern: {
            source: ['aws.states'],
            detailType: ['Step Functions Execution Status Change'],
            detail: { stateMachineArn: [stateMachineArn], status: ['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED'] },
          },
        },
        ...answer,
      });
      new EventInput(this, 'PipelineWaits', {
        description: 'A pipeline that began to wait may be told at once',
        on: {
          pattern: {
            source: ['aws.codepipeline'],
            detailType: ['CodePipeline Action Execution State Change'],
            detail: {
              pipeline: pipelines.map(({ app }) => pipelineName(app)),
              state: ['STARTED'],
              type: { category: ['Approval'] },
            },
          },
        },
        ...answer,
      });
      new EventInput(this, 'AnswerPipelines', {
        description: 'Pipelines whose event was lost are found',
        on: { schedule: everySoOften },
        ...answer,
      });
    }
  }
}
