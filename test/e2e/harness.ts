import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { SFNClient, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { clientOptions } from '@farol/local-aws/aws-side.ts';
import type { Fidelity } from '@farol/local-aws/fidelity.ts';
import { Supervisor } from '@farol/local-aws/supervisor.ts';
import { type Settings, targetOf } from '#core/contract/settings.ts';
import { settingsParameter } from '#core/contract/target.ts';
import { deploymentName } from '#core/domain/deployment-name.ts';
import { settingsHash } from '#core/domain/ledger-chain.ts';
import { type Load, startLoad } from '../../local/load/load.ts';
import { Closers } from '../../local/parts/closers.ts';
import { type Cloud, startCloud } from '../../local/parts/cloud.ts';
import { takeInstanceLock } from '../../local/parts/instance-lock.ts';
import { PYTHON, ROOT, STATE } from '../../local/setup.mjs';
import { Ladder, type ReleaseToPush, releasesOf } from '../../local/source/releases.ts';
import { Deployments, type Sighting } from '../../local/terminal/deployments.ts';
import type { Execution } from '../../local/terminal/execution.ts';
import { eventually, type Look } from './eventually.ts';
import { type LedgerContent, readLedger } from './ledger.ts';
import { type Moment, Timeline } from './timeline.ts';

/** Exports of local/environments.ts with more than one target, and how many each has. */
const SEVERAL = { promotion: 2, sideBySide: 3 } as const;
/** How many times faster than AWS the tests' cloud is. */
const TIME_SCALE = 30;
/** The project's own application. */
const DJANGO = join(ROOT, 'django');
/** Seconds until an execution must have ended. */
const END = 90;

export interface StageOptions {
  /** Of the folder below `.farol`. */
  readonly name: string;
  readonly fidelity?: Fidelity;
  /** Rungs of the application's ladder that are made ready; without them what `npm start` would deploy. */
  readonly rungs?: readonly string[];
  /** Another application than the project's own. */
  readonly app?: string;
  /** Tasks are containers, of images that are built on `base`; else they are processes. */
  readonly docker?: { readonly base: string };
  /** Several targets: production promoted from staging, or three that one push goes to at once. */
  readonly environments?: keyof typeof SEVERAL;
}

/** A local cloud with everything that happens in it on record. */
export interface Stage {
  readonly cloud: Cloud;
  readonly timeline: Timeline;
  readonly sfn: SFNClient;
  /** Folder with what the programs of the cloud print. */
  readonly logs: string;
  /** Folder with the templates that its stacks were deployed from. */
  readonly templates: string;
  readonly releases: readonly ReleaseToPush[];
  /** Digests of the images that were pushed, by version. */
  readonly digests: ReadonlyMap<string, string>;
  /** Executions that have ended, in the order of their ends. */
  readonly executions: readonly Execution[];
  /** Names of all executions. */
  readonly names: ReadonlySet<string>;
  readonly loads: readonly Load[];
  /** The release of a version. */
  release(version: string): ReleaseToPush;
  /** Pushes a release's tag. @returns the deployment that follows from it */
  push(version: string): Promise<string>;
  /** Waits for the end of a deployment. */
  ended(deployment: string, seconds?: number): Promise<Execution>;
  /** Pushes and waits for the end. */
  deploy(version: string): Promise<Execution>;
  /** Waits until the data plane is as `is` wants it. */
  until(what: string, is: (moment: Moment) => boolean, seconds?: number): Promise<Moment>;
  /** Waits until an execution is in one of these states. */
  inState(deployment: string, states: readonly string[]): Promise<void>;
  /** Aborts an execution, as a person in the console would. */
  stop(deployment: string): Promise<void>;
  /** Waits until what is live runs with these settings. @returns the deployment that made it so */
  inForce(settings: Settings, seconds?: number): Promise<string>;
  /** Publishes other settings, as an update of the service stack would. */
  publish(change: (settings: Settings) => Settings): Promise<Settings>;
  startLoad(rate: number, paths: readonly string[]): Promise<Load>;
  ledger(): Promise<LedgerContent>;
  close(): Promise<void>;
}

/** Brings a cloud up. Whatever it started is ended by `close`, and by a failure of the start itself. */
export async function startStage(options: StageOptions): Promise<Stage> {
  const closers = new Closers();
  try {
    return await bringUp(options, closers);
  } catch (error) {
    await closers.close();
    throw error;
  }
}

async function bringUp(
  { name, fidelity, rungs, app = DJANGO, docker, environments }: StageOptions,
  closers: Closers,
): Promise<Stage> {
  const state = join(STATE, `e2e-${name}`);
  takeState(state, closers);
  const logs = join(state, 'log');
  const supervisor = new Supervisor(logs);
  const work = join(state, 'releases');
  const { releases, prefix } =
    rungs === undefined
      ? await releasesOf(app, work)
      : { releases: await new Ladder(app, work).tags(rungs), prefix: '' };
  const said: string[] = [];
  const cloud = await Promise.race([
    startCloud({
      state,
      kept: keptIn(state),
      python: PYTHON,
      supervisor,
      closers,
      ...(environments === undefined
        ? { environments: 'local/environments.ts' }
        : { environments: `local/environments.ts#${environments}`, targets: SEVERAL[environments] }),
      timeScale: TIME_SCALE,
      ...(fidelity === undefined ? {} : { fidelity }),
      ...(docker === undefined ? {} : { docker: { buildArguments: { BASE: docker.base } } }),
      port: 0,
      prefix,
      prepare: releases,
      say: (line) => said.push(line),
    }),
    supervisor.death,
  ]);
  const { gateway, settings } = cloud;
  const target = targetOf(settings);
  const timeline = new Timeline(cloud);
  const sfn = new SFNClient(clientOptions(gateway.url, 'e2e'));
  const ssm = new SSMClient(clientOptions(gateway.url, 'e2e'));
  const sightings = new Map<string, Sighting>();
  const executions: Execution[] = [];
  const deployments = new Deployments(sfn, cloud.stateMachine, (sighting) => {
    sightings.set(sighting.name, sighting);
    if (sighting.ended) executions.push(sighting.ended);
  });
  const watching = deployments.watch();
  watching.catch((error: unknown) => said.push(`watching ended: ${String(error)}`));
  closers.add(async () => {
    deployments.stop();
    await watching.catch(() => undefined);
  });
  const loads: Load[] = [];
  const digests = new Map<string, string>();
  let published = settings;
  let death: Error | undefined;
  supervisor.death.catch((error: Error) => {
    death = error;
  });
  const arn = (deployment: string): string =>
    `${cloud.stateMachine.replace(':stateMachine:', ':execution:')}:${deployment}`;
  const sight = (deployment: string): string => {
    const sighting = sightings.get(deployment);
    return sighting === undefined
      ? `no such execution; there are ${[...sightings.keys()].join(', ') || 'none'}; ${said.at(-1)}`
      : `in state ${sighting.state ?? '(between states)'}`;
  };
  const seen = <T>(what: string, seconds: number, look: () => Look<T>): Promise<T> =>
    eventually(what, seconds, () => {
      if (death !== undefined) throw death;
      return look();
    });
  const stage: Stage = {
    cloud,
    timeline,
    sfn,
    logs,
    templates: join(state, 'cdk.out'),
    releases,
    digests,
    executions,
    get names() {
      return new Set(sightings.keys());
    },
    loads,
    release(version) {
      const release = releases.find(({ tag }) => tag === version);
      if (!release) throw new Error(`no release ${version} among ${releases.map(({ tag }) => tag).join(', ')}`);
      return release;
    },
    async push(version) {
      const digest = await cloud.push(stage.release(version));
      digests.set(version, digest);
      return deploymentName(target, version, digest, 1);
    },
    ended: (deployment, seconds = END) =>
      seen(`the end of ${deployment}`, seconds, () => {
        const ended = sightings.get(deployment)?.ended;
        return ended === undefined ? { saw: sight(deployment) } : { found: ended };
      }),
    async deploy(version) {
      return stage.ended(await stage.push(version));
    },
    until: (what, is, seconds = END) =>
      seen(what, seconds, () => {
        const now = timeline.moments.at(-1);
        if (now !== undefined && is(now)) return { found: now };
        return { saw: now === undefined ? 'nothing yet' : describe(now) };
      }),
    inState: (deployment, states) =>
      seen(`${deployment} in ${states.join(' or ')}`, END, () =>
        states.includes(sightings.get(deployment)?.state ?? '') ? { found: undefined } : { saw: sight(deployment) },
      ),
    async stop(deployment) {
      await sfn.send(new StopExecutionCommand({ executionArn: arn(deployment), error: 'stopped', cause: 'by a test' }));
    },
    inForce: (wanted, seconds = END) =>
      eventually('the settings in force', seconds, async () => {
        if (death !== undefined) throw death;
        const { head, lock } = await stage.ledger();
        return head.live?.deployable.settingsHash === settingsHash(wanted) && lock?.deployment === undefined
          ? { found: head.live.deployment }
          : { saw: { live: head.live?.deployable, lock } };
      }),
    async publish(change) {
      published = change(published);
      const Value = JSON.stringify(published);
      await ssm.send(
        new PutParameterCommand({ Name: settingsParameter(target), Value, Type: 'String', Overwrite: true }),
      );
      return published;
    },
    async startLoad(rate, paths) {
      const load = await startLoad({ url: cloud.applicationUrl, rate, paths, version: String.raw`v\d+\.\d+\.\d+` });
      loads.push(load);
      closers.add(async () => void (await load.stop()));
      return load;
    },
    ledger: () => readLedger(gateway.url, target),
    close: () => closers.close(),
  };
  return stage;
}

/** Makes this process the only one on a state folder, and empties it. */
function takeState(state: string, closers: Closers): void {
  const lock = takeInstanceLock(`${state}.lock`);
  closers.add(() => lock.release());
  rmSync(state, { recursive: true, force: true });
  mkdirSync(state, { recursive: true });
}

/** What builds and images keep is shared with `npm start`; what belongs to a run is not. */
function keptIn(state: string): string {
  const kept = join(state, 'kept');
  mkdirSync(kept);
  for (const shared of ['cache', 'images']) {
    mkdirSync(join(STATE, shared), { recursive: true });
    symlinkSync(join(STATE, shared), join(kept, shared));
  }
  return kept;
}

function describe({ weights, slots, event }: Moment): object {
  const { blue, green } = slots;
  return { weights, healthy: { blue: blue.healthy, green: green.healthy }, event };
}
