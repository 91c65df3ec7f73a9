import type { Tag } from '@aws-sdk/client-ecs';
import { AwsError } from '../protocol/service.ts';
import type { Cluster, TaskDefinitionRecord } from './records.ts';
import type { Service } from './service-record.ts';
import type { Task } from './task.ts';

export interface RememberedRun {
  readonly request: string;
  readonly tasks: readonly Task[];
}

/** Everything that the ecs service holds. Look-ups throw the service's own error. */
export class EcsState {
  readonly clusters = new Map<string, Cluster>();
  /** Revisions of each family, oldest first. */
  readonly families = new Map<string, TaskDefinitionRecord[]>();
  readonly services = new Map<string, Service>();
  readonly tasks = new Map<string, Task>();
  /** RunTask's client tokens. */
  readonly runs = new Map<string, RememberedRun>();
  readonly tags = new Map<string, Map<string, string>>();

  /** A cluster by name or ARN; without one, the cluster `default`. */
  cluster(given: string | undefined): Cluster {
    const name = lastPart(given ?? 'default');
    const cluster = this.clusters.get(name);
    if (!cluster) throw new AwsError('ClusterNotFoundException', 'Cluster not found.');
    return cluster;
  }

  /** A service by name or ARN, whatever its status; a name may be used again when its service is inactive. */
  findService(cluster: Cluster, given: string): Service | undefined {
    return this.services.get(`${cluster.name}/${lastPart(given)}`);
  }

  service(cluster: Cluster, given: string | undefined): Service {
    const service = this.findService(cluster, given ?? '');
    if (!service) throw new AwsError('ServiceNotFoundException', 'Service not found.');
    return service;
  }

  findTask(cluster: Cluster, given: string): Task | undefined {
    const task = this.tasks.get(lastPart(given));
    return task?.cluster === cluster ? task : undefined;
  }

  /** A task definition by `family:revision`, ARN, or family alone for its newest active revision. */
  findTaskDefinition(given: string): TaskDefinitionRecord | undefined {
    const [family = '', revision] = lastPart(given).split(':');
    const revisions = this.families.get(family) ?? [];
    if (revision === undefined) return revisions.findLast(({ shape }) => shape.status === 'ACTIVE');
    return revisions.find((one) => String(one.revision) === revision);
  }

  /** A task definition to start tasks from. */
  activeTaskDefinition(given: string | undefined): TaskDefinitionRecord {
    const found = this.findTaskDefinition(given ?? '');
    if (!found) throw new AwsError('ClientException', 'TaskDefinition not found.');
    if (found.shape.status !== 'ACTIVE') throw new AwsError('ClientException', 'TaskDefinition is inactive');
    return found;
  }

  tasksOf(service: Service): Task[] {
    return [...this.tasks.values()].filter((task) => task.service === service);
  }

  tagList(arn: string): Tag[] {
    return [...(this.tags.get(arn) ?? [])].map(([key, value]) => ({ key, value }));
  }

  setTags(arn: string, tags: readonly Tag[] | undefined): void {
    const known = this.tags.get(arn) ?? new Map<string, string>();
    for (const { key, value } of tags ?? []) if (key !== undefined) known.set(key, value ?? '');
    this.tags.set(arn, known);
  }
}

/** The name in an ARN or path; a name alone is itself. */
export function lastPart(given: string): string {
  return given.slice(given.lastIndexOf('/') + 1);
}
