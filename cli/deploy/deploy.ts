import { EXIT, Problem } from '../problem.ts';
import type { Terminal } from '../terminal.ts';
import type { Account, AccountChanges } from './account.ts';
import { type Assembly, isService, type SynthesizedStack, type Template } from './assembly.ts';
import type { Cdk } from './cdk.ts';
import { summary } from './changes.ts';
import { check, connectionOf } from './checks.ts';
import type { NamedEnvironment } from './environment.ts';
import { type Finding, findingLines, type Offer } from './finding.ts';
import { isThere } from './stack-states.ts';

export interface DeployPorts {
  readonly account: Account;
  readonly changes: AccountChanges;
  readonly cdk: Cdk;
  readonly terminal: Terminal;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly protection: Protection;
}

/** What of a service stack is fixed once it is made, because changing it would change what serves (infra/environments/immutable-settings.ts). */
interface Protection {
  /** Why an update from one template to another may not be begun, one sentence each. */
  refusals(before: Template, after: Template): readonly string[];
  /** CloudFormation's own refusal of such changes. */
  stackPolicy(template: Template): object;
}

export interface DeployOptions {
  /** Names of stacks; none: all. */
  readonly only: readonly string[];
  /** The checks whose failure a person accepts. */
  readonly despite: readonly string[];
  /** Ask nothing. */
  readonly yes: boolean;
}

/** Checks, shows, asks, deploys, and says what to do next. */
export async function deploy(
  environment: NamedEnvironment,
  assembly: Assembly,
  { only, despite, yes }: DeployOptions,
  ports: DeployPorts,
): Promise<void> {
  const { account, cdk, terminal, now } = ports;
  const begun = now();
  terminal.log(`Checks before ${environment.name} is deployed`);
  const deployment = {
    environment: environment.value,
    stacks: assembly.stacks.map(({ name }) => name),
    bootstrapVersion: assembly.bootstrapVersion,
  };
  await clear(await check(deployment, account), { despite, yes }, ports);

  const stacks = chosen(assembly, only);
  const deployed = await account.stacks();
  const there = (name: string) => isThere(deployed.get(name));
  const first = !stacks.some(({ name }) => there(name));
  terminal.log(first ? '\nWhat will be made (a first deployment)' : '\nWhat will change');
  for (const stack of stacks) {
    if (there(stack.name)) {
      await refuseFixedChanges(stack, ports);
      await cdk.diff(stack.name);
    } else terminal.log(`  ${stack.name}: ${summary(stack.template)}`);
  }
  await agree(`Deploy ${environment.name}?`, { yes }, terminal);

  const { length } = stacks;
  for (const [i, stack] of stacks.entries()) {
    terminal.log(`\n[${i + 1}/${length}] ${stack.name}, ${minutes(now() - begun)} after the start`);
    if (isService(stack.name) && there(stack.name)) await protect(stack, ports);
    await cdk.deploy(stack.name);
    if (isService(stack.name) && !there(stack.name)) await protect(stack, ports);
    const arn = connectionOf((await account.stacks()).get(stack.name));
    if (arn !== undefined) await tellConnection(arn, environment, ports);
  }
  await tellEnd(environment, assembly, minutes(now() - begun), ports);
}

/** The stacks that are meant: all, unless some are named. */
function chosen({ stacks }: Assembly, only: readonly string[]): readonly SynthesizedStack[] {
  const names = stacks.map(({ name }) => name);
  const unknown = only.find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new Problem(`There is no stack ${unknown} in it.`, `Give one of: ${names.join(', ')}.`, EXIT.usage);
  return only.length === 0 ? stacks : stacks.filter(({ name }) => only.includes(name));
}

/** Shows what was found; makes what it may, and stops at what a person must do. */
async function clear(
  findings: readonly Finding[],
  { despite, yes }: Pick<DeployOptions, 'despite' | 'yes'>,
  ports: DeployPorts,
): Promise<void> {
  const { terminal } = ports;
  for (const finding of findings) for (const line of findingLines(finding)) terminal.log(line);
  const failures = findings.filter(({ about, level }) => level === 'failure' && !despite.includes(about));
  const others = failures.filter(({ offer }) => offer === undefined);
  if (others.length > 0)
    throw new Problem(
      `${others.length} of the checks say that this cannot be deployed yet.`,
      'Do what stands below each NOT YET and repeat the command. Nothing was changed.',
    );
  for (const { says, todo, offer } of failures) {
    if (offer === undefined) continue;
    await agree(`${says}. Run this now: ${todo}?`, { yes }, terminal);
    await make(offer, ports);
  }
}

async function make(offer: Offer, { account, cdk, changes }: DeployPorts): Promise<void> {
  if (offer.make === 'bootstrap') await cdk.bootstrap((await account.identity()).account);
  else await changes.makeServiceLinkedRole(offer.service);
}

async function agree(question: string, { yes }: { yes: boolean }, terminal: Terminal): Promise<void> {
  if (yes) return;
  if (!terminal.interactive)
    throw new Problem(
      `This needs an answer, and there is no terminal to ask in: ${question}`,
      'Run it in a terminal, or give --yes.',
      EXIT.usage,
    );
  if (!(await terminal.confirm(question)))
    throw new Problem('Not deployed: that was a no.', 'Repeat the command when you are ready.');
}

/** What serves is not changed by an update of its place. */
async function refuseFixedChanges(
  { name, template }: SynthesizedStack,
  { account, protection }: DeployPorts,
): Promise<void> {
  if (!isService(name)) return;
  const refusals = protection.refusals(await account.template(name), template);
  if (refusals.length > 0)
    throw new Problem(`${name} cannot be changed so:\n${refusals.join('\n')}`, 'Nothing was changed.', EXIT.usage);
}

async function protect({ name, template }: SynthesizedStack, { changes, protection }: DeployPorts): Promise<void> {
  await changes.setStackPolicy(name, JSON.stringify(protection.stackPolicy(template)));
}

/** The console's page of connections, in the region. */
function connectionsPage(region: string): string {
  return `https://${region}.console.aws.amazon.com/codesuite/settings/connections?region=${region}`;
}

async function tellConnection(
  arn: string,
  environment: NamedEnvironment,
  { account, terminal }: DeployPorts,
): Promise<void> {
  const connection = await account.connection(arn);
  if (connection === undefined || connection.status === 'AVAILABLE') return;
  terminal.log(
    `\n  One click is needed, now or later: ${connectionsPage(environment.value.orchestrator.region)}\n  choose ${connection.name}, then "Update pending connection". Until then no tag starts the pipeline.`,
  );
}

async function tellEnd(
  environment: NamedEnvironment,
  assembly: Assembly,
  took: string,
  ports: DeployPorts,
): Promise<void> {
  const { account, terminal } = ports;
  const stacks = await account.stacks();
  terminal.log(`\n${environment.name} is deployed, in ${took}.`);
  for (const { name } of assembly.stacks) {
    const address = stacks.get(name)?.outputs['Address'];
    if (address !== undefined) terminal.print(`${name.replace(/-service$/, '')}  ${address}`);
  }
  const pending = assembly.stacks.flatMap(({ name }) => connectionOf(stacks.get(name)) ?? []);
  for (const arn of pending) await tellConnection(arn, environment, ports);
  terminal.log(
    [
      '',
      'Next:',
      ...(environment.value.pipelines.length > 0
        ? ['  git tag v1.0.0 && git push origin v1.0.0   # builds and releases it; until then the address answers 503']
        : ['  push an image with a version tag to the repository; until then the address answers 503']),
      '  npm run farol -- status                    # what is live, runs and waits',
      `  npm run destroy -- ${environment.name}`.padEnd(45) + '# takes it away again; docs/costs.md says what it costs',
    ].join('\n'),
  );
}

function minutes(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
