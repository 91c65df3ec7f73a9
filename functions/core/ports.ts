import type { AnchorLine } from './contract/anchor.ts';
import type { Approval, Decision } from './contract/approval.ts';
import type {
  Change,
  DeploymentPlan,
  DeploymentRequest,
  Entry,
  EntryType,
  Fact,
  FactKind,
  Head,
  Instant,
  Intent,
  Lock,
  SettingsClaim,
  Traffic,
} from './contract/ledger.ts';
import type { HopelessRun, WaitingRun } from './contract/pipeline.ts';
import type { Deployable, Digest, Release, Version } from './contract/release.ts';
import type { Settings } from './contract/settings.ts';
import type { Slot } from './contract/slot.ts';
import type { SlotInfrastructure } from './contract/stack-event.ts';
import type { Context, Result, TaskPurpose } from './contract/states.ts';
import type { Target } from './contract/target.ts';
import type { Action } from './domain/converge-plan.ts';
import type { IntentDraft } from './domain/intent.ts';
import type { Observed } from './domain/observed.ts';
import type { KnownRole } from './domain/person.ts';
import type { BuildRecord } from './domain/provenance.ts';
import type { ImageScan } from './domain/scan.ts';
import type { SlotCounts } from './domain/verdict.ts';

/** The ledger says that somebody newer holds the lock: end without touching AWS. */
export class Superseded extends Error {
  override readonly name = 'Superseded';
}

/** What the ledger keeps of a deployment. */
export interface DeploymentRecord {
  readonly request: DeploymentRequest;
  readonly plan?: DeploymentPlan | undefined;
  /** The deployment whose lock this one took over. */
  readonly recovers?: string | undefined;
  readonly ended?: { readonly result: Result; readonly sentence: string; readonly at: Instant } | undefined;
}

/** What moved a target, before the ledger numbers and chains it. */
export type Transition = { readonly type: EntryType; readonly cause: string; readonly facts?: Entry['facts'] };

/** A fact to be written down. That of an approval is written with the answer alone ({@link Approvals}). */
export type Proof = Omit<Fact, 'at' | 'kind'> & { readonly kind: Exclude<FactKind, 'approval'> };

/**
 * Farol's memory (design section 6). Reads are consistent. Whatever a deployment writes is refused with {@link Superseded}
 * unless its token is still the lock's.
 */
export interface Ledger {
  head(target: Target): Promise<Head>;
  lock(target: Target): Promise<Lock | undefined>;
  /** Takes a free lock, or one whose token is `from` (a takeover); `undefined` when somebody else was faster. */
  takeLock(request: DeploymentRequest, executionArn: string, from: Lock | undefined): Promise<number | undefined>;
  /** Writes down a deployment that was refused before it took the lock; `false`: it had ended before. */
  refuse(request: DeploymentRequest, sentence: string, cause: string): Promise<boolean>;
  /** Frees the lock and writes how the deployment ended, at once. */
  endDeployment(context: Context, ended: { result: Result; sentence: string; cause: string }): Promise<void>;
  /** Closes the record of a deployment that ended without an end of its own. */
  closeRecord(deployment: string, ended: { result: Result; sentence: string }): Promise<void>;

  deployment(id: string): Promise<DeploymentRecord | undefined>;
  /** Fixes what a deployment will do, and claims the plan's settings revision for it. */
  savePlan(context: Context, plan: DeploymentPlan): Promise<void>;
  /** The deployment that a settings revision was claimed for. */
  settingsClaim(target: Target, settingsHash: string): Promise<SettingsClaim | undefined>;
  /** Claims a settings revision for a deployment, in place of `from`; `false`: somebody else was faster. */
  claimSettings(settingsHash: string, request: DeploymentRequest, from: SettingsClaim | undefined): Promise<boolean>;
  facts(deployment: string): Promise<Partial<Record<FactKind, Fact>>>;
  saveFact(context: Context, fact: Proof, cause: string): Promise<void>;

  waiting(target: Target): Promise<DeploymentRequest | undefined>;
  /** Queues behind the lock that `holder` is; `lock moved` when it is no longer held so, `older` when a newer push waits. */
  enqueue(request: DeploymentRequest, holder: Lock, queuedUnder: string): Promise<'queued' | 'lock moved' | 'older'>;
  dequeue(request: DeploymentRequest): Promise<void>;

  intent(target: Target): Promise<Intent | undefined>;
  writeIntent(context: Context, draft: IntentDraft, cause: string): Promise<Intent>;
  /** Writes down that AWS was seen to be as the intent wants it. */
  settle(context: Context, intent: Pick<Intent, 'n'>): Promise<void>;
  traffic(target: Target): Promise<Traffic | undefined>;
  lastChange(deployment: string): Promise<Change | undefined>;
  /** Journals a change before it is made. */
  openChange(
    context: Context,
    change: Pick<Change, 'n' | 'intent' | 'call' | 'action'>,
    /** Of a change of weights: what they will be, and when at the latest. */
    traffic?: Traffic,
  ): Promise<void>;
  closeChange(context: Context, n: number, outcome: { traffic?: Traffic['weights']; error?: string }): Promise<void>;

  /** Makes the deployment's candidate the target's live. */
  promote(context: Context, head: Pick<Head, 'live' | 'warm'>, cause: string): Promise<void>;
  freeze(context: Context, reason: string): Promise<void>;
  /** Opens the target again; `false`: somebody holds the lock, or it is not frozen as `frozen` says. */
  unfreeze(target: Target, frozen: NonNullable<Head['frozen']>, cause: string): Promise<boolean>;
  note(context: Context, transition: Transition): Promise<void>;
}

/** Questions to people, each with the one answer that it gets. Writes are refused with {@link Superseded} as the ledger's are. */
export interface Approvals {
  /** Writes a deployment's question down; asked again (a retry), what wakes the wait is the newest, and all else as it was. */
  ask(context: Context, question: Pick<Approval, 'before' | 'plan' | 'until' | 'taskToken'>): Promise<Approval>;
  approval(deployment: string): Promise<Approval | undefined>;
  /** Writes an answer down and, with an approval, its fact. Returns the answer that stands: the first one. */
  decide(approval: Approval, decision: Omit<Decision, 'at'>, deployable: Deployable): Promise<Decision>;
}

/** Roles of the account. */
export interface Roles {
  /** The role of a name, if Farol may see it: those that IAM Identity Center made, and no other. */
  role(name: string): Promise<KnownRole | undefined>;
}

/** Targets and their settings, as published by their stacks. */
export interface SettingsStore {
  /** A target's settings; a text: why they cannot be used. */
  settings(target: Target): Promise<Settings | string>;
  /** Every published target; one whose settings do not parse comes as its error, so that it stops no other. */
  all(): Promise<readonly ({ readonly settings: Settings } | { readonly target: string; readonly error: string })[]>;
}

/** Images that can be deployed. */
export interface ReleaseSource {
  /** The release inside an image, read by digest; a `string` says why the image is not a release. */
  release(repository: string, digest: Digest, version: Version): Promise<Release | string>;
  /** The image that a version names; `undefined`: the repository has none. */
  digest(repository: string, version: Version): Promise<Digest | undefined>;
  /** What the registry's scan of an image found. */
  scan(repository: string, digest: Digest): Promise<ImageScan>;
  /** The newest version that the repository holds, whether or not its push was announced. */
  newest(
    repository: string,
  ): Promise<{ readonly version: Version; readonly digest: Digest; readonly pushed: Instant } | undefined>;
}

/** Records of the builds that made the images. */
export interface BuildRecords {
  /** `undefined`: no such build. */
  build(id: string): Promise<BuildRecord | undefined>;
}

/** The slots of a target in ECS, ELBv2 and Application Auto Scaling: the one door through which they change. */
export interface SlotControl {
  observe(settings: Settings): Promise<Observed>;
  /** Makes one change; returns the name of the API call, for the journal. Fit to be repeated. */
  apply(settings: Settings, action: Action): Promise<void>;
  /** Registers the candidate's task definition and returns its ARN. */
  registerTaskDefinition(settings: Settings, release: Release, slot: Slot, deployment: string): Promise<string>;
  /** Last log lines of the slot's most recently stopped task. */
  lastLines(settings: Settings, taskDefinition: string): Promise<readonly string[]>;
}

/** Takes a target's slots away for good. Each is fit to be repeated. */
export interface SlotRemoval {
  removeRules(infrastructure: SlotInfrastructure): Promise<void>;
  /** Services with their scaling; their tasks are told to stop. */
  removeServices(infrastructure: SlotInfrastructure): Promise<void>;
  /** Tasks that have not stopped, run-once ones too. */
  tasksLeft(infrastructure: SlotInfrastructure): Promise<number>;
}

/** How a run-once task stands. */
export type TaskStatus =
  /** ECS does not show it (yet): its answers are eventually consistent. */
  | { readonly state: 'missing' }
  | { readonly state: 'running' /** When its container started. */; readonly since?: Instant }
  | {
      readonly state: 'stopped';
      /** Absent when the container never ran or ECS lost it: never success. */
      readonly exitCode?: number;
      readonly started: boolean;
      readonly stopped: Instant;
      readonly reason: string;
      /** Oldest first. */
      readonly lastLines: readonly string[];
    };

/** Run-once tasks of a release. */
export interface TaskRunner {
  /** Starts the task once per `token` (64 characters at most); `reason`: ECS could not place it. */
  start(request: {
    settings: Settings;
    release: Release;
    purpose: TaskPurpose;
    token: string;
    startedBy: string;
  }): Promise<{ readonly taskArn: string } | { readonly reason: string }>;
  status(settings: Settings, taskArn: string): Promise<TaskStatus>;
  stop(settings: Settings, taskArn: string, reason: string): Promise<void>;
  /** Tasks of migrations of this target that have not stopped. */
  migrationsRunning(settings: Settings): Promise<readonly string[]>;
}

/** What Farol itself does in a target's database. Errors that trying again may mend are thrown. */
export interface TargetDatabase {
  /** Makes roles and rights; nothing is done that is done already. `statements`: how many had to be executed. */
  prepare(settings: Settings): Promise<{ readonly statements: number } | { readonly refused: string }>;
  /** The migrations that the framework has recorded, in alphabetical order. Only where the settings name their table. */
  recordedMigrations(
    settings: Settings,
  ): Promise<{ readonly migrations: readonly string[] } | { readonly refused: string }>;
}

/** Executions of the state machine. */
export interface Executions {
  /** `exists`: the name was used already. Starting the same request twice is harmless. */
  start(request: DeploymentRequest): Promise<'started' | 'exists'>;
  /** `undefined`: no such execution (any more). */
  status(
    executionArn: string,
  ): Promise<{ readonly running: boolean; readonly status: string; readonly stopped?: Instant } | undefined>;
  /** ARN that an execution of this name has. */
  arn(deployment: string): string;
  /** Ends the wait that a task token stands for; `false`: no task waits with it any more. */
  wake(taskToken: string): Promise<boolean>;
}

/** The load balancer's counts. */
export interface TrafficMetrics {
  counts(settings: Settings, slot: Slot, from: Instant, to: Instant): Promise<SlotCounts>;
}

/** An HTTP answer, whole. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly ms: number;
}

/** Nothing answered: the connection was refused or broke off, or the time was over. `noAnswer` says how. */
export interface NoAnswer {
  readonly noAnswer: string;
}

/** Requests to a slot's preview listener. */
export interface Prober {
  /** Follows no redirect. What is thrown is the prober's own failure, and says nothing about the address (I19). */
  get(url: string, headers: Readonly<Record<string, string>>, timeoutMs: number): Promise<Answer | NoAnswer>;
}

/** The pipelines that build applications' releases, and then wait to be told how the deployment ended. */
export interface Pipelines {
  /** Runs that wait; none where the application has no pipeline. */
  waiting(app: string): Promise<readonly (WaitingRun | HopelessRun)[]>;
  /** Ends a run's wait; one that was answered already stays as it is. `summary`: what people read beside it. */
  answer(
    app: string,
    run: Pick<WaitingRun, 'run' | 'token'>,
    result: { readonly approved: boolean; readonly summary: string },
  ): Promise<void>;
}

/** Where what happened to the ledger's entries is kept outside the ledger: lines are added, and none is ever changed. */
export interface Anchors {
  /** Adds lines to a stream, in their order. */
  write(stream: string, lines: readonly AnchorLine[]): Promise<void>;
}

/** Messages to people. */
export interface Notifier {
  publish(subject: string, text: string): Promise<void>;
}

/** The time. */
export interface Clock {
  now(): Instant;
  sleep(ms: number): Promise<void>;
}
