import * as z from 'zod';
import { DeploymentRequest, Phase, PlannedStep } from './ledger.ts';
import { maskSecrets } from './secret-shapes.ts';
import { Slot } from './slot.ts';
import { Target } from './target.ts';
import { LONGEST_REASON, oneLine } from './text.ts';

/**
 * The contract between release.asl.yaml and the functions: what each state hands over and which outcomes it can get.
 * The state machine decides on `outcome` alone. What the domain foresees is an outcome; an exception is a surprise.
 */

/** Carried by every state once the lock is held. */
export const Context = z.strictObject({
  target: Target,
  deployment: z.string().min(1).max(80),
  /** Fencing token of the lock. */
  token: z.int().min(1),
});
export type Context = z.infer<typeof Context>;

/** One bounded line without what has the shape of a secret, whatever was printed, thrown or labelled: it goes into notices, causes and the ledger. */
const plain = (text: string) => oneLine(maskSecrets(text.slice(0, 8 * LONGEST_REASON)), LONGEST_REASON);
const reason = z.string().min(1).transform(plain);
/** A newer holder of the lock exists: end without touching AWS. */
const superseded = z.strictObject({ outcome: z.literal('superseded'), reason });

export const AcquireLock = {
  input: z.strictObject({ request: DeploymentRequest, executionArn: z.string() }),
  output: z.discriminatedUnion('outcome', [
    z.strictObject({
      outcome: z.literal('acquired'),
      token: z.int(),
      /** Until the last call of a former holder has ended for certain. */
      waitSeconds: z.int().min(0),
      /**
       * `unsettled`: the last deployment did not end with all the traffic on live for certain, and that comes first. `frozen`: a
       * recovery found that people must look; all that it may do is free the lock.
       */
      found: z.enum(['settled', 'unsettled', 'frozen']),
      reason,
    }),
    z.strictObject({ outcome: z.literal('busy'), reason }),
    z.strictObject({ outcome: z.literal('duplicate'), reason }),
    z.strictObject({ outcome: z.literal('refused'), reason }),
  ]),
};

const asks = {
  /** How long people have for their answer; 0: no one is asked. */
  approvalSeconds: z.int().min(0),
  /** Whether they are asked before anything of the release but its plan has run. */
  approvalFirst: z.boolean(),
};

export const Preflight = {
  input: z.strictObject({
    context: Context,
    request: DeploymentRequest,
    /** When it was asked first: what it waits for has its time from then. */
    began: z.iso.datetime(),
    looks: z.int().min(1),
  }),
  output: z.discriminatedUnion('outcome', [
    z.strictObject({ outcome: z.literal('first'), candidate: Slot, steps: z.array(PlannedStep), ...asks }),
    z.strictObject({ outcome: z.literal('update'), candidate: Slot, steps: z.array(PlannedStep), ...asks }),
    /** No task of live is healthy: no share of the traffic is tried first. `reason`: why. */
    z.strictObject({ outcome: z.literal('rescue'), candidate: Slot, steps: z.array(PlannedStep), reason, ...asks }),
    /** What proves the release is not there yet: look again after the wait. */
    z.strictObject({ outcome: z.literal('waiting'), reason, waitSeconds: z.int().min(1) }),
    z.strictObject({ outcome: z.literal('unchanged'), reason }),
    z.strictObject({ outcome: z.literal('refused'), reason }),
    superseded,
  ]),
};

/** The database's roles and rights, made by a function of Farol's own before anything of a release runs. */
export const PrepareDatabase = {
  input: z.strictObject({ context: Context }),
  output: z.discriminatedUnion('outcome', [
    z.strictObject({ outcome: z.literal('prepared') }),
    /** The target has no database. */
    z.strictObject({ outcome: z.literal('none') }),
    z.strictObject({ outcome: z.literal('refused'), reason }),
    superseded,
  ]),
};

/** `plan`: the task that tells what a migration would do. `migrate`: the migration. */
export const TaskPurpose = z.enum(['plan', 'migrate']);
export type TaskPurpose = z.infer<typeof TaskPurpose>;

export const StartTask = {
  input: z.strictObject({ context: Context, purpose: TaskPurpose, attempt: z.int().min(1) }),
  output: z.discriminatedUnion('outcome', [
    z.strictObject({ outcome: z.literal('started'), taskArn: z.string() }),
    /** The application has no such command. */
    z.strictObject({ outcome: z.literal('none') }),
    /** Plan: there is no command that tells, and the settings let it pass. */
    z.strictObject({ outcome: z.literal('allowed'), reason }),
    z.strictObject({ outcome: z.literal('refused'), reason }),
    z.strictObject({ outcome: z.literal('failed'), reason }),
    superseded,
  ]),
};

export const CheckTask = {
  input: z.strictObject({
    context: Context,
    purpose: TaskPurpose,
    taskArn: z.string(),
    attempt: z.int().min(1),
    looks: z.int().min(1),
  }),
  output: z.discriminatedUnion('outcome', [
    z.strictObject({ outcome: z.literal('running'), waitSeconds: z.int().min(1) }),
    /** Plan: nothing to migrate. */
    z.strictObject({ outcome: z.literal('none') }),
    /** Plan: may be migrated. */
    z.strictObject({ outcome: z.literal('allowed'), reason }),
    /** Plan: may not. */
    z.strictObject({ outcome: z.literal('refused'), reason }),
    z.strictObject({ outcome: z.literal('succeeded') }),
    /** Another migration holds the database's lock; begin again after the wait. */
    z.strictObject({ outcome: z.literal('busy'), waitSeconds: z.int().min(1) }),
    z.strictObject({ outcome: z.literal('failed'), reason }),
    /** It was killed half-way: what it left in the schema only a person can judge. */
    z.strictObject({ outcome: z.literal('needs person'), reason }),
    superseded,
  ]),
};

export const Converge = {
  input: z.strictObject({
    context: Context,
    phase: Phase,
    weight: z.int().min(0).max(100).optional(),
    reason: reason.optional(),
  }),
  output: z.discriminatedUnion('outcome', [
    /** `left`: what of it is not as it should be, though nothing that serves needs it. */
    z.strictObject({ outcome: z.literal('converged'), left: reason.optional() }),
    z.strictObject({ outcome: z.literal('progressing'), waitingFor: reason }),
    z.strictObject({ outcome: z.literal('stuck'), reason }),
    z.strictObject({ outcome: z.literal('refused'), reason }),
    superseded,
  ]),
};

export const Smoke = {
  input: z.strictObject({ context: Context, role: z.enum(['candidate', 'live']) }),
  output: z.discriminatedUnion('outcome', [
    z.strictObject({ outcome: z.literal('pass'), checks: z.int() }),
    z.strictObject({ outcome: z.literal('fail'), reason }),
    /** The checks could not be made: that says nothing about the application (I19). They are made again, until a bound. */
    z.strictObject({ outcome: z.literal('error'), reason }),
    superseded,
  ]),
};

export const CheckStep = {
  input: z.strictObject({ context: Context, weight: z.int().min(1).max(100), since: z.string(), smoke: Smoke.output }),
  output: z.discriminatedUnion('outcome', [
    z.strictObject({ outcome: z.literal('pass'), reason }),
    z.strictObject({ outcome: z.literal('fail'), reason }),
    z.strictObject({ outcome: z.literal('inconclusive'), reason }),
    /** The smoke checks could not be asked. */
    z.strictObject({ outcome: z.literal('error'), reason }),
    superseded,
  ]),
};

/** What of a deployment waits for people: its candidate and all else, its migration, or its first share of the traffic. */
export const Irreversible = z.enum(['candidate', 'migrate', 'traffic']);
export type Irreversible = z.infer<typeof Irreversible>;

export const AskApproval = {
  input: z.strictObject({ context: Context, before: Irreversible, taskToken: z.string().min(1) }),
  /** Not read: the state waits for its token. What must end the wait is thrown. */
  output: z.discriminatedUnion('outcome', [z.strictObject({ outcome: z.literal('asked') })]),
};

export const ReadApproval = {
  input: z.strictObject({ context: Context }),
  output: z.discriminatedUnion('outcome', [
    z.strictObject({ outcome: z.literal('approved'), reason }),
    z.strictObject({ outcome: z.literal('rejected'), reason }),
    z.strictObject({ outcome: z.literal('expired'), reason }),
    superseded,
  ]),
};

export const Freeze = {
  input: z.strictObject({ context: Context, reason }),
  output: z.discriminatedUnion('outcome', [z.strictObject({ outcome: z.literal('frozen'), reason }), superseded]),
};

/** How a deployment ended. */
export const Result = z.enum([
  'live',
  'unchanged',
  'restored',
  'rolled back',
  'refused',
  'frozen',
  /** Farol itself failed while it brought back what is live. A recovery goes on. */
  'interrupted',
]);
export type Result = z.infer<typeof Result>;

export const Finish = {
  input: z.strictObject({
    context: Context,
    result: Result,
    reason: z.string().transform(plain),
  }),
  output: z.discriminatedUnion('outcome', [
    z.strictObject({ outcome: z.literal('succeeded'), sentence: z.string(), next: z.string().optional() }),
    z.strictObject({ outcome: z.literal('failed'), sentence: z.string(), next: z.string().optional() }),
    superseded,
  ]),
};

/** Every function that the state machine calls, by its folder's name. */
export const STATE_FUNCTIONS = {
  'acquire-lock': AcquireLock,
  preflight: Preflight,
  'prepare-database': PrepareDatabase,
  'start-task': StartTask,
  'check-task': CheckTask,
  converge: Converge,
  smoke: Smoke,
  'ask-approval': AskApproval,
  'read-approval': ReadApproval,
  'check-step': CheckStep,
  freeze: Freeze,
  finish: Finish,
} as const;
