import { ArnFormat, type Stack } from 'aws-cdk-lib';
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { IDENTITY_CENTER_PATH } from '#core/contract/caller.ts';
import { ledgerTable } from '#core/contract/ledger.ts';
import { APPROVAL, buildProject, pipelineName } from '#core/contract/pipeline.ts';
import { SETTINGS_PATH } from '#core/contract/target.ts';
import { TARGET_ROLE_PATH, type TargetRole } from '#core/contract/target-roles.ts';
import { MADE_BY, ORCHESTRATOR } from '../names.ts';
import { allow } from './allow.ts';

/**
 * What functions may call of each service of AWS, and on what. Which actions take a resource or a condition key follows the
 * Service Authorization Reference; an action on `*` takes no resource there, unless a comment says otherwise.
 */

const COLON = ArnFormat.COLON_RESOURCE_NAME;

function arn(
  stack: Stack,
  service: string,
  resource: string,
  resourceName: string,
  arnFormat: ArnFormat = ArnFormat.SLASH_RESOURCE_NAME,
): string {
  return stack.formatArn({ service, resource, resourceName, arnFormat });
}

/** An ARN of a service that names its resources by themselves. */
function named(stack: Stack, service: string, resource: string): string {
  return stack.formatArn({ service, resource, arnFormat: ArnFormat.NO_RESOURCE_NAME });
}

/** Lambda reads a table's stream with the function's own rights. Lambda Developer Guide, "Using AWS Lambda with Amazon DynamoDB". */
export function ledgerStream(stack: Stack): PolicyStatement[] {
  return [
    allow(
      ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'],
      [arn(stack, 'dynamodb', 'table', `${ledgerTable(ORCHESTRATOR.ledger, 'entries')}/stream/*`)],
    ),
    allow(['dynamodb:ListStreams'], ['*']),
  ];
}

/** Anchors of the ledger are lines in a log group. */
export function logs(stack: Stack): PolicyStatement {
  return allow(
    ['logs:CreateLogStream', 'logs:PutLogEvents'],
    [arn(stack, 'logs', 'log-group', `${ORCHESTRATOR.anchors}:*`, COLON)],
  );
}

/** Settings of targets, one by one or all. By path, the parameter that is asked for is the path itself; the others stand below it. */
export function ssm(stack: Stack) {
  const path = SETTINGS_PATH.slice(1);
  const below = arn(stack, 'ssm', 'parameter', `${path}/*`);
  return {
    read: allow(['ssm:GetParameter'], [below]),
    list: allow(['ssm:GetParametersByPath'], [arn(stack, 'ssm', 'parameter', path), below]),
  };
}

/**
 * Images of Farol's repositories. They have the names of applications, so that no pattern tells them from others: their tag
 * does. ECR User Guide, "Using tag-based access control".
 */
export function ecr(stack: Stack) {
  const images = [arn(stack, 'ecr', 'repository', '*')];
  const ofFarol = { StringEquals: { [`aws:ResourceTag/${MADE_BY.key}`]: MADE_BY.value } };
  return {
    read: allow(['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer', 'ecr:DescribeImageScanFindings'], images, ofFarol),
    list: allow(['ecr:DescribeImages'], images, ofFarol),
  };
}

/** Records of the builds that made images. */
export function codeBuild(stack: Stack): PolicyStatement {
  return allow(['codebuild:BatchGetBuilds'], [arn(stack, 'codebuild', 'project', buildProject('*'))]);
}

/** One role of whichever target the function works for. */
export function sts(stack: Stack, kind: TargetRole): PolicyStatement {
  return allow(['sts:AssumeRole'], [targetRoleArn(stack, `farol-*-${kind}-${stack.region}`)]);
}

/** Deployments are executions of the state machine. */
export function stepFunctions(stack: Stack) {
  const { stateMachine } = ORCHESTRATOR;
  return {
    start: allow(['states:StartExecution'], [arn(stack, 'states', 'stateMachine', stateMachine, COLON)]),
    describe: allow(['states:DescribeExecution'], [arn(stack, 'states', 'execution', `${stateMachine}:*`, COLON)]),
    // Takes no resource for a task with a token: who has the token, which is in the ledger alone, wakes one deployment with it.
    wake: allow(['states:SendTaskSuccess'], ['*']),
  };
}

/** Roles that Identity Center made, and no others: a role that may not be read is not one of them. */
export function iam(stack: Stack): PolicyStatement {
  return allow(['iam:GetRole'], [roleArn(stack, `${IDENTITY_CENTER_PATH}*`)]);
}

/** Counts of the load balancer. */
export function cloudWatch(): PolicyStatement {
  return allow(['cloudwatch:GetMetricData'], ['*']);
}

/** Pipelines that wait for the end of a deployment. */
export function codePipeline(stack: Stack): PolicyStatement[] {
  const pipeline = named(stack, 'codepipeline', pipelineName('*'));
  return [
    allow(['codepipeline:ListPipelineExecutions', 'codepipeline:ListActionExecutions'], [pipeline]),
    allow(['codepipeline:PutApprovalResult'], [`${pipeline}/${APPROVAL.stage}/${APPROVAL.action}`]),
  ];
}

/** Lambda sends what a function failed at to its destination with the function's own rights. */
export function sqs(stack: Stack): PolicyStatement {
  return allow(['sqs:SendMessage'], [named(stack, 'sqs', ORCHESTRATOR.deadLetterQueue)]);
}

/** Notices to people. */
export function sns(stack: Stack): PolicyStatement {
  return allow(['sns:Publish'], [named(stack, 'sns', ORCHESTRATOR.topic)]);
}

/** What the ARN of a target's role begins with; with the role's name behind it, the whole. */
export function targetRoleArn(stack: Stack, name: string): string {
  return roleArn(stack, `${TARGET_ROLE_PATH.slice(1)}${name}`);
}

function roleArn(stack: Stack, resourceName: string): string {
  return stack.formatArn({ service: 'iam', region: '', resource: 'role', resourceName });
}
