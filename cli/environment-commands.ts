import type { Command } from '@commander-js/extra-typings';
import * as immutableSettings from '../infra/environments/immutable-settings.ts';
import { accountOf } from './aws/account.ts';
import { retainedResources } from './aws/retained-resources.ts';
import { type Assembly, synthesize } from './deploy/assembly.ts';
import { cdkCommand } from './deploy/cdk.ts';
import { deploy } from './deploy/deploy.ts';
import { ENVIRONMENTS, loadEnvironment, type NamedEnvironment } from './deploy/environment.ts';
import { destroy } from './destroy/destroy.ts';
import { collect } from './options.ts';
import { EXIT, Problem } from './problem.ts';
import type { ProcessContext } from './process-context.ts';

/** The value of infra/environments/environments.ts that is meant, as the help says it. */
const ENVIRONMENT = `which exported value of ${ENVIRONMENTS}: starter, production, or one of your own`;

/** Adds the commands that make an environment and take it away. */
export function addEnvironmentCommands(
  farol: Command<[], { region?: string }>,
  { terminal, interrupted }: ProcessContext,
): void {
  /** With the environment synthesized: a wrong setting ends it before AWS is asked anything. */
  const withAssembly = async (
    name: string,
    file: string,
    work: (environment: NamedEnvironment, assembly: Assembly) => Promise<void>,
  ): Promise<void> => {
    const environment = await loadEnvironment(file, name);
    const { region } = environment.value.orchestrator;
    const given = farol.opts().region;
    if (given !== undefined && given !== region)
      throw new Problem(
        `${name} is of ${region}, not of ${given}.`,
        'Leave --region out: the environment says it.',
        EXIT.usage,
      );
    terminal.log(`Synthesizing ${environment.context}`);
    const assembly = await synthesize(environment.context);
    try {
      await work(environment, assembly);
    } finally {
      await assembly.remove();
    }
  };

  farol
    .command('deploy')
    .summary('make an environment, or bring it to what the settings say')
    .description(
      'Checks the account (credentials, region, bootstrap, service-linked roles, quotas, zones, database), shows what will change, asks, deploys in order, and prints the address and what to do next. Exit code 2: a setting is wrong, and nothing was asked of AWS.',
    )
    .argument('<environment>', ENVIRONMENT)
    .option('--environments <file>', "another module than the project's own", ENVIRONMENTS)
    .option('--only <stack>', 'this stack of it and no other; repeatable', collect, [])
    .option(
      '--despite <check>',
      'go on although this check says NOT YET, as it is named before the colon; repeatable',
      collect,
      [],
    )
    .option('--yes', 'ask nothing', false)
    .action((name, { environments, only, despite, yes }) =>
      withAssembly(name, environments, (environment, assembly) => {
        const { region } = environment.value.orchestrator;
        const account = accountOf(region);
        const cdk = cdkCommand(assembly.directory, region, interrupted);
        const ports = {
          account,
          changes: account,
          cdk,
          terminal,
          now: () => Date.now(),
          protection: immutableSettings,
        };
        return deploy(environment, assembly, { only, despite, yes }, ports);
      }),
    );

  farol
    .command('destroy')
    .summary('take an environment away, and say what is left')
    .description(
      'Empties the slots, deletes the stacks in order, and lists what stays with the line that removes each. Asks for the name. An environment with orchestrator.deletionProtection is refused until that setting is false.',
    )
    .argument('<environment>', ENVIRONMENT)
    .option('--environments <file>', "another module than the project's own", ENVIRONMENTS)
    .option('--confirm <name>', "the environment's name, instead of typing it")
    .action((name, { environments, confirm }) =>
      withAssembly(name, environments, (environment, assembly) => {
        const { region } = environment.value.orchestrator;
        const account = accountOf(region);
        const cdk = cdkCommand(assembly.directory, region, interrupted);
        return destroy(
          environment,
          assembly,
          { confirm },
          { account, changes: account, retained: retainedResources(region), cdk, terminal },
        );
      }),
    );
}
