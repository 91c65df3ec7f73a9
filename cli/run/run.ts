import { setTimeout as sleep } from 'node:timers/promises';
import { CONTAINER } from '#aws/task-definition.ts';
import type { ReleaseJson } from '#core/contract/release.ts';
import { type Settings, targetOf } from '#core/contract/settings.ts';
import type { TaskStatus } from '#core/ports.ts';
import { EXIT, Problem } from '../problem.ts';
import type { Terminal } from '../terminal.ts';
import { chooseTarget, questions, refusal, startedBy } from './command.ts';
import type { StandaloneTasks, Targets, TemporarySecrets } from './ports.ts';
import { runTaskDefinition } from './task-definition.ts';

export interface RunRequest {
  readonly target?: string | undefined;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Names of variables whose values are asked for. */
  readonly secrets: readonly string[];
}

export interface RunPorts {
  readonly targets: Targets;
  readonly tasks: StandaloneTasks;
  readonly secrets: TemporarySecrets;
  readonly terminal: Terminal;
  /** ARN of the person. */
  readonly caller: () => Promise<string>;
  /** The person's own environment: where a secret's value is taken from when there is no terminal to ask in. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Milliseconds between two looks at the task and its log. */
const LOOK_EVERY_MS = 1_000;
/** Looks without a new line, once the task has stopped, after which its log is taken to be whole. */
const QUIET_LOOKS = 3;
/** Looks at which ECS may not show a task that it has just started: its answers are eventually consistent. */
const UNSEEN_LOOKS = 30;

/**
 * Runs a command once in the image that is live, with the settings that are live, and shows what it prints.
 * @returns the command's exit code
 * @throws {Problem} when it could not be run
 */
export async function run(request: RunRequest, ports: RunPorts, interrupted: AbortSignal): Promise<number> {
  const { targets, tasks, terminal } = ports;
  const published = await targets.published();
  const target = chooseTarget(
    published.map((settings) => targetOf(settings)),
    request.target,
  );
  const settings = published.find((one) => targetOf(one) === target);
  const { live } = await targets.head(target);
  if (live === undefined || settings === undefined)
    throw new Problem(
      `Nothing is live at ${target}.`,
      'Release a version first: git tag v1.0.0 && git push origin v1.0.0',
    );
  const { command } = request;
  const refused = refusal(command, live.releaseJson);
  if (refused !== undefined) throw new Problem(refused, 'Release a version that has the migration.', EXIT.usage);
  const definition = await tasks.definition(live.taskDefinition);
  const image = definition.containerDefinitions?.find(({ name }) => name === CONTAINER)?.image;
  if (image?.endsWith(`@${live.deployable.digest}`) !== true)
    throw new Problem(
      `The ledger calls ${live.deployable.digest} live, but ${live.taskDefinition} runs ${image}.`,
      'Somebody else changed it: look into the ledger, then deploy the version again with `farol redeploy`.',
    );
  const asked = await answers(request, live.releaseJson, ports);
  const by = await ports.caller();
  const secrets =
    Object.keys(asked.secrets).length > 0 ? await ports.secrets.keep(target, asked.secrets, by) : undefined;
  let registered: string | undefined;
  try {
    registered = await tasks.register(
      runTaskDefinition(definition, {
        target,
        command: asked.command,
        environment: asked.environment,
        secrets: secrets?.valueFrom ?? {},
        by,
      }),
    );
    const started = await tasks.start(settings, registered, startedBy(by));
    if ('reason' in started)
      throw new Problem(`ECS could not start the task: ${started.reason}`, 'Repeat the command in a minute.');
    terminal.log(
      `${asked.command.join(' ')}  in ${live.deployable.version} of ${target}, task ${started.taskArn.split('/').at(-1)}`,
    );
    return await follow(settings, started.taskArn, ports, interrupted);
  } finally {
    // Neither outlives the task: it cannot be started again, and the secret's value is gone.
    if (registered !== undefined) await tasks.deregister(registered);
    if (secrets !== undefined) await ports.secrets.remove(secrets);
  }
}

/** The command with its variables: those that the person named, and those that the application asks for. */
async function answers(
  { command, environment, secrets }: RunRequest,
  release: ReleaseJson,
  { terminal, environment: own }: RunPorts,
): Promise<Answers> {
  const asks = questions(command, release);
  const texts = { ...environment };
  const hidden: Record<string, string> = {};
  const answer = async (name: string, ask: (question: string) => Promise<string>): Promise<string> => {
    const value = own[name] ?? (terminal.interactive ? await ask(`${name}:`) : '');
    if (value !== '') return value;
    throw new Problem(
      `${name} has no value.`,
      'Set it in the environment of this command, or run it in a terminal.',
      EXIT.usage,
    );
  };
  for (const [name, kind] of Object.entries(asks?.variables ?? {})) {
    if (name in texts || secrets.includes(name)) continue;
    if (kind === 'secret') hidden[name] = await answer(name, (question) => terminal.secret(question));
    else texts[name] = await answer(name, (question) => terminal.text(question));
  }
  for (const name of secrets) hidden[name] = await answer(name, (question) => terminal.secret(question));
  const missing = (asks?.arguments ?? []).filter((argument) => !command.includes(argument));
  return { command: [...command, ...missing], environment: texts, secrets: hidden };
}

interface Answers extends Pick<RunRequest, 'command' | 'environment'> {
  readonly secrets: Readonly<Record<string, string>>;
}

/** Shows the task's lines until it has ended; Ctrl-C stops it. */
async function follow(
  settings: Settings,
  taskArn: string,
  { tasks, terminal }: RunPorts,
  interrupted: AbortSignal,
): Promise<number> {
  let unseen = 0;
  let told = false;
  for (;;) {
    if (interrupted.aborted && !told) {
      told = true;
      terminal.log('Stopping the task; it has as long as the application is given to stop.');
      await tasks.stop(settings, taskArn, 'stopped by the person who started it');
    }
    const status = await tasks.status(settings, taskArn);
    await show(settings, taskArn, tasks, terminal);
    if (status.state === 'stopped') {
      for (let quiet = 0; quiet < QUIET_LOOKS; ) {
        await sleep(LOOK_EVERY_MS);
        quiet = (await show(settings, taskArn, tasks, terminal)) === 0 ? quiet + 1 : 0;
      }
      return ended(status, told);
    }
    unseen = status.state === 'missing' ? unseen + 1 : 0;
    if (unseen > UNSEEN_LOOKS)
      throw new Problem(
        `ECS does not show the task ${taskArn}.`,
        `Look for it: aws ecs describe-tasks --cluster ${settings.infrastructure.cluster} --tasks ${taskArn}`,
      );
    await rest(LOOK_EVERY_MS, interrupted, told);
  }
}

async function show(settings: Settings, taskArn: string, tasks: StandaloneTasks, terminal: Terminal): Promise<number> {
  const lines = await tasks.newLines(settings, taskArn);
  for (const line of lines) terminal.print(line);
  return lines.length;
}

/** An interruption ends the rest, once. */
async function rest(ms: number, interrupted: AbortSignal, told: boolean): Promise<void> {
  await sleep(ms, undefined, told ? {} : { signal: interrupted }).catch((error: unknown) => {
    if (!interrupted.aborted) throw error;
  });
}

function ended({ exitCode, reason }: Extract<TaskStatus, { state: 'stopped' }>, stopped: boolean): number {
  if (stopped) return EXIT.interrupted;
  if (exitCode !== undefined) return exitCode;
  throw new Problem(
    `The command never ran, or ECS lost its exit code: ${reason}`,
    "If the image or a secret could not be pulled, look at the target's network and execution role; otherwise repeat the command.",
  );
}
