import { CloudWatchMetrics } from '#aws/cloudwatch-metrics.ts';
import { CodePipelines } from '#aws/code-pipelines.ts';
import { CodeBuildRecords } from '#aws/codebuild-records.ts';
import { DynamoApprovals } from '#aws/dynamo-approvals.ts';
import { DynamoLedger } from '#aws/dynamo-ledger.ts';
import { EcrReleases } from '#aws/ecr-releases.ts';
import { EcsSlotControl } from '#aws/ecs-slot-control.ts';
import { EcsSlotRemoval } from '#aws/ecs-slot-removal.ts';
import { EcsTaskRunner } from '#aws/ecs-task-runner.ts';
import { HttpProber } from '#aws/http-prober.ts';
import { IamRoles } from '#aws/iam-roles.ts';
import { LambdaDatabase } from '#aws/lambda-database.ts';
import { LambdaProber } from '#aws/lambda-prober.ts';
import { LogAnchors } from '#aws/log-anchors.ts';
import { SnsNotifier } from '#aws/sns-notifier.ts';
import { SsmSettings } from '#aws/ssm-settings.ts';
import { StepFunctionsExecutions } from '#aws/step-functions-executions.ts';
import { systemClock } from '#aws/system-clock.ts';
import { TaskLogs } from '#aws/task-logs.ts';
import type { Settings } from '#core/contract/settings.ts';
import type { Target } from '#core/contract/target.ts';
import type { TargetRole } from '#core/contract/target-roles.ts';
import type { Clock, Prober } from '#core/ports.ts';
import { clients } from './clients.ts';
import { required } from './env.ts';
import { targetClients } from './target-clients.ts';

export const clock: Clock = systemClock;

/**
 * The adapters behind the ports, each made when a function first asks for it, from the environment as it is then. What acts on a
 * target, or looks into it, is given the target, and calls with that target's own role.
 */
export const container = {
  anchors: () => new LogAnchors(clients.logs(), required('FAROL_ANCHORS'), clock),
  approvals: () => new DynamoApprovals(clients.dynamo(), required('FAROL_LEDGER'), clock),
  builds: () => new CodeBuildRecords(clients.codeBuild()),
  database: (kind: TargetRole, target: Target) => new LambdaDatabase(targetClients(kind, target).lambda()),
  executions: () => new StepFunctionsExecutions(clients.stepFunctions(), required('FAROL_STATE_MACHINE_ARN')),
  ledger: () => new DynamoLedger(clients.dynamo(), required('FAROL_LEDGER'), clock),
  metrics: () => new CloudWatchMetrics(clients.cloudWatch()),
  notifier: () => new SnsNotifier(clients.sns(), required('FAROL_TOPIC_ARN')),
  pipelines: () => new CodePipelines(clients.codePipeline()),
  prober: (kind: TargetRole, target: Target, { infrastructure: { prober } }: Settings): Prober => {
    return prober === undefined ? new HttpProber() : new LambdaProber(targetClients(kind, target).lambda(), prober);
  },
  releases: () => new EcrReleases(clients.ecr()),
  roles: () => new IamRoles(clients.iam()),
  settings: () => new SsmSettings(clients.ssm()),
  slotRemoval: () =>
    new EcsSlotRemoval({
      ecs: clients.ecs(),
      loadBalancing: clients.loadBalancing(),
      autoScaling: clients.autoScaling(),
    }),
  slots: (kind: TargetRole, target: Target) => {
    const { ecs, loadBalancing, autoScaling, logs } = targetClients(kind, target);
    return new EcsSlotControl({
      ecs: ecs(),
      loadBalancing: loadBalancing(),
      autoScaling: autoScaling(),
      logs: new TaskLogs(logs()),
    });
  },
  tasks: (kind: TargetRole, target: Target) => {
    const { ecs, logs } = targetClients(kind, target);
    return new EcsTaskRunner(ecs(), new TaskLogs(logs()));
  },
};
