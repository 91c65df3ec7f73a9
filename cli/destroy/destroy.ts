import { setTimeout as sleep } from 'node:timers/promises';
import { targetNames } from '#core/contract/target-names.ts';
import { runSecretPrefix } from '../../infra/names.ts';
import type { Account, AccountChanges } from '../deploy/account.ts';
import { type Assembly, inOrder, isService, type SynthesizedStack, type Template } from '../deploy/assembly.ts';
import type { Cdk } from '../deploy/cdk.ts';
import { checkIdentity } from '../deploy/checks.ts';
import type { NamedEnvironment } from '../deploy/environment.ts';
import { EXIT, Problem } from '../problem.ts';
import type { Terminal } from '../terminal.ts';
import { leftovers } from './leftovers.ts';
import type { NetworkResources, RetainedResources } from './ports.ts';

export interface DestroyPorts {
  readonly account: Account;
  readonly changes: Pick<AccountChanges, 'setStackPolicy'>;
  readonly retained: RetainedResources;
  readonly cdk: Cdk;
  readonly terminal: Terminal;
}

/** Milliseconds between two looks at a network that AWS is still clearing. */
const LOOK_EVERY_MS = 30_000;
/** Looks after which a network is said not to get empty: Lambda gives its interfaces back within about 20 minutes, at times 40. */
const MOST_LOOKS = 90;
/** How often a stack's deletion is begun. */
const ATTEMPTS = 3;

/** The order in which stacks go: what runs first, then what made it, the orchestrator and its ledger last. */
function inRemovalOrder<T extends { readonly name: string }>(stacks: readonly T[]): T[] {
  return inOrder(stacks).toReversed();
}

/** Lets an update change everything: the stack is about to go. */
const ALLOW_ALL = JSON.stringify({
  Statement: [{ Effect: 'Allow', Action: 'Update:*', Principal: '*', Resource: '*' }],
});

/** Resources that the deployed template keeps when its stack goes, and the one of now would not: it was deployed while protected. */
function stillKept(deployed: Template, now: Template): string[] {
  return Object.keys(deployed.Resources).filter((id) => keeps(deployed, id) && id in now.Resources && !keeps(now, id));
}

function keeps(template: Template, id: string): boolean {
  return template.Resources[id]?.DeletionPolicy?.startsWith('Retain') ?? false;
}

/** Takes an environment away, and says what is left and why. */
export async function destroy(
  environment: NamedEnvironment,
  assembly: Assembly,
  { confirm }: { readonly confirm: string | undefined },
  ports: DestroyPorts,
): Promise<void> {
  const { account, terminal, retained } = ports;
  const [identity] = await checkIdentity({ environment: environment.value, stacks: [], bootstrapVersion: 0 }, account);
  if (identity?.level === 'failure') throw new Problem(identity.says, identity.todo ?? '');
  refuseProtected(environment);
  const deployed = await account.stacks();
  const stacks = inRemovalOrder(assembly.stacks).filter(({ name }) => deployed.has(name));
  const running = await account.runningDeployments();
  if (running.length > 0)
    throw new Problem(
      `A deployment runs: ${running.join(', ')}. It would fill again what is emptied.`,
      'Wait for its end (npm run farol -- status), or stop it in the Step Functions console.',
    );
  const { account: id } = await account.identity();
  terminal.log(`Will be taken away from ${id}, ${environment.value.orchestrator.region}, in this order:`);
  for (const { name } of stacks)
    terminal.log(
      `  ${name}${isService(name) ? ': its slots are emptied first; the database is deleted after a last snapshot' : ''}`,
    );
  if (stacks.length === 0) terminal.log('  nothing: no stack of it is deployed');
  else await agree(environment.name, confirm, terminal);

  // All of them before any goes: one that cannot be changed keeps everything as it was.
  for (const stack of stacks) await unprotect(stack, ports);
  for (const stack of stacks) {
    terminal.log(`\n${stack.name}`);
    const emptied = await retained.emptyBuckets(stack.name);
    for (const bucket of emptied) terminal.log(`  bucket ${bucket} emptied`);
    await remove(stack, ports);
  }
  for (const { app, environment: name } of environment.value.targets)
    for (const secret of await retained.secrets(runSecretPrefix(`${app}/${name}`))) await retained.removeSecret(secret);
  terminal.log(`\n${environment.name} is gone. What is left in the account:`);
  for (const { what, why, costs, remove: command } of await leftovers(environment.value, id, retained)) {
    terminal.print(`- ${what}\n    ${why}; costs ${costs}\n    ${command}`);
  }
}

/** Nothing that is protected is taken away by one command: the setting says what is meant, and is reviewed like code. */
function refuseProtected({ name, value, context }: NamedEnvironment): void {
  if (!value.orchestrator.deletionProtection) return;
  const targets = value.targets.map((target) => targetNames(target.app, target.environment).slug).join(', ');
  throw new Problem(
    `${name} is protected against deletion: database, ledger and images of ${targets} would be kept, and go on costing money.`,
    `If that is meant: set orchestrator.deletionProtection to false in ${context.split('#')[0]}, then repeat the command: it takes the protection off, asks for the name, and takes all away.`,
    EXIT.usage,
  );
}

/** What was deployed with protection is deployed once without: only then does CloudFormation delete it. */
async function unprotect(stack: SynthesizedStack, { account, changes, cdk, terminal }: DestroyPorts): Promise<void> {
  const kept = stillKept(await account.template(stack.name), stack.template);
  if (kept.length === 0) return;
  terminal.log(`\n${stack.name}: protection against deletion is taken off ${kept.join(', ')}`);
  await changes.setStackPolicy(stack.name, ALLOW_ALL);
  await cdk.deploy(stack.name);
}

/** By its name, typed: no Enter too many takes an environment away. */
async function agree(name: string, confirm: string | undefined, terminal: Terminal): Promise<void> {
  if (confirm === undefined && !terminal.interactive)
    throw new Problem(
      'This needs a confirmation, and there is no terminal to ask in.',
      `Run it in a terminal, or give --confirm ${name}.`,
      EXIT.usage,
    );
  const typed = confirm ?? (await terminal.text(`Type ${name} to take it away for good:`));
  if (typed !== name)
    throw new Problem(
      `"${typed}" is not "${name}".`,
      'Nothing was taken away; repeat the command and type the name.',
      EXIT.usage,
    );
}

/** Deletes a stack. What AWS itself still has in its network is waited for, and then it is begun again. */
async function remove(stack: SynthesizedStack, { cdk, account, retained, terminal }: DestroyPorts): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await cdk.destroy(stack.name);
      return;
    } catch (error) {
      if (!(await account.stacks()).has(stack.name)) return;
      const left = await retained.inNetwork(stack.name);
      if (attempt === ATTEMPTS || (left.interfaces.length === 0 && left.groups.length === 0)) throw error;
      terminal.log('  The network still holds what AWS put there; that is waited for, and then the deletion goes on.');
      await untilEmpty(stack.name, left, retained, terminal);
    }
  }
}

async function untilEmpty(
  stack: string,
  first: NetworkResources,
  retained: RetainedResources,
  terminal: Terminal,
): Promise<void> {
  let left = first;
  for (let looks = 0; left.interfaces.some(({ inUse }) => inUse); looks += 1) {
    const list = left.interfaces.map(({ id, description }) => `${id} (${description})`).join(', ');
    if (looks === MOST_LOOKS)
      throw new Problem(
        `${stack}: these network interfaces do not go away: ${list}`,
        'Delete what uses them, then repeat the command; it goes on where it was.',
      );
    if (looks % 4 === 0) terminal.log(`  waiting for ${list}`);
    await sleep(LOOK_EVERY_MS);
    left = await retained.inNetwork(stack);
  }
  await retained.clearNetwork(left);
}
