import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { Command } from '@commander-js/extra-typings';
import { targetOf } from '#core/contract/settings.ts';
import { Target } from '#core/contract/target.ts';
import { clientConfig } from './aws/clients.ts';
import { functionCaller } from './aws/functions.ts';
import { ledgerReading } from './aws/ledger-reading.ts';
import { standaloneTasks } from './aws/standalone-tasks.ts';
import { approvalsOf, ledgerOf, targetsOf } from './aws/targets.ts';
import { temporarySecrets } from './aws/temporary-secrets.ts';
import { decide } from './decide.ts';
import { addEnvironmentCommands } from './environment-commands.ts';
import { collect } from './options.ts';
import { EXIT, Problem } from './problem.ts';
import type { ProcessContext } from './process-context.ts';
import { chooseTarget, variableName, variables } from './run/command.ts';
import { run } from './run/run.ts';
import { statusLines } from './status.ts';
import { verifyLedger } from './verify-ledger/verify-ledger.ts';

/** @returns the exit code */
export async function program(argv: readonly string[], around: ProcessContext): Promise<number> {
  const { terminal } = around;
  let exitCode = 0;
  const farol = new Command('farol')
    .description('Deploys Farol to an AWS account, and what a person does with it there.')
    .option('--region <region>', 'AWS region; left out, AWS_REGION or that of the profile')
    .showHelpAfterError('(farol --help lists the commands)')
    .exitOverride();
  const region = () => farol.opts().region;
  const caller = async (): Promise<string> => {
    const { Arn } = await new STSClient(clientConfig(region())).send(new GetCallerIdentityCommand({}));
    return Arn ?? 'unknown';
  };

  addEnvironmentCommands(farol, around);

  farol
    .command('run')
    .summary('run a command once in the image that is live')
    .description(
      'Runs a command once, as a task of its own, in the image and with the settings that are live; shows what it prints and ends with its exit code. Ctrl-C stops it. A task has no terminal: what the command would ask is asked here where release.json says so (asks), and given by --env and --secret otherwise.',
    )
    .option('--target <app/environment>', 'which target; needed where there are several')
    .option('--env <NAME=value>', 'a variable for the command; repeatable', collect, [])
    .option('--secret <NAME>', 'a variable whose value is asked for without showing it; repeatable', collect, [])
    .argument('<command...>', 'the command, after --')
    .action(async (command, options) => {
      exitCode = await run(
        {
          target: options.target,
          command,
          environment: variables(options.env),
          secrets: options.secret.map(variableName),
        },
        {
          targets: targetsOf(region(), terminal),
          tasks: standaloneTasks(region()),
          secrets: temporarySecrets(region()),
          terminal,
          caller,
          environment: around.environment,
        },
        around.interrupted,
      );
    });

  for (const decision of ['approve', 'reject'] as const) {
    farol
      .command(decision)
      .summary(`${decision} a deployment that waits for a person`)
      .argument('<deployment>', 'its name, as the notice and `farol status` give it')
      .option('--reason <text>', 'why, for the ledger')
      .action(async (deployment, { reason }) => {
        const input = { deployment, decision, ...(reason !== undefined && { reason }) };
        terminal.print(await decide(functionCaller(region()), 'farol-answer-approval', input));
      });
  }

  farol
    .command('redeploy')
    .summary('deploy a version again that was refused, rolled back or rejected')
    .argument('<target>', 'as in web/production')
    .argument('<version>', 'a version whose image is in the repository, as in v1.4.0')
    .option('--rescue <why>', 'open a frozen target with it, and go ahead although no task of live is healthy')
    .action(async (target, version, { rescue }) => {
      const order = { target: targetNamed(target), version, ...(rescue !== undefined && { rescue }) };
      terminal.print(await decide(functionCaller(region()), 'farol-start-deployment', order));
    });

  farol
    .command('unfreeze')
    .summary('open a frozen target again')
    .argument('<target>', 'as in web/production')
    .requiredOption('--reason <text>', 'what was put right, for the ledger')
    .action(async (target, { reason }) => {
      terminal.print(await decide(functionCaller(region()), 'farol-unfreeze', { target, reason }));
    });

  farol
    .command('status')
    .summary('what is live, runs, waits or is frozen, by the ledger')
    .argument('[target]', 'as in web/production; left out, all')
    .action(async (wanted) => {
      const targets = targetsOf(region(), terminal);
      const published = (await targets.published()).map((settings) => targetOf(settings));
      const [ledger, approvals] = [ledgerOf(region()), approvalsOf(region())];
      for (const target of wanted === undefined ? published : [chooseTarget(published, wanted)]) {
        const [head, lock, waiting, traffic] = await Promise.all([
          ledger.head(target),
          ledger.lock(target),
          ledger.waiting(target),
          ledger.traffic(target),
        ]);
        const approval = lock?.deployment === undefined ? undefined : await approvals.approval(lock.deployment);
        for (const line of statusLines({ target, head, lock, waiting, traffic, approval })) terminal.print(line);
      }
      if (published.length === 0)
        throw new Problem(
          'No target is published in this account and region.',
          'Deploy one with `npm run deploy -- <environment>`, or give --region.',
        );
    });

  farol
    .command('verify-ledger')
    .summary('hold the ledger against what was written down outside of it')
    .description(
      'Reads the entries of a target and the anchors that were taken of them, and says where they differ: entries that were changed, removed or added, a chain that was written again. Exit code 0: nothing was found.',
    )
    .argument('[target]', 'as in web/production; left out, all')
    .option('--json', 'one line of JSON in place of text', false)
    .action(async (wanted, { json }) => {
      const targets = targetsOf(region(), terminal);
      const published = async () => (await targets.published()).map((settings) => targetOf(settings));
      exitCode = await verifyLedger(
        { target: wanted === undefined ? undefined : targetNamed(wanted), json },
        { reading: ledgerReading(region(), published), terminal, now: () => Date.now() },
      );
    });

  await farol.parseAsync(argv);
  return exitCode;
}

/** @throws {Problem} where it is no target's name */
function targetNamed(name: string): Target {
  const { data: target } = Target.safeParse(name);
  if (target === undefined)
    throw new Problem(`"${name}" is no target.`, 'Write <app>/<environment>, as in web/production.', EXIT.usage);
  return target;
}
