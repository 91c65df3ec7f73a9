import { type Cancel, repeat } from '../clock.ts';
import type { LocalService } from '../protocol/service.ts';
import { clusterOperations } from './clusters.ts';
import type { TaskHost } from './host.ts';
import { Scheduler } from './scheduler.ts';
import type { Service } from './service-record.ts';
import { serviceOperations } from './services.ts';
import { EcsState } from './state.ts';
import { tagOperations } from './tags.ts';
import { taskDefinitionOperations } from './task-definitions.ts';
import { TaskViews, taskOperations } from './tasks.ts';

/** Real milliseconds that stopped tasks can still be seen: an hour, as on AWS. */
const STOPPED_SEEN = 3_600_000;
const FORGET_EVERY = 10_000;

/** Elastic Container Service on Fargate, with tasks that really run. */
export class Ecs {
  readonly service: LocalService;
  readonly #state = new EcsState();
  readonly #scheduler: Scheduler;
  readonly #cancel: Cancel;

  constructor(host: TaskHost, hasLoadBalancer: (targetGroupArn: string) => boolean) {
    const state = this.#state;
    const views = new TaskViews(host);
    this.#scheduler = new Scheduler(state, host, views);
    this.#cancel = repeat(host.clock, FORGET_EVERY, () => {
      for (const task of state.tasks.values()) {
        if (!task.stoppedAt || host.clock.now() - task.stoppedAt.getTime() < STOPPED_SEEN) continue;
        state.tasks.delete(task.id);
        state.tags.delete(task.arn);
        views.remove(task);
      }
    });
    this.service = {
      service: 'ecs',
      operations: {
        ...clusterOperations(state, host),
        ...taskDefinitionOperations(state, host),
        ...serviceOperations({ state, host, scheduler: this.#scheduler, hasLoadBalancer }),
        ...taskOperations(state, host, views),
        ...tagOperations(state),
      },
    };
  }

  /** The active service `<cluster>/<service>`. */
  activeService(path: string): Service | undefined {
    const service = this.#state.services.get(path);
    return service?.status === 'ACTIVE' ? service : undefined;
  }

  /** Sets the desired count, as automatic scaling does. */
  scale(service: Service, desiredCount: number): void {
    service.desiredCount = desiredCount;
    this.#scheduler.look(service);
  }

  close(): void {
    this.#cancel();
    this.#scheduler.close();
  }
}
