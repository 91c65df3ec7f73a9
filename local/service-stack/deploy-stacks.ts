import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Assembly } from './synthesize.ts';

/** Where stacks are deployed to. */
export interface Cloud {
  /** Where all AWS calls go. */
  readonly url: string;
  readonly accountId: string;
  readonly region: string;
  /** For each command; cdk itself would try a dead address for minutes. */
  readonly deadlineSeconds: number;
}

/**
 * Makes what the cdk command itself needs in an account (its bucket and roles); takes no assembly, so that it can be
 * done while one is made.
 * @throws with what cdk printed
 */
export async function bootstrap(cloud: Cloud): Promise<void> {
  await cdk(cloud, ['bootstrap', `aws://${cloud.accountId}/${cloud.region}`]);
}

/**
 * Deploys the orchestrator and the repositories by the real cdk command.
 * @throws with what cdk printed
 */
export async function deployStacks(cloud: Cloud, assembly: Assembly): Promise<void> {
  await cdk(cloud, [
    'deploy',
    '--app',
    assembly.directory,
    ...assembly.stacks,
    // No change set and no question: nothing is there yet that could be harmed.
    '--method=direct',
    '--require-approval=never',
    '--concurrency=4',
  ]);
}

async function cdk({ url, region, deadlineSeconds }: Cloud, command: readonly string[]): Promise<void> {
  // In a folder without cdk.json: the project's own would have the stacks synthesized again.
  const cwd = await mkdtemp(join(tmpdir(), 'farol-cdk-'));
  try {
    await promisify(execFile)(
      resolve(import.meta.dirname, '../../node_modules/.bin/cdk'),
      [...command, '--no-notices'],
      {
        cwd,
        signal: AbortSignal.timeout(deadlineSeconds * 1000),
        maxBuffer: 64 * 1024 * 1024,
        env: {
          ...process.env,
          AWS_ENDPOINT_URL: url,
          AWS_ENDPOINT_URL_S3: url,
          AWS_ACCESS_KEY_ID: 'test',
          AWS_SECRET_ACCESS_KEY: 'test',
          AWS_REGION: region,
          // Nothing of the user's own AWS set-up takes part.
          AWS_PROFILE: undefined,
          AWS_SESSION_TOKEN: undefined,
          AWS_CONFIG_FILE: join(cwd, 'config'),
          AWS_SHARED_CREDENTIALS_FILE: join(cwd, 'credentials'),
          CDK_DISABLE_CLI_TELEMETRY: 'true',
        },
      },
    );
  } finally {
    await rm(cwd, { recursive: true, force: true });
  }
}
