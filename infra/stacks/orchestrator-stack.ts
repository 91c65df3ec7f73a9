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
import { EventInput, type EventInputProps } from '../constructs/event-input.ts';
import { functionCode } from '../constructs/function-code.ts';
import { LedgerAnchors } from '../constructs/ledger-anchors.ts';
import { LedgerTables } from '../constructs/ledger-tables.ts';
import { Notices } from '../constructs/notices.ts';
import { OrchestratorAlarms } from '../constructs/orchestrator-alarms.ts';
import { People } from '../constructs/people.ts';
import { ReleaseWorkflow } from '../constructs/release-workflow.ts';
import { TargetReports } from '../constructs/target-reports.ts';
import type { Environments } from '../environments/schema.ts';
import { FUNCTIONS, type FunctionName, functionName, functionRole, ORCHESTRATOR, substitutionName } from '../names.ts';
import { functionPermissions } from '../permissions/functions.ts';
import { ledgerStatements } from '../permissions/ledger.ts';
import { targetRoleArn } from '../permissions/services.ts';
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

const END = {
  source: ['aws.states'],
  detailType: ['Step Functions Execution Status Change'],
};

/** What one account and region has once: the state machine, its functions, the ledger, and what starts and repairs deployments. */
export class OrchestratorStack extends Stack {
  readonly #props: OrchestratorStackProps;
  readonly #stateMachineArn: string;
  readonly #deadLetterQueue: Queue;
  readonly #functions: ReadonlyMap<FunctionName, DeployFunction>;

  constructor(scope: Construct, id: string, props: OrchestratorStackProps) {
    super(scope, id, props);
    this.#props = props;
    const { orchestrator } = props.environments;
    const ledger = new LedgerTables(this, 'Ledger', { deletionProtection: orchestrator.deletionProtection });
    const topic = new Notices(this, 'Notices', { notify: orchestrator.notify });
    if (orchestrator.budget !== undefined) new Budget(this, 'Budget', { limit: orchestrator.budget, topic });
    this.#deadLetterQueue = new Queue(this, 'DeadLetters', {
      queueName: ORCHESTRATOR.deadLetterQueue,
      retentionPeriod: Duration.days(14),
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
    });
    this.#stateMachineArn = this.formatArn({
      service: 'states',
      resource: 'stateMachine',
      resourceName: ORCHESTRATOR.stateMachine,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    this.#functions = this.#deployFunctions(topic.topicArn);
    new ReleaseWorkflow(this, 'Release', {
      definition: props.definition,
      functions: Object.fromEntries(
        FUNCTIONS.filter((name) => name in STATE_FUNCTIONS).map((name): [string, IVersion] => [
          substitutionName(name),
          this.#functionOf(name).version,
        ]),
      ),
      logRetention: orchestrator.logRetention,
    });
    new LedgerAnchors(this, 'Anchors', {
      entries: ledger.entries,
      function: this.#functionOf('anchor-entries').function,
      deadLetterQueue: this.#deadLetterQueue,
      deletionProtection: orchestrator.deletionProtection,
    });
    new People(this, 'People', { functionOf: (name) => this.#functionOf(name).function });
    this.#keepFailedEvents();
    this.#startDeployments();
    new OrchestratorAlarms(this, 'Alarms', {
      orchestrator,
      stateMachineArn: this.#stateMachineArn,
      documentation: documentationOf(props.environments),
    });
    new TargetReports(this, 'Reports', {
      function: this.#functionOf('report-targets').function,
      deadLetterQueue: this.#deadLetterQueue,
    });
    this.#answerPipelines();
  }

  #deployFunctions(topicArn: string): ReadonlyMap<FunctionName, DeployFunction> {
    const { environments, functionsDirectory } = this.#props;
    const permissions = functionPermissions(this);
    const code = functionCode(functionsDirectory);
    // Without a pipeline there is nothing to answer.
    const deployed = FUNCTIONS.filter((name) => name !== 'answer-pipeline' || environments.pipelines.length > 0);
    return new Map(
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
            FAROL_STATE_MACHINE_ARN: this.#stateMachineArn,
            FAROL_TOPIC_ARN: topicArn,
            FAROL_TARGET_ROLES: targetRoleArn(this, ''),
          },
          logRetention: environments.orchestrator.logRetention,
        }),
      ]),
    );
  }

  #functionOf(name: FunctionName): DeployFunction {
    const made = this.#functions.get(name);
    if (made === undefined) throw new TypeError(`no function ${name}`);
    return made;
  }

  /** An event whose function failed at every try is kept for people. */
  #keepFailedEvents(): void {
    const invokedByEvents = ['receive-push', 'receive-settings', 'reconcile', 'answer-pipeline'] as const;
    for (const name of invokedByEvents.filter((one) => this.#functions.has(one)))
      this.#functionOf(name).function.configureAsyncInvoke({
        onFailure: new SqsDestination(this.#deadLetterQueue),
        retryAttempts: 2,
        maxEventAge: Duration.hours(6),
      });
  }

  /** Pushes, changed settings and what was left behind start deployments. */
  #startDeployments(): void {
    this.#on('Push', 'receive-push', 'A pushed image may be a release', {
      pattern: { source: ['aws.ecr'], detailType: ['ECR Image Action'], detail: { 'action-type': ['PUSH'] } },
    });
    this.#on(
      'SettingsChange',
      'receive-settings',
      'What is live is deployed with the settings that its target has now',
      {
        pattern: {
          source: ['aws.ssm'],
          detailType: ['Parameter Store Change'],
          detail: { name: [{ prefix: `${SETTINGS_PATH}/` }], operation: ['Create', 'Update'] },
        },
      },
    );
    this.#on(
      'End',
      'reconcile',
      'A deployment that ended badly is brought to an end; settings that changed during one are followed',
      this.#deploymentEnds(),
    );
    this.#on('Reconcile', 'reconcile', 'Lost events and unfinished deployments are found', this.#everySoOften());
  }

  /** Pipelines wait for the end of the deployment that they led to. */
  #answerPipelines(): void {
    const { pipelines } = this.#props.environments;
    if (pipelines.length === 0) return;
    this.#on(
      'DeploymentEnd',
      'answer-pipeline',
      'The pipeline is told how the deployment of its release ended',
      this.#deploymentEnds(),
    );
    this.#on('PipelineWaits', 'answer-pipeline', 'A pipeline that began to wait may be told at once', {
      pattern: {
        source: ['aws.codepipeline'],
        detailType: ['CodePipeline Action Execution State Change'],
        detail: {
          pipeline: pipelines.map(({ app }) => pipelineName(app)),
          state: ['STARTED'],
          type: { category: ['Approval'] },
        },
      },
    });
    this.#on('AnswerPipelines', 'answer-pipeline', 'Pipelines whose event was lost are found', this.#everySoOften());
  }

  #on(id: string, name: FunctionName, description: string, on: EventInputProps['on']): void {
    const { function: called } = this.#functionOf(name);
    new EventInput(this, id, { description, on, function: called, deadLetterQueue: this.#deadLetterQueue });
  }

  #deploymentEnds(): EventInputProps['on'] {
    const status = ['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED'];
    return { pattern: { ...END, detail: { stateMachineArn: [this.#stateMachineArn], status } } };
  }

  #everySoOften(): EventInputProps['on'] {
    return {
      schedule: Schedule.rate(Duration.seconds(seconds(this.#props.environments.orchestrator.reconcileEvery))),
    };
  }
}
