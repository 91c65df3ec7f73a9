import type {
  ContainerDefinition,
  DeregisterTaskDefinitionRequest,
  DeregisterTaskDefinitionResponse,
  DescribeTaskDefinitionRequest,
  DescribeTaskDefinitionResponse,
  ListTaskDefinitionsRequest,
  ListTaskDefinitionsResponse,
  RegisterTaskDefinitionRequest,
  RegisterTaskDefinitionResponse,
  TaskDefinition,
} from '@aws-sdk/client-ecs';
import type { Context } from '../context.ts';
import { arn } from '../identity.ts';
import { need, operation, page } from '../operation.ts';
import { AwsError, type Operation } from '../protocol/service.ts';
import type { TaskDefinitionRecord } from './records.ts';
import type { EcsState } from './state.ts';

/** Members of a container that the local data plane would have to ignore, and therefore refuses. */
const UNSUPPORTED = ['dependsOn', 'environmentFiles', 'healthCheck', 'restartPolicy'] as const;

export function taskDefinitionOperations(state: EcsState, context: Context): Record<string, Operation> {
  return {
    RegisterTaskDefinition: operation((input: RegisterTaskDefinitionRequest): RegisterTaskDefinitionResponse => {
      const record = register(state, context, input);
      state.setTags(record.arn, input.tags);
      return { taskDefinition: record.shape, tags: state.tagList(record.arn) };
    }),

    DescribeTaskDefinition: operation((input: DescribeTaskDefinitionRequest): DescribeTaskDefinitionResponse => {
      const record = state.findTaskDefinition(input.taskDefinition ?? '');
      if (!record) throw new AwsError('ClientException', 'Unable to describe task definition.');
      return {
        taskDefinition: record.shape,
        ...(input.include?.includes('TAGS') ? { tags: state.tagList(record.arn) } : {}),
      };
    }),

    DeregisterTaskDefinition: operation((input: DeregisterTaskDefinitionRequest): DeregisterTaskDefinitionResponse => {
      const given = need(input.taskDefinition, 'taskDefinition');
      if (!/:\d+$/.test(given)) throw new AwsError('InvalidParameterException', 'Revision is missing.');
      const record = state.findTaskDefinition(given);
      if (!record) throw new AwsError('ClientException', 'The specified task definition does not exist.');
      record.shape.status = 'INACTIVE';
      record.shape.deregisteredAt ??= new Date(context.clock.now());
      return { taskDefinition: record.shape };
    }),

    ListTaskDefinitions: operation((input: ListTaskDefinitionsRequest): ListTaskDefinitionsResponse => {
      const status = input.status ?? 'ACTIVE';
      const records = [...state.families.values()]
        .flat()
        .filter(
          ({ family, shape }) =>
            shape.status === status && (input.familyPrefix === undefined || family === input.familyPrefix),
        );
      // The API's order: by family, then revision; a page token is a position in it.
      const ordered = records.toSorted((a, b) =>
        a.family < b.family ? -1 : a.family > b.family ? 1 : a.revision - b.revision,
      );
      if (input.sort === 'DESC') ordered.reverse();
      const keyed = ordered.map((record, index) => ({ record, key: String(index).padStart(9, '0') }));
      const { items, next } = page(keyed, ({ key }) => key, {
        size: input.maxResults ?? 100,
        token: input.nextToken,
        error: 'InvalidParameterException',
      });
      return {
        taskDefinitionArns: items.map(({ record }) => record.arn),
        ...(next === undefined ? {} : { nextToken: next }),
      };
    }),
  };
}

function register(state: EcsState, context: Context, input: RegisterTaskDefinitionRequest): TaskDefinitionRecord {
  const family = need(input.family, 'family');
  if (!/^[\w-]{1,255}$/.test(family)) throw new AwsError('ClientException', 'Invalid family name.');
  const containers = need(input.containerDefinitions, 'containerDefinitions');
  if (containers.length === 0) throw new AwsError('ClientException', 'Container list cannot be empty.');
  containers.forEach(check);
  if (containers.every(({ essential }) => essential === false))
    throw new AwsError('ClientException', 'A task definition must have at least one essential container.');
  if (input.requiresCompatibilities?.includes('FARGATE') && (input.cpu === undefined || input.memory === undefined))
    throw new AwsError('ClientException', 'Fargate requires that both cpu and memory are specified at the task level.');
  const revisions = state.families.get(family) ?? [];
  const revision = revisions.length + 1;
  const { tags: _, ...given } = input;
  const definitionArn = arn(context, 'ecs', `task-definition/${family}:${revision}`);
  const shape: TaskDefinition = {
    ...given,
    taskDefinitionArn: definitionArn,
    family,
    revision,
    containerDefinitions: containers.map((container) => ({ ...container, essential: container.essential ?? true })),
    volumes: input.volumes ?? [],
    placementConstraints: input.placementConstraints ?? [],
    status: 'ACTIVE',
    compatibilities: ['EC2', 'FARGATE'],
    registeredAt: new Date(context.clock.now()),
  };
  const record = { arn: definitionArn, family, revision, shape };
  state.families.set(family, [...revisions, record]);
  return record;
}

function check(container: ContainerDefinition): void {
  if (!container.name || !container.image)
    throw new AwsError('ClientException', 'Container.name and Container.image should not be null or empty.');
  for (const member of UNSUPPORTED)
    if (container[member] !== undefined && !(Array.isArray(container[member]) && container[member].length === 0))
      throw new AwsError('ClientException', `${member} is not supported by the local data plane.`);
}
