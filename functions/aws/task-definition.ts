import type { ContainerDefinition, RegisterTaskDefinitionCommandInput } from '@aws-sdk/client-ecs';
import { seconds } from '#core/contract/duration.ts';
import type { Release } from '#core/contract/release.ts';
import { type GIVEN_VARIABLES, type Settings, targetOf } from '#core/contract/settings.ts';
import type { Slot } from '#core/contract/slot.ts';
import type { TaskPurpose } from '#core/contract/states.ts';
import { targetSlug } from '#core/contract/target.ts';
import { lockTimeoutMs, taskContent } from '#core/domain/task-content.ts';
import { STREAM_PREFIX } from './task-logs.ts';

/** What a task definition is for; part of its family's name, so that the console tells them apart. */
export type TaskKind = 'web' | TaskPurpose;

/** The name of the one container of each task. */
export const CONTAINER = 'app';

/** `web-production-migrate`: the family of a target's task definitions of one kind. */
export function family(settings: Settings, kind: TaskKind): string {
  return `${targetSlug(targetOf(settings))}-${kind}`;
}

interface TaskParts {
  readonly settings: Settings;
  readonly release: Release;
  readonly kind: TaskKind;
  readonly command: readonly string[];
  readonly deployment: string;
  /** Absent for tasks that serve no slot. */
  readonly slot?: Slot;
}

/**
 * A Fargate task definition that runs the release's image by digest. Command and environment are part of it rather than
 * overrides of RunTask, so that what may run is what was registered.
 */
export function taskDefinition({
  settings,
  release,
  kind,
  command,
  deployment,
  slot,
}: TaskParts): RegisterTaskDefinitionCommandInput {
  const { infrastructure } = settings;
  const [service] = settings.services;
  if (service === undefined) throw new Error('settings.services is empty');
  const { environment, secrets, taskRole } = taskContent(settings, kind);
  const container: ContainerDefinition = {
    name: CONTAINER,
    image: `${infrastructure.repositoryUri}@${release.digest}`,
    command: [...command],
    essential: true,
    readonlyRootFilesystem: true,
    // On Fargate capabilities can be dropped, and hardly added (ECS API Reference, KernelCapabilities): an application that serves needs none.
    linuxParameters: { initProcessEnabled: true, capabilities: { drop: ['ALL'] } },
    mountPoints: [{ sourceVolume: 'tmp', containerPath: '/tmp', readOnly: false }],
    stopTimeout: seconds(settings.drain.stopTimeout),
    environment: Object.entries({ ...environment, ...ofRelease(settings, release, slot) }).map(([name, value]) => ({
      name,
      value,
    })),
    secrets: Object.entries(secrets).map(([name, valueFrom]) => ({ name, valueFrom })),
    ...(kind === 'web'
      ? { portMappings: [{ containerPort: release.releaseJson.port, protocol: 'tcp' as const }] }
      : {}),
    logConfiguration: {
      logDriver: 'awslogs',
      options: {
        'awslogs-group': infrastructure.logGroup,
        'awslogs-region': infrastructure.region,
        'awslogs-stream-prefix': STREAM_PREFIX,
      },
    },
  };
  return {
    family: family(settings, kind),
    requiresCompatibilities: ['FARGATE'],
    networkMode: 'awsvpc',
    cpu: String(service.cpu),
    memory: String(service.memory),
    runtimePlatform: { cpuArchitecture: service.architecture, operatingSystemFamily: 'LINUX' },
    // The one of the plan can read no secret of the service, whatever is registered here.
    executionRoleArn: kind === 'plan' ? settings.tasks.plan.executionRole : infrastructure.executionRole,
    taskRoleArn: taskRole,
    // An empty volume of the task: the root file system is read-only, and programs need a place for temporary files. On
    // Fargate it belongs to root unless the image's Dockerfile says `VOLUME /tmp` (ECS Developer Guide, "Use bind mounts").
    volumes: [{ name: 'tmp' }],
    containerDefinitions: [container],
    tags: [
      { key: 'farol:target', value: targetOf(settings) },
      { key: 'farol:deployment', value: deployment },
      { key: 'farol:version', value: release.version },
    ],
  };
}

/** What every task of a release is given (functions/core/contract/release.ts says what it gives back). */
function ofRelease(
  settings: Settings,
  release: Release,
  slot: Slot | undefined,
): Record<(typeof GIVEN_VARIABLES)[number], string> {
  return {
    HOST: '0.0.0.0',
    PORT: String(release.releaseJson.port),
    FAROL_VERSION: release.version,
    FAROL_DIGEST: release.digest,
    FAROL_COMMIT: release.commit,
    FAROL_SLOT: slot ?? 'none',
    FORWARDED_PROTO_HEADER: settings.protocolHeader,
    MIGRATE_LOCK_TIMEOUT_MS: String(lockTimeoutMs(settings)),
  };
}
