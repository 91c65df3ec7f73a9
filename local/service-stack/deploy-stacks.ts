import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Assembly } from './synthesize.ts';

const cdk = resolve(import.meta.dirname, '../../node_modules/.bin/cdk');
const run = promisify(execFile);

/**
 * Deploys the orchestrator and the repositories by the real cdk command.
 * @param url where all AWS calls go
 * @param deadlineSeconds for everything; cdk itself would try a dead address for minutes
 * @throws with what cdk printed
 */
export async function deployStacks(options: {
  assembly: Assembly;
  url: string;
  accountId: string;
  region: string;
  deadlineSeconds: number;
}): Promise<void> {
  // From a folder without a cdk.json: the project's own would synthesize again.
  const cwd = await mkdtemp(join(tmpdir(), 'farol-cdk-'));
  const { assembly, url, accountId, region } = options;
  const settings = {
    cwd,
    signal: AbortSignal.timeout(options.deadlineSeconds * 1000),
    maxBuffer: 64 * 1024 * 1024,
    env: {
      ...process.env,
      AWS_ENDPOINT_URL: url,
      AWS_ENDPOINT_URL_S3: url,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_REGION: region,
      CDK_DISABLE_CLI_TELEMETRY: 'true',
      // Nothing of the user's own AWS set-up takes part.
      AWS_CONFIG_FILE: join(cwd, 'config'),
      AWS_SHARED_CREDENTIALS_FILE: join(cwd, 'credentials'),
    },
  };
  try {
    await run(cdk, ['bootstrap', `aws://${accountId}/${region}`, '--no-notices'], settings);
    await run(
      cdk,
      [
        'deploy',
        '--app',
        assembly.directory,
        ...assembly.stacks,
        // No change set and no question: nothing is there yet that could be harmed.
        '--method=direct',
        '--require-approval=never',
        '--concurrency=4',
        '--no-notices',
      ],
      settings,
    );
  } finally {
    await rm(cwd, { recursive: true, force: true });
  }
}
