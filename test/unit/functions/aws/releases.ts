/** What the adapters' tests share: a clock, releases, requests. */

import { createHash } from 'node:crypto';
import type { DeploymentRequest } from '#core/contract/ledger.ts';
import type { Digest, Release, ReleaseJson, Version } from '#core/contract/release.ts';
import type { Clock } from '#core/ports.ts';
import { MIGRATING_RELEASE_JSON } from '../../../fixtures/release-json.ts';

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
