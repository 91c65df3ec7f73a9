import { IDENTITY_CENTER_PATH } from '#core/contract/caller.ts';
import { MADE_BY } from '../../../infra/names.ts';
import { type Asks, arnOf, each, object, request, text, texts, type World } from './call.ts';

function parameter(world: World, name: string): string {
  return arnOf(world, 'ssm', `parameter/${name.replace(/^\//, '')}`);
}

const ssm: Record<string, Asks> = {
  GetParameter: ({ params }, world) => [request('ssm:GetParameter', parameter(world, text(params, 'Name')))],
  // Of the whole path: what stands below it is not asked for one by one. Systems Manager User Guide, "Restricting access to parameters".
  GetParametersByPath: ({ params }, world) => [
    request('ssm:GetParametersByPath', parameter(world, text(params, 'Path')), {
      'ssm:Recursive': String(params['Recursive'] === true),
    }),
  ],
};

const ecr = each(
  ['DescribeImages', 'BatchGetImage', 'GetDownloadUrlForLayer', 'DescribeImageScanFindings', 'ListImages'],
  ({ operation, params }, world) => [
    // Every repository that is asked about is one of Farol's stacks, which tag what they make.
    request(`ecr:${operation}`, arnOf(world, 'ecr', `repository/${text(params, 'repositoryName')}`), {
      [`aws:ResourceTag/${MADE_BY.key}`]: MADE_BY.value,
    }),
  ],
);

const stepfunctions: Record<string, Asks> = {
  StartExecution: ({ params }) => [request('states:StartExecution', text(params, 'stateMachineArn'))],
  ListExecutions: ({ params }) => [request('states:ListExecutions', text(params, 'stateMachineArn'))],
  ...each(['DescribeExecution', 'GetExecutionHistory', 'StopExecution'], ({ operation, params }) => [
    request(`states:${operation}`, text(params, 'executionArn')),
  ]),
  // Neither takes a resource: the token is all that names the task.
  ...each(['SendTaskSuccess', 'SendTaskFailure', 'SendTaskHeartbeat'], ({ operation }) => [
    request(`states:${operation}`, '*'),
  ]),
};

const logs = each(['GetLogEvents', 'PutLogEvents', 'CreateLogStream'], ({ operation, params }, world) => [
  request(
    `logs:${operation}`,
    arnOf(world, 'logs', `log-group:${text(params, 'logGroupName')}:log-stream:${text(params, 'logStreamName')}`),
  ),
]);

const cloudwatch = each(['GetMetricData'], () => [request('cloudwatch:GetMetricData', '*')]);

const codebuild: Record<string, Asks> = {
  // A build's id is `<project>:<uuid>`; the project is what is asked for.
  BatchGetBuilds: ({ params }, world) =>
    texts(params, 'ids').map((id) =>
      request('codebuild:BatchGetBuilds', arnOf(world, 'codebuild', `project/${id.split(':')[0]}`)),
    ),
};

const codepipeline: Record<string, Asks> = {
  ...each(['ListPipelineExecutions', 'ListActionExecutions'], ({ operation, params }, world) => [
    request(`codepipeline:${operation}`, arnOf(world, 'codepipeline', text(params, 'pipelineName'))),
  ]),
  PutApprovalResult: ({ params }, world) => [
    request(
      'codepipeline:PutApprovalResult',
      arnOf(
        world,
        'codepipeline',
        ['pipelineName', 'stageName', 'actionName'].map((name) => text(params, name)).join('/'),
      ),
    ),
  ],
};

const sns: Record<string, Asks> = {
  Publish: ({ params }) => [request('sns:Publish', text(params, 'TopicArn'))],
};

const sqs: Record<string, Asks> = {
  SendMessage: ({ params }, world) => [
    request('sqs:SendMessage', arnOf(world, 'sqs', text(params, 'QueueUrl').split('/').at(-1) ?? '')),
  ],
};

const lambda: Record<string, Asks> = {
  Invoke: ({ params }, world) => [
    request('lambda:InvokeFunction', arnOf(world, 'lambda', `function:${text(params, 'FunctionName')}`)),
  ],
};

const iam: Record<string, Asks> = {
  // Of the role's ARN with its path, which the call does not name. A role outside Identity Center's path is denied to Farol on
  // AWS, and the denial is the answer (functions/aws/iam-roles.ts): such a call needs no right.
  GetRole({ response }) {
    const arn = response === null ? '' : text(object(response, 'Role'), 'Arn');
    return arn.includes(`:role/${IDENTITY_CENTER_PATH}`) ? [request('iam:GetRole', arn)] : [];
  },
};

const sts: Record<string, Asks> = {
  AssumeRole({ params }) {
    // The emulator takes any name, STS does not (STS API Reference, AssumeRole, RoleSessionName).
    const session = text(params, 'RoleSessionName');
    if (!/^[\w+=,.@-]{2,64}$/.test(session)) throw new TypeError(`STS takes no session name like ${session}`);
    return [request('sts:AssumeRole', text(params, 'RoleArn'))];
  },
};

export const others = {
  iam,
  sts,
  ssm,
  ecr,
  stepfunctions,
  logs,
  cloudwatch,
  codebuild,
  codepipeline,
  sns,
  sqs,
  lambda,
};
