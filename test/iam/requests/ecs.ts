import type { CallRecord } from '@farol/local-aws/gateway/record.ts';
import type { Request } from '../evaluate.ts';
import { type Asks, arnOf, given, object, request, text, texts, type World } from './call.ts';

function clusterName({ params }: CallRecord): string {
  return text(params, 'cluster').split('/').at(-1) ?? '';
}

function inCluster(call: CallRecord, world: World) {
  return { 'ecs:cluster': arnOf(world, 'ecs', `cluster/${clusterName(call)}`) };
}

/** The ARN of a service that is named by its name or its ARN. */
function service(call: CallRecord, world: World, name: string): string {
  return arnOf(world, 'ecs', name.startsWith('arn:') ? name : `service/${clusterName(call)}/${name}`);
}

function task(call: CallRecord, world: World, id: string): string {
  return arnOf(world, 'ecs', id.startsWith('arn:') ? id : `task/${clusterName(call)}/${id}`);
}

/** The caller who passes a role to ECS needs iam:PassRole. IAM User Guide, "Grant a user permissions to pass a role to an AWS service". */
function passRoles(roles: readonly string[]): Request[] {
  return roles.map((role) => request('iam:PassRole', role, { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' }));
}

/**
 * The roles of a task definition that is run: asked for again by RunTask (aws/serverless-application-model issue 2247) and
 * by an UpdateService that names one (keidarcy/e1s issue 429).
 */
function passRolesOf(taskDefinition: string, world: World): Request[] {
  const roles = world.taskRoles.get(taskDefinition);
  if (roles === undefined) throw new TypeError(`no such task definition was registered: ${taskDefinition}`);
  return passRoles(roles);
}

/** Tags that are given with the creation: ECS Developer Guide, "Grant permission to tag resources on creation". */
function tag(resource: string, createAction: string): Request {
  return request('ecs:TagResource', resource, { 'ecs:CreateAction': createAction });
}

function rolesOf({ params }: CallRecord): string[] {
  return ['executionRoleArn', 'taskRoleArn'].flatMap((name) =>
    params[name] === undefined ? [] : [text(params, name)],
  );
}

/** What tasks are run with, by the ARN that each task definition was given. */
export function taskRoles(calls: readonly CallRecord[]): ReadonlyMap<string, readonly string[]> {
  return new Map(
    calls
      .filter(
        ({ service: name, operation, response }) =>
          name === 'ecs' && operation === 'RegisterTaskDefinition' && response,
      )
      .map((call) => [text(object(call.response, 'taskDefinition'), 'taskDefinitionArn'), rolesOf(call)]),
  );
}

const ofCluster =
  (action: string): Asks =>
  (call, world) => [request(`ecs:${action}`, '*', inCluster(call, world))];

export const ecs: Record<string, Asks> = {
  RegisterTaskDefinition(call, world) {
    const family = `task-definition/${text(call.params, 'family')}`;
    // The revision is not yet drawn, and the Service Authorization Reference does not say what stands in its place.
    const forms = [family, `${family}:*`].map((form) => arnOf(world, 'ecs', form));
    return forms.flatMap((form) => [
      request('ecs:RegisterTaskDefinition', form),
      ...(given(call.params, 'tags') ? [tag(form, 'RegisterTaskDefinition')] : []),
      ...passRoles(rolesOf(call)),
    ]);
  },
  RunTask(call, world) {
    const taskDefinition = text(call.params, 'taskDefinition');
    const tagged = given(call.params, 'tags') || call.params['propagateTags'] !== undefined;
    return [
      request('ecs:RunTask', taskDefinition, inCluster(call, world)),
      ...(tagged ? [tag(task(call, world, '*'), 'RunTask')] : []),
      ...passRolesOf(taskDefinition, world),
    ];
  },
  CreateService(call, world) {
    const made = service(call, world, text(call.params, 'serviceName'));
    return [
      request('ecs:CreateService', made, inCluster(call, world)),
      ...(given(call.params, 'tags') ? [tag(made, 'CreateService')] : []),
      ...passRolesOf(text(call.params, 'taskDefinition'), world),
    ];
  },
  UpdateService: (call, world) => [
    request('ecs:UpdateService', service(call, world, text(call.params, 'service')), inCluster(call, world)),
    ...(call.params['taskDefinition'] === undefined ? [] : passRolesOf(text(call.params, 'taskDefinition'), world)),
  ],
  DeleteService: (call, world) => [
    request('ecs:DeleteService', service(call, world, text(call.params, 'service')), inCluster(call, world)),
  ],
  StopTask: (call, world) => [
    request('ecs:StopTask', task(call, world, text(call.params, 'task')), inCluster(call, world)),
  ],
  DescribeServices: (call, world) =>
    texts(call.params, 'services').map((name) =>
      request('ecs:DescribeServices', service(call, world, name), inCluster(call, world)),
    ),
  DescribeTasks: (call, world) =>
    texts(call.params, 'tasks').map((id) =>
      request('ecs:DescribeTasks', task(call, world, id), inCluster(call, world)),
    ),
  DescribeTaskDefinition: () => [request('ecs:DescribeTaskDefinition', '*')],
  ListTasks: ofCluster('ListTasks'),
  ListServices: ofCluster('ListServices'),
};
