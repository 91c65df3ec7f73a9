/** What the tests of tasks and slots share: a data plane of its own behind the gateway, and settings that lead to it. */

import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  ResourceAlreadyExistsException,
} from '@aws-sdk/client-cloudwatch-logs';
import { ECSClient } from '@aws-sdk/client-ecs';
import { awsSide } from '@farol/local-aws/aws-side.ts';
import { afterAll, beforeAll } from 'vitest';
import { TaskLogs } from '#aws/task-logs.ts';
import type { Settings } from '#core/contract/settings.ts';
import { type Cloud, cloud } from '../../../../packages/local-aws/test/fixtures/cloud.ts';
import { buildStage, startPlane, type TestPlane } from '../../../../packages/local-aws/test/fixtures/data-plane.ts';
import { SETTINGS } from '../../../fixtures/settings.ts';

export interface EcsCloud extends Cloud {
  readonly plane: TestPlane;
  readonly ecs: ECSClient;
  readonly logs: TaskLogs;
}

/** Commands of the test container (packages/local-aws/test/fixtures/container). */
export const SERVE = [process.execPath, 'server.js'];
export const exit = (code: number) => [...SERVE, 'exit', String(code)];

/** MiniStack and a data plane of real processes behind one gateway, for all tests of the file. */
export function ecsCloud(): () => EcsCloud {
  let side: ReturnType<typeof awsSide> | undefined;
  const plane = startPlane({
    publishLog: async (...log) => {
      side ??= awsSide(started().emulator);
      await side.publishLog(...log);
    },
  });
  const started = cloud(() => plane.services);
  beforeAll(async () => {
    await plane.call('CreateCluster', { clusterName: 'main' });
    try {
      await new CloudWatchLogsClient(started().client).send(
        new CreateLogGroupCommand({ logGroupName: SETTINGS.infrastructure.logGroup }),
      );
    } catch (error) {
      if (!(error instanceof ResourceAlreadyExistsException)) throw error;
    }
  });
  afterAll(() => plane.close());
  return () => {
    const { client } = started();
    return { ...started(), plane, ecs: new ECSClient(client), logs: new TaskLogs(new CloudWatchLogsClient(client)) };
  };
}

/** Settings of a target in the cluster `main`; the load balancer's parts are those of the fixture unless `stage` is given. */
export function settingsIn(environment: string, stage?: Awaited<ReturnType<typeof buildStage>>): Settings {
  const { infrastructure } = SETTINGS;
  return {
    ...SETTINGS,
    environment,
    drain: { ...SETTINGS.drain, stopTimeout: '5s' },
    infrastructure: {
      ...infrastructure,
      cluster: 'main',
      repositoryUri: 'registry/web',
      ...(stage === undefined
        ? {}
        : {
            loadBalancer: stage.loadBalancer,
            productionListener: stage.listener,
            slots: {
              blue: { ...infrastructure.slots.blue, targetGroup: stage.blue.targetGroup },
              green: { ...infrastructure.slots.green, targetGroup: stage.green.targetGroup },
            },
          }),
    },
  };
}
