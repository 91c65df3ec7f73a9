import type { ContainerDefinition, RegisterTaskDefinitionCommandInput, TaskDefinition } from '@aws-sdk/client-ecs';
import { CONTAINER } from '#aws/task-definition.ts';
import type { Target } from '#core/contract/target.ts';
import { targetSlug } from '#core/contract/target.ts';
import { Problem } from '../problem.ts';

/** What a person's task has besides what the live one has. */
export interface RunOnce {
  readonly target: Target;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Variable -> `valueFrom`: never the value itself, which everybody who may describe task definitions could read. */
  readonly secrets: Readonly<Record<string, string>>;
  /** ARN of the person. */
  readonly by: string;
}

/** `web-production-run`: the family of a target's tasks that people start. */
function runFamily(target: Target): string {
  return `${targetSlug(target)}-run`;
}

/**
 * The live task definition with another command. What may run is what was registered: no override of RunTask adds to it.
 * It serves nothing, so it has neither port nor health check, and stands in no slot.
 */
export function runTaskDefinition(live: TaskDefinition, once: RunOnce): RegisterTaskDefinitionCommandInput {
  const container = live.containerDefinitions?.find(({ name }) => name === CONTAINER);
  if (container === undefined)
    throw new Problem(
      `The live task definition ${live.taskDefinitionArn} has no container "${CONTAINER}".`,
      'Somebody else registered it: deploy the version again with `farol redeploy`.',
    );
  const { portMappings: _ports, healthCheck: _health, ...rest } = container;
  // A name stands once: what the person gives takes the place of what live has, in clear or secret (ECS API reference, Secret).
  const given = new Set([...Object.keys(once.environment), ...Object.keys(once.secrets)]);
  const others = ([name]: readonly [string, string]) => !given.has(name);
  const environment = [
    ...Object.entries({ ...values(container.environment), FAROL_SLOT: 'none' }).filter(others),
    ...Object.entries(once.environment),
  ];
  const secrets = [...Object.entries(valuesFrom(container.secrets)).filter(others), ...Object.entries(once.secrets)];
  const changed: ContainerDefinition = {
    ...rest,
    command: [...once.command],
    environment: environment.map(([name, value]) => ({ name, value })),
    secrets: secrets.map(([name, valueFrom]) => ({ name, valueFrom })),
  };
  return {
    family: runFamily(once.target),
    requiresCompatibilities: ['FARGATE'],
    networkMode: live.networkMode,
    cpu: live.cpu,
    memory: live.memory,
    ...(live.runtimePlatform && { runtimePlatform: live.runtimePlatform }),
    ...(live.ephemeralStorage && { ephemeralStorage: live.ephemeralStorage }),
    ...(live.volumes && { volumes: live.volumes }),
    executionRoleArn: live.executionRoleArn,
    taskRoleArn: live.taskRoleArn,
    containerDefinitions: (live.containerDefinitions ?? []).map((one) => (one === container ? changed : one)),
    tags: [
      { key: 'farol:target', value: once.target },
      { key: 'farol:run-by', value: tagValue(once.by) },
    ],
  };
}

/** What a tag's value takes (ECS API reference, Tag): 256 letters, digits, spaces and + - = . _ : / @ */
function tagValue(text: string): string {
  return text.replaceAll(/[^\p{L}\p{N}\s+\-=._:/@]/gu, '_').slice(0, 256);
}

function values(environment: ContainerDefinition['environment']): Record<string, string> {
  return Object.fromEntries((environment ?? []).map(({ name = '', value = '' }) => [name, value]));
}

function valuesFrom(secrets: ContainerDefinition['secrets']): Record<string, string> {
  return Object.fromEntries((secrets ?? []).map(({ name = '', valueFrom = '' }) => [name, valueFrom]));
}
