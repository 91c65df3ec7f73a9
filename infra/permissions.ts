import { ArnFormat, type Stack } from 'aws-cdk-lib';
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { IDENTITY_CENTER_PATH } from '#core/contract/caller.ts';
import { ledgerTable } from '#core/contract/ledger.ts';
import { APPROVAL, buildProject, pipelineName } from '#core/contract/pipeline.ts';
import { SETTINGS_PATH } from '#core/contract/target.ts';
import { TARGET_ROLE_PATH, TARGET_ROLES, type TargetRole } from '#core/contract/target-roles.ts';
import { allow } from './allow.ts';
import { type FunctionName, MADE_BY, ORCHESTRATOR } from './names.ts';

/**
 * What each function may call besides the ledger (ledger-rights.ts), and on what. What acts on one target is none of it: for
 * that a function takes the target's own role (target-rights.ts). So these rights name no application and no target, and do
 * not grow with their number. Which actions take a resource or a condition key follows the Service Authorization Reference;
 * an action on `*` takes no resource there, unless a comment says otherwise.
 */
export function functionPermissions(stack: Stack): Record<FunctionName, PolicyStatement[]> {
  const to = statements(stack);
  return {
    'receive-push': [to.listTargets, to.startDeployments, to.handBack],
    'receive-settings': [to.listTargets, to.startDeployments, to.describeDeployments, to.publish, to.handBack],
    'acquire-lock': [to.describeDeployments, to.publish],
    preflight: [to.readTarget, to.readImage, to.readBuilds, to.take('look')],
    'prepare-database': [to.take('prepare-database')],
    'start-task': [to.take('start-task')],
    'check-task': [to.take('check-task')],
    converge: [to.readTarget, to.take('converge')],
    smoke: [to.take('smoke')],
    'check-step': [to.readMetrics, to.take('look')],
    'ask-approval': [to.publish, to.wakeDeployments],
    'read-approval': [],
    'answer-approval': [to.describeDeployments, to.wakeDeployments, to.knowPeople],
    'start-deployment': [to.listTargets, to.listImages, to.startDeployments, to.describeDeployments],
    freeze: [to.publish],
    finish: [to.publish, to.startDeployments],
    reconcile: [
      to.listTargets,
      to.listImages,
      to.startDeployments,
      to.describeDeployments,
      to.wakeDeployments,
      to.publish,
      to.handBack,
    ],
    'anchor-entries': [...to.hearEntries, to.writeAnchors, to.publish, to.handBack],
    'answer-pipeline': [to.listTargets, to.describeDeployments, ...to.answerPipelines, to.handBack],
    'report-targets': [to.listTargets],
    unfreeze: [],
  };
}

/** Functions that take a target's role. */
export function takersOf(kind: TargetRole): readonly FunctionName[] {
  return TARGET_ROLES[kind];
}

/** What the ARN of a target's role begins with; with the role's name behind it, the whole. */
export function targetRoleArn(stack: Stack, name: string): string {
  return stack.formatArn({
    service: 'iam',
    region: '',
    resource: 'role',
    resourceName: `${TARGET_ROLE_PATH.slice(1)}${name}`,
  });
}

function statements(stack: Stack) {
  const arn = (service: string, resource: string, resourceName: string, format = ArnFormat.SLASH_RESOURCE_NAME) =>
    stack.formatArn({ service, resource, resourceName, arnFormat: format });
  const colon = ArnFormat.COLON_RESOURCE_NAME;
  const stateMachine = arn('states', 'stateMachine', ORCHESTRATOR.stateMachine, colon);
  const executions = arn('states', 'execution', `${ORCHESTRATOR.stateMachine}:*`, colon);
  const role = (name: string) => stack.formatArn({ service: 'iam', region: '', resource: 'role', resourceName: name });
  const pipeline = stack.formatArn({
    service: 'codepipeline',
    resource: pipelineName('*'),
    arnFormat: ArnFormat.NO_RESOURCE_NAME,
  });
  // Repositories have the names of applications, so that no pattern tells them from others: their tag does. ECR User Guide,
  // "Using tag-based access control".
  const images = [arn('ecr', 'repository', '*')];
  const ofFarol = { StringEquals: { [`aws:ResourceTag/${MADE_BY.key}`]: MADE_BY.value } };

  return {
    /** Lambda reads a table's stream with the function's own rights. Lambda Developer Guide, "Using AWS Lambda with Amazon DynamoDB". */
    hearEntries: [
      allow(
        ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'],
        [arn('dynamodb', 'table', `${ledgerTable(ORCHESTRATOR.ledger, 'entries')}/stream/*`)],
      ),
      allow(['dynamodb:ListStreams'], ['*']),
    ],
    writeAnchors: allow(
      ['logs:CreateLogStream', 'logs:PutLogEvents'],
      [arn('logs', 'log-group', `${ORCHESTRATOR.anchors}:*`, colon)],
    ),
    readTarget: allow(['ssm:GetParameter'], [arn('ssm', 'parameter', `${SETTINGS_PATH.slice(1)}/*`)]),
    listTargets: allow(
      ['ssm:GetParametersByPath'],
      [
        // By path, the parameter that is asked for is the path itself; the others stand below it.
        arn('ssm', 'parameter', SETTINGS_PATH.slice(1)),
        arn('ssm', 'parameter', `${SETTINGS_PATH.slice(1)}/*`),
      ],
    ),
    readImage: allow(
      ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer', 'ecr:DescribeImageScanFindings'],
      images,
      ofFarol,
    ),
    listImages: allow(['ecr:DescribeImages'], images, ofFarol),
    readBuilds: allow(['codebuild:BatchGetBuilds'], [arn('codebuild', 'project', buildProject('*'))]),
    /** One role of whichever target the function works for. */
    take: (kind: TargetRole) => allow(['sts:AssumeRole'], [targetRoleArn(stack, `farol-*-${kind}`)]),
    startDeployments: allow(['states:StartExecution'], [stateMachine]),
    describeDeployments: allow(['states:DescribeExecution'], [executions]),
    // Takes no resource for a task with a token: who has the token, which is in the ledger alone, wakes one deployment with it.
    wakeDeployments: allow(['states:SendTaskSuccess'], ['*']),
    /** Roles that Identity Center made, and no other: what is denied is none of them. */
    knowPeople: allow(['iam:GetRole'], [role(`${IDENTITY_CENTER_PATH}*`)]),
    readMetrics: allow(['cloudwatch:GetMetricData'], ['*']),
    answerPipelines: [
      allow(['codepipeline:ListPipelineExecutions', 'codepipeline:ListActionExecutions'], [pipeline]),
      allow(['codepipeline:PutApprovalResult'], [`${pipeline}/${APPROVAL.stage}/${APPROVAL.action}`]),
    ],
    /** Lambda sends what a function failed at to its destination with the function's own rights. */
    handBack: allow(
      ['sqs:SendMessage'],
      [
        stack.formatArn({
          service: 'sqs',
          resource: ORCHESTRATOR.deadLetterQueue,
          arnFormat: ArnFormat.NO_RESOURCE_NAME,
        }),
      ],
    ),
    publish: allow(
      ['sns:Publish'],
      [stack.formatArn({ service: 'sns', resource: ORCHESTRATOR.topic, arnFormat: ArnFormat.NO_RESOURCE_NAME })],
    ),
  };
}
