/** What the adapters' tests share: MiniStack behind a gateway for all tests of a file, settings, releases, requests. */

import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, beforeEach } from 'vitest';
import type { DeploymentRequest } from '#core/contract/ledger.ts';
import type { Digest, Release, ReleaseJson, Version } from '#core/contract/release.ts';
import type { Clock } from '#core/ports.ts';
import { type Gateway, startGateway } from '../../../../local/aws/gateway/gateway.ts';
import { emulatorSocket, startMinistack } from '../../../../local/aws/ministack.ts';
import type { LocalService } from '../../../../local/aws/protocol/service.ts';
import { clientOptions } from '../../../../local/parts/aws-side.ts';
import { Supervisor } from '../../../../local/parts/supervisor.ts';
import { MIGRATING_RELEASE_JSON } from '../../../fixtures/release-json.ts';
import { models, pythonEnvironment } from '../../local/aws/setup.ts';

export interface Cloud {
  readonly gateway: Gateway;
  /** The emulator itself, without the gateway's record and faults. */
  readonly emulator: URL;
  /** Settings for an SDK client; two attempts, as functions have (functions/runtime/clients.ts). */
  readonly client: ReturnType<typeof clientOptions> & { readonly maxAttempts: number };
  /** What the gateway told people; empty when all is well. */
  readonly problems: string[];
}

/** MiniStack behind a gateway from before the first test of the file to after the last; faults are cleared between tests. */
export function cloud(services: () => readonly LocalService[] = () => []): () => Cloud {
  let started: Cloud | undefined;
  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'farol-'));
    const socket = emulatorSocket();
    const problems: string[] = [];
    const local = [...services()];
    const gateway = await startGateway({
      port: 0,
      upstream: new URL(`unix:${socket}`),
      services: local,
      routes: Object.fromEntries(local.map(({ service }) => [service, 'local' as const])),
      models,
      recordFile: join(folder, 'calls.jsonl'),
      onProblem: (problem) => problems.push(problem),
    });
    const ministack = await startMinistack(new Supervisor(join(folder, 'logs')), {
      python: pythonEnvironment,
      socket,
      endpointUrl: gateway.url,
      dataDir: join(folder, 'data'),
    });
    const client = { ...clientOptions(gateway.url, 'farol-test'), maxAttempts: 2 };
    started = { gateway, emulator: ministack.url, client, problems };
    return async () => {
      await gateway.close();
      await ministack.stop();
      rmSync(folder, { recursive: true, force: true });
    };
  }, 60_000);
  beforeEach(() => started?.gateway.faults.clear());
  return () => {
    if (started === undefined) throw new Error('the cloud is started before the first test, not when it is declared');
    return started;
  };
}

/** Strictly rising instants, so that "written later" shows; sleeping is real, so that others get their turn. */
export class TickingClock implements Clock {
  #ms = Date.parse('2026-11-23T18:00:00.000Z');

  now(): string {
    this.#ms += 1;
    return new Date(this.#ms).toISOString();
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms));
  }
}

export function digestOf(text: string): Digest {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

export function request(target: string, version: Version, attempt = 1): DeploymentRequest {
  const digest = digestOf(version);
  const deployment = `${target.replace('/', '-')}-${version}-${digest.slice(7, 15)}-${attempt}`;
  return { kind: 'release', target, deployment, version, digest, attempt, cause: `push of web:${version}` };
}

export function release(version: Version, releaseJson: Partial<ReleaseJson> = {}): Release {
  return {
    repository: 'web',
    digest: digestOf(version),
    version,
    commit: 'c0ffee',
    author: 'Ana <ana@example.com>',
    build: 'web:1',
    releaseJson: { ...MIGRATING_RELEASE_JSON, ...releaseJson },
  };
}
