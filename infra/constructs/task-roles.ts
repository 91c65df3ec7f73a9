import { ArnFormat, Stack } from 'aws-cdk-lib';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { TaskRoleKind } from '#core/contract/target-names.ts';
import type { Database } from './database.ts';

export interface TaskRolesProps {
  readonly names: Readonly<Record<TaskRoleKind, string>>;
  /** Name of the repository that images are pulled from. */
  readonly repository: string;
  readonly logGroup: ILogGroup;
  /** ARNs of the secrets that tasks are given. */
  readonly secrets: readonly string[];
  readonly database: Database;
}

/** The roles that tasks are started with, and that run inside them: serving, planning and migrating are kept apart. */
export class TaskRoles extends Construct {
  /** ECS itself: pulls the image, reads the secrets, writes the log. */
  readonly execution: Role;
  /** The application while it serves. */
  readonly task: Role;
  /** The application while it migrates. */
  readonly migration: Role;
  /** The application while it tells what it would migrate. */
  readonly plan: Role;
  /** ECS itself, for the plan: pulls the image and writes the log, and reads no secret. */
  readonly planExecution: Role;

  constructor(scope: Construct, id: string, props: TaskRolesProps) {
    super(scope, id);
    const stack = Stack.of(this);
    const role = (roleId: string, roleName: string, description: string, statements: PolicyStatement[]) =>
      new Role(this, roleId, {
        roleName,
        description,
        // ECS Developer Guide, "Confused deputy prevention": a task of this account, not another's, uses the role.
        assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com', {
          conditions: {
            StringEquals: { 'aws:SourceAccount': stack.account },
            ArnLike: {
              'aws:SourceArn': stack.formatArn({
                service: 'ecs',
                resource: '*',
                arnFormat: ArnFormat.NO_RESOURCE_NAME,
              }),
            },
          },
        }),
        inlinePolicies: { work: new PolicyDocument({ statements }) },
      });
    const imageAndLog = [
      // GetAuthorizationToken takes no resource.
      new PolicyStatement({ actions: ['ecr:GetAuthorizationToken'], resources: ['*'] }),
      new PolicyStatement({
        actions: ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
        resources: [stack.formatArn({ service: 'ecr', resource: 'repository', resourceName: props.repository })],
      }),
      new PolicyStatement({
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        resources: [`${props.logGroup.logGroupArn}:log-stream:*`],
      }),
    ];
    this.execution = role('Execution', props.names.execution, 'Starts tasks: image, secrets, log', [
      ...imageAndLog,
      new PolicyStatement({
        actions: ['secretsmanager:GetSecretValue'],
        resources: [...props.secrets],
      }),
    ]);
    this.planExecution = role('PlanExecution', props.names.planExecution, 'Starts plans: image, log', imageAndLog);
    const { application, migrator, planner } = props.database.users;
    const inside = (roleId: string, kind: 'task' | 'migration' | 'plan', does: string, connect: PolicyStatement) =>
      role(roleId, props.names[kind], `The application while it ${does}`, [connect]);
    this.task = inside('Task', 'task', 'serves', application.mayConnect);
    this.migration = inside('Migration', 'migration', 'migrates', migrator.mayConnect);
    this.plan = inside('Plan', 'plan', 'plans migrations', planner.mayConnect);
  }
}
