import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { Problem } from '../problem.ts';
import { ROOT } from './environment.ts';

/** The CDK command of this project's packages. */
export interface Cdk {
  bootstrap(account: string): Promise<void>;
  /** Prints what an update would change. */
  diff(stack: string): Promise<void>;
  deploy(stack: string): Promise<void>;
  destroy(stack: string): Promise<void>;
}

/**
 * Runs the CDK command in front of the person, on an assembly that is ready.
 * @param directory of the assembly
 */
export function cdkCommand(directory: string, region: string, interrupted: AbortSignal): Cdk {
  const cdk = async (args: readonly string[], todo: string): Promise<void> => {
    // In a folder without cdk.json: the project's own would have the stacks synthesized again.
    const cwd = await mkdtemp(join(tmpdir(), 'farol-cdk-'));
    try {
      const { exitCode, isCanceled } = await execa(join(ROOT, 'node_modules/.bin/cdk'), [...args, '--no-notices'], {
        cwd,
        stdio: 'inherit',
        reject: false,
        cancelSignal: interrupted,
        env: { AWS_REGION: region, CDK_DISABLE_CLI_TELEMETRY: 'true' },
      });
      if (isCanceled)
        throw new Problem(
          'Interrupted. CloudFormation goes on with what it has begun.',
          'Watch it in the CloudFormation console; repeat the command when it has ended.',
        );
      if (exitCode !== 0) throw new Problem(`cdk ${args[0]} failed; it says why above.`, todo);
    } finally {
      await rm(cwd, { recursive: true, force: true });
    }
  };
  const app = ['--app', directory];
  return {
    bootstrap: (account) =>
      cdk(
        ['bootstrap', `aws://${account}/${region}`],
        'Put right what it names; it needs the rights of an administrator.',
      ),
    diff: (stack) => cdk(['diff', ...app, stack, '--exclusively'], 'Repeat the command; nothing was changed.'),
    deploy: (stack) =>
      cdk(
        ['deploy', ...app, stack, '--exclusively', '--require-approval=never', '--progress=events'],
        `CloudFormation took back what it had begun in ${stack}, and what serves was not touched. Put right what it names and repeat the command: it goes on where it was.`,
      ),
    destroy: (stack) =>
      cdk(
        ['destroy', ...app, stack, '--exclusively', '--force'],
        `See which resource of ${stack} could not be deleted: aws cloudformation describe-stack-events --stack-name ${stack}`,
      ),
  };
}
