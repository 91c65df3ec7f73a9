import { ArnFormat, type Stack } from 'aws-cdk-lib';
import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { IDENTITY_CENTER_PATH } from '#core/contract/caller.ts';
import { ledgerTable } from '#core/contract/ledger.ts';
import { APPROVAL, buildProject, pipelineName } from '#core/contract/pipeline.ts';
import { SETTINGS_PATH } from '#core/contract/target.ts';
import { type FunctionName, ORCHESTRATOR, repositoryName, type TargetNames, targetNames } from './names.ts';

/** A target as policies need to know it. */
export interface ServedTarget {
  readonly app: string;
  readonly environment: string;
}

/**
 * What each function may call besides the ledger (ledger-rights.ts), and on what. Which actions take a resource or a
 * condition key follows the Service Authorization Reference; an action on `*` takes no resource there, unless a comment says otherwise.
 */
export function functionPermissions(
  stack: Stack,
  served: readonly ServedTarget[],
): Record<FunctionName, PolicyStatement[]> {
  const to = statements(stack, served);
  return {
    'receive-push': [to.listTargets, to.startDeployments, to.handBack],
    'receive-settings': [to.listTargets, to.startDeployments, to.describeDeployments, to.publish, to.handBack],
    'acquire-lock': [to.describeDeployments, to.publish],
    preflight: [to.readTarget, to.readImage, to.readBuilds, ...to.describeSlots, to.describeTasks, to.listTasks],
    'prepare-database': [to.useDatabase],
    'start-task': [...to.runTasks, to.useDatabase],
    'check-task': [to.describeTasks, to.stopTasks, to.readTaskLogs, to.useDatabase],
    converge: [
      to.readTarget,
      ...to.describeSlots,
      to.describeTasks,
      to.listTasks,
      to.readTaskLogs,
      ...to.changeServices,
      ...to.changeRules,
      to.changeTargetGroups,
      ...to.changeScaling,
    ],
    smoke: [to.probe],
    'check-step': [...to.describeSlots, to.describeTasks, to.listTasks, to.readMetrics, to.readTaskLogs],
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

function allow(actions: string[], resources: string[], conditions?: Record<string, Record<string, unknown>>) {
  return new PolicyStatement({ actions, resources, ...(conditions && { conditions }) });
}

function statements(stack: Stack, served: readonly ServedTarget[]) {
  const targets = served.map(({ app, environment }) => targetNames(app, environment));
  const arn = (service: string, resource: string, resourceName: string, format = ArnFormat.SLASH_RESOURCE_NAME) =>
    stack.formatArn({ service, resource, resourceName, arnFormat: format });
  const colon = ArnFormat.COLON_RESOURCE_NAME;
  const each = (make: (names: TargetNames) => string | string[]) => [...new Set(targets.flatMap(make))];
  const eachApp = (make: (app: string) => string) => [...new Set(served.map(({ app }) => make(app)))];
  const stateMachine = arn('states', 'stateMachine', ORCHESTRATOR.stateMachine, colon);
  const executions = arn('states', 'execution', `${ORCHESTRATOR.stateMachine}:*`, colon);
  const clusters = each(({ slug }) => arn('ecs', 'cluster', slug));
  const services = each(({ slug }) => arn('ecs', 'service', `${slug}/*`));
  const tasks = each(({ slug }) => arn('ecs', 'task', `${slug}/*`));
  const role = (name: string) => stack.formatArn({ service: 'iam', region: '', resource: 'role', resourceName: name });
  const revisions = (kind: string) => each(({ slug }) => arn('ecs', 'task-definition', `${slug}-${kind}:*`));
  // Whoever registers a revision cannot name it yet, and the reference does not say what ECS puts in its place: nothing or a wildcard.
  const families = (kind: string) => [
    ...each(({ slug }) => arn('ecs', 'task-definition', `${slug}-${kind}`)),
    ...revisions(kind),
  ];
  const runOnce = ['plan', 'migrate'];
  const passRoles = (roles: readonly (keyof TargetNames['roles'])[]) =>
    allow(
      ['iam:PassRole'],
      each((names) => roles.map((kind) => role(names.roles[kind]))),
      {
        StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' },
      },
    );
  const listeners = each(({ slug }) => arn('elasticloadbalancing', 'listener', `app/${slug}/*`));
  const rules = each(({ slug }) => arn('elasticloadbalancing', 'listener-rule', `app/${slug}/*`));
  const scalableTargets = [arn('application-autoscaling', 'scalable-target', '*')];
  const pipelines = eachApp((app) =>
    stack.formatArn({
      service: 'codepipeline',
      resource: pipelineName(app),
      arnFormat: ArnFormat.NO_RESOURCE_NAME,
    }),
  );
  const images = eachApp((app) => arn('ecr', 'repository', repositoryName(app)));
  const inCluster = { ArnEquals: { 'ecs:cluster': clusters } };
  const scalingOfServices = { StringEquals: { 'application-autoscaling:service-namespace': 'ecs' } };

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
    readImage: allow(['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer', 'ecr:DescribeImageScanFindings'], images),
    listImages: allow(['ecr:DescribeImages'], images),
    readBuilds: allow(
      ['codebuild:BatchGetBuilds'],
      eachApp((app) => arn('codebuild', 'project', buildProject(app))),
    ),
    startDeployments: allow(['states:StartExecution'], [stateMachine]),
    describeDeployments: allow(['states:DescribeExecution'], [executions]),
    // Takes no resource for a task with a token: who has the token, which is in the ledger alone, wakes one deployment with it.
    wakeDeployments: allow(['states:SendTaskSuccess'], ['*']),
    /** Roles that Identity Center made, and no other: what is denied is none of them. */
    knowPeople: allow(['iam:GetRole'], [role(`${IDENTITY_CENTER_PATH}*`)]),
    describeTasks: allow(['ecs:DescribeTasks'], tasks, inCluster),
    // ListTasks names a container instance as its resource, of which Fargate has none: the cluster limits it.
    listTasks: allow(['ecs:ListTasks'], ['*'], inCluster),
    readTaskLogs: allow(
      ['logs:GetLogEvents'],
      each(({ logGroup }) => arn('logs', 'log-group', `${logGroup}:log-stream:*`, colon)),
    ),
    describeSlots: [
      allow(['ecs:DescribeServices'], services, inCluster),
      allow(
        [
          'elasticloadbalancing:DescribeRules',
          'elasticloadbalancing:DescribeTargetHealth',
          'application-autoscaling:DescribeScalableTargets',
          'application-autoscaling:DescribeScalingPolicies',
        ],
        ['*'],
      ),
    ],
    stopTasks: allow(['ecs:StopTask'], tasks, inCluster),
    runTasks: [
      allow(['ecs:RegisterTaskDefinition'], runOnce.flatMap(families)),
      allow(['ecs:RunTask'], runOnce.flatMap(revisions), inCluster),
      allow(['ecs:TagResource'], [...runOnce.flatMap(families), ...tasks], {
        StringEquals: { 'ecs:CreateAction': ['RegisterTaskDefinition', 'RunTask'] },
      }),
      passRoles(['execution', 'migration', 'plan', 'planExecution']),
    ],
    changeServices: [
      allow(['ecs:RegisterTaskDefinition'], families('web')),
      allow(['ecs:DescribeTaskDefinition'], ['*']),
      allow(['ecs:CreateService', 'ecs:UpdateService'], services, inCluster),
      allow(['ecs:TagResource'], [...families('web'), ...services], {
        StringEquals: { 'ecs:CreateAction': ['RegisterTaskDefinition', 'CreateService'] },
      }),
      // ECS asks whoever registers a task definition, and whoever has a service run another one, whether they may pass its roles on.
      passRoles(['execution', 'task']),
    ],
    changeRules: [
      allow(['elasticloadbalancing:CreateRule'], listeners),
      allow(['elasticloadbalancing:ModifyRule', 'elasticloadbalancing:DeleteRule'], rules),
      allow(['elasticloadbalancing:AddTags'], rules, {
        StringEquals: { 'elasticloadbalancing:CreateAction': 'CreateRule' },
      }),
    ],
    changeTargetGroups: allow(
      ['elasticloadbalancing:ModifyTargetGroup', 'elasticloadbalancing:ModifyTargetGroupAttributes'],
      each(({ targetGroups }) =>
        Object.values(targetGroups).map((name) => arn('elasticloadbalancing', 'targetgroup', `${name}/*`)),
      ),
    ),
    changeScaling: [
      // The ARN of a scalable target ends in an id that AWS draws, so that only the namespace can be named.
      allow(
        ['application-autoscaling:RegisterScalableTarget', 'application-autoscaling:PutScalingPolicy'],
        scalableTargets,
        scalingOfServices,
      ),
      // Before it does anything, Application Auto Scaling makes these calls with the caller's rights and without an alarm's
      // name, and refuses its own call when one is denied: a policy that names alarms would. Its User Guide, "Permissions
      // validation for Application Auto Scaling API calls on target resources".
      allow(['cloudwatch:PutMetricAlarm', 'cloudwatch:DescribeAlarms', 'cloudwatch:DeleteAlarms'], ['*']),
      // But not to silence what watches Farol and its targets.
      new PolicyStatement({
        effect: Effect.DENY,
        actions: ['cloudwatch:PutMetricAlarm', 'cloudwatch:DeleteAlarms'],
        resources: ['farol', ...each(({ slug }) => slug)].map((prefix) =>
          arn('cloudwatch', 'alarm', `${prefix}-*`, colon),
        ),
      }),
      allow(
        ['iam:CreateServiceLinkedRole'],
        [
          role(
            'aws-service-role/ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService',
          ),
        ],
        { StringEquals: { 'iam:AWSServiceName': 'ecs.application-autoscaling.amazonaws.com' } },
      ),
    ],
    readMetrics: allow(['cloudwatch:GetMetricData'], ['*']),
    probe: allow(
      ['lambda:InvokeFunction'],
      each(({ probe }) => arn('lambda', 'function', probe, colon)),
    ),
    useDatabase: allow(
      ['lambda:InvokeFunction'],
      each(({ database }) => arn('lambda', 'function', database, colon)),
    ),
    answerPipelines: [
      allow(['codepipeline:ListPipelineExecutions', 'codepipeline:ListActionExecutions'], pipelines),
      allow(
        ['codepipeline:PutApprovalResult'],
        pipelines.map((pipeline) => `${pipeline}/${APPROVAL.stage}/${APPROVAL.action}`),
      ),
    ],
    /** Lambda sends what a function failed at to its destination with the function's own rights. */
    handBack: allow(
      ['sqs:SendMessage'],
      [stack.formatArn({ service: 'sqs', resource: ORCHESTRATOR.undelivered, arnFormat: ArnFormat.NO_RESOURCE_NAME })],
    ),
    publish: allow(
      ['sns:Publish'],
      [stack.formatArn({ service: 'sns', resource: ORCHESTRATOR.topic, arnFormat: ArnFormat.NO_RESOURCE_NAME })],
    ),
  };
}
