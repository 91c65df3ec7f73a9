import { ArnFormat, type Stack } from 'aws-cdk-lib';
import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { TargetNames, TaskRoleKind } from '#core/contract/target-names.ts';
import type { TargetRole } from '#core/contract/target-roles.ts';
import { allow } from './allow.ts';

/**
 * What each role of a target may do: all of it to this target alone. Which actions take a resource or a condition key follows
 * the Service Authorization Reference; an action on `*` takes no resource there, unless a comment says otherwise.
 */
export function targetRights(
  stack: Stack,
  names: TargetNames,
  roles: Readonly<Record<TaskRoleKind, string>>,
): Record<TargetRole, PolicyStatement[]> {
  const to = statements(stack, names, roles);
  return {
    converge: [
      ...to.describeSlots,
      to.describeTasks,
      to.listTasks,
      to.readTaskLogs,
      ...to.changeServices,
      ...to.changeRules,
      to.changeTargetGroups,
      ...to.changeScaling,
    ],
    'start-task': [...to.runTasks, to.useDatabase],
    'check-task': [to.describeTasks, to.stopTasks, to.readTaskLogs, to.useDatabase],
    'prepare-database': [to.useDatabase],
    smoke: [to.probe],
    look: [...to.describeSlots, to.describeTasks, to.listTasks, to.readTaskLogs],
  };
}

function statements(stack: Stack, names: TargetNames, roles: Readonly<Record<TaskRoleKind, string>>) {
  const { slug } = names;
  const arn = (service: string, resource: string, resourceName: string, format = ArnFormat.SLASH_RESOURCE_NAME) =>
    stack.formatArn({ service, resource, resourceName, arnFormat: format });
  const colon = ArnFormat.COLON_RESOURCE_NAME;
  const services = [arn('ecs', 'service', `${slug}/*`)];
  const tasks = [arn('ecs', 'task', `${slug}/*`)];
  const role = (name: string) => stack.formatArn({ service: 'iam', region: '', resource: 'role', resourceName: name });
  const revisions = (kind: string) => arn('ecs', 'task-definition', `${slug}-${kind}:*`);
  // The caller who registers a revision cannot name it yet, and the reference does not say what ECS puts in its place: nothing or a wildcard.
  const families = (kind: string) => [arn('ecs', 'task-definition', `${slug}-${kind}`), revisions(kind)];
  const runOnce = ['plan', 'migrate'];
  const passRoles = (kinds: readonly TaskRoleKind[]) =>
    allow(
      ['iam:PassRole'],
      kinds.map((kind) => role(roles[kind])),
      { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } },
    );
  const rules = [arn('elasticloadbalancing', 'listener-rule', `app/${slug}/*`)];
  const inCluster = { ArnEquals: { 'ecs:cluster': arn('ecs', 'cluster', slug) } };

  return {
    describeTasks: allow(['ecs:DescribeTasks'], tasks, inCluster),
    // ListTasks names a container instance as its resource, of which Fargate has none: the cluster limits it.
    listTasks: allow(['ecs:ListTasks'], ['*'], inCluster),
    readTaskLogs: allow(['logs:GetLogEvents'], [arn('logs', 'log-group', `${names.logGroup}:log-stream:*`, colon)]),
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
      allow(['ecs:RunTask'], runOnce.map(revisions), inCluster),
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
      // ECS asks the caller that registers a task definition, and the one that has a service run another one, whether it may pass its roles on.
      passRoles(['execution', 'task']),
    ],
    changeRules: [
      allow(['elasticloadbalancing:CreateRule'], [arn('elasticloadbalancing', 'listener', `app/${slug}/*`)]),
      allow(['elasticloadbalancing:ModifyRule', 'elasticloadbalancing:DeleteRule'], rules),
      allow(['elasticloadbalancing:AddTags'], rules, {
        StringEquals: { 'elasticloadbalancing:CreateAction': 'CreateRule' },
      }),
    ],
    changeTargetGroups: allow(
      ['elasticloadbalancing:ModifyTargetGroup', 'elasticloadbalancing:ModifyTargetGroupAttributes'],
      Object.values(names.targetGroups).map((name) => arn('elasticloadbalancing', 'targetgroup', `${name}/*`)),
    ),
    changeScaling: [
      // The ARN of a scalable target ends in an id that AWS draws, so that only the namespace can be named. Application Auto
      // Scaling asks too whether the caller may describe and update the very service, which the statements above limit. Its User
      // Guide, "Permissions validation for Application Auto Scaling API calls on target resources".
      allow(
        ['application-autoscaling:RegisterScalableTarget', 'application-autoscaling:PutScalingPolicy'],
        [arn('application-autoscaling', 'scalable-target', '*')],
        { StringEquals: { 'application-autoscaling:service-namespace': 'ecs' } },
      ),
      // By the same page it makes these calls with the caller's rights and without an alarm's name, and refuses its own call
      // when one is denied: a policy that names alarms would.
      allow(['cloudwatch:PutMetricAlarm', 'cloudwatch:DescribeAlarms', 'cloudwatch:DeleteAlarms'], ['*']),
      // But not to silence what watches Farol and its targets: all those alarms have this prefix.
      new PolicyStatement({
        effect: Effect.DENY,
        actions: ['cloudwatch:PutMetricAlarm', 'cloudwatch:DeleteAlarms'],
        resources: [arn('cloudwatch', 'alarm', 'farol-*', colon)],
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
    probe: allow(['lambda:InvokeFunction'], [arn('lambda', 'function', names.probe, colon)]),
    useDatabase: allow(['lambda:InvokeFunction'], [arn('lambda', 'function', names.database, colon)]),
  };
}
