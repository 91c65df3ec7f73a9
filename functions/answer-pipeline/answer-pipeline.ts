import type { HopelessRun, WaitingRun } from '#core/contract/pipeline.ts';
import { targetOf } from '#core/contract/settings.ts';
import type { Target } from '#core/contract/target.ts';
import { compareVersions } from '#core/contract/version.ts';
import { deploymentName } from '#core/domain/deployment-name.ts';
import type { DeploymentRecord, Executions, Ledger, Pipelines, SettingsStore } from '#core/ports.ts';

interface Ports {
  readonly ledger: Ledger;
  readonly executions: Executions;
  readonly pipelines: Pipelines;
  readonly settings: SettingsStore;
  readonly warn: (message: string) => void;
}

/** How a release ended at one target. */
interface Ending {
  readonly live: boolean;
  readonly sentence: string;
}

export interface Answered {
  readonly app: string;
  /** Or, where the run released none, the run. */
  readonly version: string;
  readonly outcome: 'approved' | 'rejected' | 'waiting';
  readonly summary: string;
}

/**
 * Tells every pipeline that waits how its release ended, so that the run of a release that was rolled back is red.
 * Looks at all of them whatever it was called for: when a deployment ends, when a pipeline begins to wait (a refusal can be
 * quicker than the end of the build) and by schedule for lost events. Answering twice is harmless.
 */
export async function answerPipelines(ports: Ports): Promise<Answered[]> {
  const answered: Answered[] = [];
  const failures: unknown[] = [];
  /** Whatever one run or one application's pipeline is in, the others have their turn. */
  const orTell = async <T>(what: string, look: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await look();
    } catch (error) {
      failures.push(error);
      ports.warn(`${what} could not be answered: ${String(error)}`);
      return undefined;
    }
  };
  for (const [app, targets] of await targetsByApp(ports)) {
    const waiting = (await orTell(`the pipeline of ${app}`, () => ports.pipelines.waiting(app))) ?? [];
    for (const run of waiting) {
      const answer = await orTell(`run ${run.run} of ${app}`, () => answerRun(app, targets, run, ports));
      if (answer !== undefined) answered.push(answer);
    }
  }
  // Told after every run had its turn: the invocation fails, is retried, and its failure alarms.
  if (failures.length > 0) throw new AggregateError(failures, `${failures.length} pipeline runs could not be answered`);
  return answered;
}

async function answerRun(
  app: string,
  targets: readonly Target[],
  run: WaitingRun | HopelessRun,
  ports: Ports,
): Promise<Answered> {
  if ('problem' in run) {
    await ports.pipelines.answer(app, run, { approved: false, summary: run.problem });
    return { app, version: run.run, outcome: 'rejected', summary: run.problem };
  }
  const endings = await Promise.all(targets.map((target) => ending(target, run, ports)));
  const ended = endings.filter((one) => one !== undefined);
  const { version } = run;
  if (ended.length < endings.length)
    return { app, version, outcome: 'waiting', summary: 'The deployment has not ended.' };
  const approved = ended.every(({ live }) => live);
  const summary = ended.map(({ sentence }) => sentence).join(' ');
  await ports.pipelines.answer(app, run, { approved, summary });
  return { app, version, outcome: approved ? 'approved' : 'rejected', summary };
}

/** The targets that are deployed from an application's pushes; the pipeline does not wait for those that are promoted. */
async function targetsByApp({ settings, warn }: Ports): Promise<Map<string, Target[]>> {
  const apps = new Map<string, Target[]>();
  for (const entry of await settings.all()) {
    if ('error' in entry)
      warn(`settings of ${entry.target} cannot be read, so no pipeline waits for it: ${entry.error}`);
    else if (entry.settings.source === 'push') {
      const { app } = entry.settings;
      apps.set(app, [...(apps.get(app) ?? []), targetOf(entry.settings)]);
    }
  }
  return apps;
}

/** How a run's release ended at a target; undefined while that is not known. */
async function ending(target: Target, { version, digest }: WaitingRun, ports: Ports): Promise<Ending | undefined> {
  // A deployment that had to queue goes on as the next attempt, and so does one that a person begins again: the last counts,
  // so that a stage that is retried after a good redeployment is green.
  let last: DeploymentRecord | undefined;
  for (let attempt = 1; ; attempt += 1) {
    const deployment = deploymentName(target, version, digest, attempt);
    const record = await ports.ledger.deployment(deployment);
    if (record !== undefined) {
      last = record;
      continue;
    }
    if (last?.ended !== undefined) {
      const { result, sentence } = last.ended;
      return { live: result === 'live' || result === 'unchanged', sentence };
    }
    return last === undefined
      ? failedAtOnce(target, deployment, ports)
      : overtaken(target, version, deploymentName(target, version, digest, attempt - 1), ports);
  }
}

/** An execution that ended without a record failed before it could write one. */
async function failedAtOnce(target: Target, deployment: string, { executions }: Ports): Promise<Ending | undefined> {
  const execution = await executions.status(executions.arn(deployment));
  if (execution === undefined || execution.running) return undefined;
  return { live: false, sentence: `${target}: ended before anything changed; the execution ${deployment} says why.` };
}

/**
 * A release that only queued never runs once a newer one has taken its place or is live. What ended badly while it held
 * the lock is no such release: its recovery will say how it ended.
 */
async function overtaken(
  target: Target,
  version: WaitingRun['version'],
  queued: string,
  { ledger, executions }: Ports,
): Promise<Ending | undefined> {
  const execution = await executions.status(executions.arn(queued));
  if (execution !== undefined && execution.status !== 'SUCCEEDED') return undefined;
  const [waiting, { live }] = await Promise.all([ledger.waiting(target), ledger.head(target)]);
  const newer = [waiting?.version, live?.deployable.version].find(
    (other) => other !== undefined && compareVersions(other, version) > 0,
  );
  return newer === undefined ? undefined : { live: false, sentence: `${target}: ${newer} overtook ${version}.` };
}
