import * as z from 'zod';
import { Deployable, Digest, ReleaseJson, Version } from './release.ts';
import { Settings } from './settings.ts';
import { Slot, SlotRole, Weights } from './slot.ts';
import { Target } from './target.ts';

/** A moment, ISO 8601 in UTC with milliseconds. */
export const Instant = z.iso.datetime({ precision: 3 });
export type Instant = z.infer<typeof Instant>;

/**
 * The ledger's tables, by what is written together. A function has rights on tables, and so only on the parts that it
 * writes: DynamoDB's finer conditions (dynamodb:LeadingKeys) are not relied on.
 */
export const LEDGER_PARTS = [
  /** Who may act on a target. */
  'locks',
  /** What is live, warm or frozen. */
  'heads',
  /** Deployments with their plans, what waits, which settings were carried by what. */
  'records',
  /** What deployments have proven. */
  'facts',
  /** What people were asked, what they answered, and the fact of it. */
  'approvals',
  /** Intents, changes of AWS and weights, written by `converge` alone. */
  'changes',
  /** The chain of entries. Functions add to it; nothing changes or deletes an entry. */
  'entries',
] as const;
export type LedgerPart = (typeof LEDGER_PARTS)[number];

/** Name of a part's table. @param ledger `farol-ledger` */
export function ledgerTable(ledger: string, part: LedgerPart): string {
  return `${ledger}-${part}`;
}

/** The partition of what belongs to a target, in the tables of heads, locks, records and changes. */
export function targetPartition(target: Target): string {
  return `TARGET#${target}`;
}

/** What an execution of the state machine is started with. The same push always makes the same bytes: StartExecution's idempotency rests on it. */
export const DeploymentRequest = z.strictObject({
  /**
   * `release`: make a deployable live. `settings`: make what is live live again with the settings as they are now published.
   * `recovery`: bring a target whose execution ended badly back to what the ledger calls live.
   */
  kind: z.enum(['release', 'settings', 'recovery']),
  target: Target,
  deployment: z.string().min(1).max(80),
  version: Version,
  digest: Digest,
  attempt: z.int().min(1),
  cause: z.string(),
  /** A person deploys it as a rescue: nothing that was left behind, and no target that is unwell, holds it up. */
  rescue: z.literal(true).optional(),
});
export type DeploymentRequest = z.infer<typeof DeploymentRequest>;

/** The lock of a target. Its token only rises, also when the lock is freed: a call with a lower one is refused. */
export const Lock = z.strictObject({
  token: z.int().min(1),
  deployment: z.string().optional(),
  executionArn: z.string().optional(),
  at: Instant,
});
export type Lock = z.infer<typeof Lock>;

/** A slot and what is in it. */
export const Placement = z.strictObject({
  slot: Slot,
  deployable: Deployable,
  taskDefinition: z.string(),
  releaseJson: ReleaseJson,
  /** The deployment that made it live: its plan has the settings that it runs with. */
  deployment: z.string(),
});
export type Placement = z.infer<typeof Placement>;

/** What is true of a target now. */
export const Head = z.strictObject({
  live: Placement.optional(),
  warm: Placement.extend({ until: Instant }).optional(),
  frozen: z.strictObject({ reason: z.string(), at: Instant, deployment: z.string() }).optional(),
});
export type Head = z.infer<typeof Head>;

/** What a slot is to hold: a deployable with its minimum and maximum capacity, or nothing. */
export const SlotIntent = z.discriminatedUnion('state', [
  z.strictObject({ state: z.literal('empty') }),
  z.strictObject({
    state: z.literal('filled'),
    role: SlotRole,
    deployable: Deployable,
    taskDefinition: z.string(),
    min: z.int().min(1),
    max: z.int().min(1),
    /** Tasks to start with; scaling moves it between min and max afterwards. */
    desired: z.int().min(1),
    /** Whether scaling may take tasks away, add them. */
    scaleIn: z.boolean(),
    scaleOut: z.boolean(),
  }),
]);
export type SlotIntent = z.infer<typeof SlotIntent>;

/** Steps of a deployment that change AWS, each an intent. */
export const Phase = z.enum(['empty', 'start', 'shift', 'promote', 'restore']);
export type Phase = z.infer<typeof Phase>;

/** The desired state of a target. `converge` makes it true. */
export const Intent = z.strictObject({
  n: z.int().min(1),
  token: z.int().min(1),
  deployment: z.string(),
  /** The deployment whose plan has the settings that the intent is made true with: a recovery has no plan of its own. */
  settingsOf: z.string(),
  phase: Phase,
  slots: z.strictObject({ blue: SlotIntent, green: SlotIntent }),
  /** `null`: no production rule; the listener's fixed 503 answers. */
  weights: Weights.nullable(),
  at: Instant,
  /** The deployment is a rescue: live serves no request, so the health of its slot holds nothing up. */
  rescue: z.literal(true).optional(),
  /** When AWS was seen to be as the intent of a last phase wants it. Without it the target is not known to be in order. */
  settled: Instant.optional(),
});
export type Intent = z.infer<typeof Intent>;

/**
 * The weights that were last written and when: from then on the settle time counts. While their change is under way it is the
 * latest moment at which it can take effect, so that a change whose answer got lost never counts as an older one.
 */
export const Traffic = z.strictObject({ weights: Weights.nullable(), at: Instant });
export type Traffic = z.infer<typeof Traffic>;

/** One check interval within a step of the traffic plan, in the units the state machine waits in. */
export const PlannedStep = z.strictObject({
  weight: z.int().min(1).max(100),
  /** How many times the step is checked before the next one. */
  checks: z.int().min(1),
  /** Whole seconds between two checks: a Wait state takes no fractions. */
  checkSeconds: z.int().min(1),
  /** Seconds by which the step's last check comes later: what CloudWatch needs to show all of the bake. */
  metricsSeconds: z.int().min(0),
});
export type PlannedStep = z.infer<typeof PlannedStep>;

/** The latest deployment that carried a settings revision, whatever became of it: no revision is tried twice by itself. */
export const SettingsClaim = z.strictObject({ request: DeploymentRequest, at: Instant });
export type SettingsClaim = z.infer<typeof SettingsClaim>;

/** What a deployment is to do, fixed by preflight: nothing read later can change it. */
export const DeploymentPlan = z.strictObject({
  settings: Settings,
  deployable: Deployable,
  commit: z.string(),
  /** As the commit says. */
  author: z.string(),
  build: z.string(),
  releaseJson: ReleaseJson,
  candidate: Slot,
  live: Placement.optional(),
  /** Why it is a rescue: live serves no request, so there is nothing to compare with and nothing to go back to. */
  rescue: z.string().optional(),
  /** Tasks that live had when the plan was made, and so the candidate's number. */
  capacity: z.int().min(1),
  steps: z.array(PlannedStep).min(1),
});
export type DeploymentPlan = z.infer<typeof DeploymentPlan>;

/** What a deployment has proven; no weight without the facts of its deployable. */
export const FactKind = z.enum([
  'provenance',
  'scan',
  'migration-plan',
  'recorded-migrations',
  'approval',
  'migration',
  'smoke',
  'live-check',
  'task-definition',
]);
export type FactKind = z.infer<typeof FactKind>;
export const Fact = z.strictObject({
  kind: FactKind,
  deployable: Deployable,
  at: Instant,
  detail: z.record(z.string(), z.unknown()),
});
export type Fact = z.infer<typeof Fact>;

/** Kinds of ledger entries: each transition of a target, in words. */
export const EntryType = z.enum([
  'deployment began',
  'deployment queued',
  'deployment refused',
  'fact',
  'database prepared',
  'approval asked',
  'approval decided',
  'intent',
  'promoted',
  'rescue began',
  'roll back began',
  'frozen',
  'unfrozen',
  'deployment ended',
  'recovery began',
]);
export type EntryType = z.infer<typeof EntryType>;

/** An entry of the append-only ledger. `previous` is the hash of the entry before, so that an overwritten one shows. */
export const Entry = z.strictObject({
  seq: z.int().min(1),
  previous: z.string(),
  at: Instant,
  type: EntryType,
  /** Who or what moved it: an event, a person, a check. */
  cause: z.string(),
  deployment: z.string(),
  facts: z.record(z.string(), z.unknown()),
});
export type Entry = z.infer<typeof Entry>;

/** A change of AWS, written down before it is made and closed when it was answered. */
export const Change = z.strictObject({
  n: z.int().min(1),
  token: z.int().min(1),
  intent: z.int().min(1),
  call: z.string(),
  action: z.record(z.string(), z.unknown()),
  at: Instant,
  done: Instant.optional(),
  error: z.string().optional(),
});
export type Change = z.infer<typeof Change>;
