import { execPath } from 'node:process';
import { execa } from 'execa';
import { ROOT } from '../../local/setup.mjs';
import type { Stage } from './harness.ts';

/** Runs the command `farol` as a person does, whose AWS is the stage. */
export function farol(stage: Stage, args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const { url } = stage.cloud.gateway;
  return execa(execPath, ['cli/main.ts', ...args], {
    cwd: ROOT,
    reject: false,
    stdin: 'ignore',
    timeout: 120_000,
    forceKillAfterDelay: 5_000,
    env: {
      AWS_ENDPOINT_URL: url,
      AWS_ENDPOINT_URL_S3: url,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      ...environment,
    },
  });
}
