import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import {
  Change,
  DeploymentPlan,
  DeploymentRequest,
  Fact,
  type FactKind,
  type Head,
  Instant,
  Intent,
  type LedgerPart,
  Lock,
  SettingsClaim,
  Traffic,
  targetPartition,
} from '#core/contract/ledger.ts';
import { type Context, Result } from '#core/contract/states.ts';
import type { Target } from '#core/contract/target.ts';
import { compareVersions } from '#core/contract/version.ts';
import type { IntentDraft } from '#core/domain/intent.ts';
import {
  type Clock,
  type DeploymentRecord,
  type Ledger,
  type Proof,
  Superseded,
  type Transition,
} from '#core/ports.ts';
import { DynamoChain, type HeadChange } from './dynamo-chain.ts';
import { ABSENT, DynamoTables, PRESENT, untilSettled, type Write } from './dynamo-table.ts';

/** Without a request: what waited was taken from the queue, by a put, since nothing of the ledger is ever deleted. */
const Waiting = z.strictObject({ request: DeploymentRequest.optional(), at: Instant });
const Meta = z.strictObject({
  request: DeploymentRequest,
  plan: DeploymentPlan.optional(),
  recovers: z.string().optional(),
  ended: z.strictObject({ result: Result, sentence: z.string(), at: Instant }).optional(),
});

/** The table of what belongs to a target. */
const OF_TARGET = { LOCK: 'locks', WAITING: 'records', INTENT: 'changes', TRAFFIC: 'changes' } as const;
const targetKey = (target: Target, sk: keyof typeof OF_TARGET) => ({
  table: OF_TARGET[sk],
  pk: targetPartition(target),
  sk,
});
const claimKey = (target: Target, settingsHash: string) =>
  ({ table: 'records', pk: `SETTINGS#${target}`, sk: settingsHash }) as const;
/** Where what belongs to a deployment lies. */
export const ofDeployment = (table: LedgerPart, deployment: string) => ({ table, pk: `DEPLOYMENT#${deployment}` });
const metaKey = (deployment: string) => ({ ...ofDeployment('records', deployment), sk: 'META' });
const factKey = (deployment: string, kind: Exclude<FactKind, 'approval'>) => ({
  ...ofDeployment('facts', deployment),
  sk: `FACT#${kind}`,
});
/** The fact is stored with the answer that it is about: a function that proves something else cannot write it. */
export const approvalFactKey = (deployment: string) => ({
  ...ofDeployment('approvals', deployment),
  sk: 'FACT#approval',
});
const changeKey = (deployment: string, n: number) => ({
  ...ofDeployment('changes', deployment),
  sk: `CHANGE#${String(n).padStart(6, '0')}`,
});

/**
 * The ledger in DynamoDB. Each transition is one transaction of the head, the next entry of the append-only
 * chain, what it writes besides and a check of the lock's token, so that entry, head and authority never disagree.
 */
export class DynamoLedger implements Ledger {
  readonly #tables: DynamoTables;
  readonly #chain: DynamoChain;
  readonly #clock: Clock;

  constructor(client: DynamoDBDocumentClient, ledger: string, clock: Clock) {
    this.#tables = new DynamoTables(client, ledger);
    this.#chain = new DynamoChain(this.#tables, clock);
    this.#clock = clock;
  }

  head(target: Target): Promise<Head> {
    return this.#chain.head(target);
  }

  lock(target: Target): Promise<Lock | undefined> {
    return this.#tables.get(targetKey(target, 'LOCK'), Lock);
  }

  async takeLock(
    request: DeploymentRequest,
    executionArn: string,
    from: Lock | undefined,
  ): Promise<number | undefined> {
    const { target, deployment, cause } = request;
    const token = (from?.token ?? 0) + 1;
    const lock: Lock = { token, deployment, executionArn, at: this.#clock.now() };
    const recovers = from?.deployment;
    // The holder counts as well as the token: a lock freed meanwhile has the same token, and nothing to recover from.
    const when = from === undefined ? { pk: ABSENT } : { token: from.token, deployment: recovers ?? ABSENT };
    const transition: Transition =
      recovers === undefined
        ? { type: 'deployment began', cause, facts: { version: request.version, digest: request.digest, token } }
        : { type: 'recovery began', cause, facts: { of: recovers, token } };
    const refused = await this.#chain.append(target, deployment, transition, [
      { put: { ...targetKey(target, 'LOCK'), ...lock }, when },
      putMeta({ request, ...(recovers === undefined ? {} : { recovers }) }),
    ]);
    return refused.length === 0 ? token : undefined;
  }

  async refuse(request: DeploymentRequest, sentence: string, cause: string): Promise<boolean> {
    const { target, deployment, version } = request;
    const ended = { result: 'refused', sentence, at: this.#clock.now() } as const;
    const refused = await this.#chain.append(
      target,
      deployment,
      { type: 'deployment refused', cause, facts: { version, sentence } },
      [{ ...putMeta({ request, ended }), when: { ended: ABSENT } }],
    );
    return refused.length === 0;
  }

  async endDeployment(context: Context, ended: { result: Result; sentence: string; cause: string }): Promise<void> {
    const { target, deployment, token } = context;
    const { result, sentence, cause } = ended;
    const at = this.#clock.now();
    const refused = await this.#chain.append(
      target,
      deployment,
      { type: 'deployment ended', cause, facts: { result, sentence } },
      [
        {
          update: targetKey(target, 'LOCK'),
          set: { at },
          remove: ['deployment', 'executionArn'],
          when: { token, deployment },
        },
        {
          update: metaKey(deployment),
          set: { ended: { result, sentence, at } },
          when: { pk: PRESENT },
        },
      ],
    );
    requireWritten(context, refused);
  }

  async closeRecord(deployment: string, { result, sentence }: { result: Result; sentence: string }): Promise<void> {
    const refused = await this.#write(`the record of ${deployment}`, [
      {
        update: metaKey(deployment),
        set: { ended: { result, sentence, at: this.#clock.now() } },
        when: { pk: PRESENT, ended: ABSENT },
      },
    ]);
    if (refused.length > 0 && (await this.deployment(deployment)) === undefined)
      throw new Error(`the ledger has no record of ${deployment}`);
  }

  deployment(id: string): Promise<DeploymentRecord | undefined> {
    return this.#tables.get(metaKey(id), Meta);
  }

  async savePlan(context: Context, plan: DeploymentPlan): Promise<void> {
    const { request } = (await this.deployment(context.deployment)) ?? {};
    if (request === undefined) throw new Superseded(`${context.deployment} never held the lock of ${context.target}.`);
    await this.#guarded(context, [
      { update: metaKey(context.deployment), set: { plan }, when: { pk: PRESENT } },
      { put: { ...claimKey(context.target, plan.deployable.settingsHash), request, at: this.#clock.now() } },
    ]);
  }

  settingsClaim(target: Target, settingsHash: string): Promise<SettingsClaim | undefined> {
    return this.#tables.get(claimKey(target, settingsHash), SettingsClaim);
  }

  async claimSettings(
    settingsHash: string,
    request: DeploymentRequest,
    from: SettingsClaim | undefined,
  ): Promise<boolean> {
    const refused = await this.#write(`the claim of settings ${settingsHash}`, [
      {
        put: { ...claimKey(request.target, settingsHash), request, at: this.#clock.now() },
        when: from === undefined ? { pk: ABSENT } : { 'request.deployment': from.request.deployment },
      },
    ]);
    return refused.length === 0;
  }

  async facts(deployment: string): Promise<Partial<Record<FactKind, Fact>>> {
    const [proven, approval] = await Promise.all([
      this.#tables.list(ofDeployment('facts', deployment), 'FACT#'),
      this.#tables.get(approvalFactKey(deployment), Fact),
    ]);
    // By where it lies, not by what it says it is: no writer of other facts can make one an approval.
    const facts = proven.map((item) => Fact.parse(item)).filter(({ kind }) => kind !== 'approval');
    return Object.fromEntries(
      [...facts, ...(approval === undefined ? [] : [approval])].map((fact) => [fact.kind, fact]),
    );
  }

  async saveFact(context: Context, fact: Proof, cause: string): Promise<void> {
    const whole: Fact = { ...fact, at: this.#clock.now() };
    await this.#transition(context, { type: 'fact', cause, facts: { kind: fact.kind, ...fact.detail } }, [
      { put: { ...factKey(context.deployment, fact.kind), ...whole } },
    ]);
  }

  async waiting(target: Target): Promise<DeploymentRequest | undefined> {
    return (await this.#tables.get(targetKey(target, 'WAITING'), Waiting))?.request;
  }

  enqueue(request: DeploymentRequest, holder: Lock, queuedUnder: string): Promise<'queued' | 'lock moved' | 'older'> {
    const { target, deployment, version, cause } = request;
    return untilSettled(this.#clock, `the queue of ${target}`, async () => {
      const before = await this.waiting(target);
      if (before !== undefined && compareVersions(before.version, version) > 0) return 'older';
      if (before?.deployment === deployment) return (await this.#isHeld(target, holder)) ? 'queued' : 'lock moved';
      const facts = {
        version,
        behind: holder.deployment,
        ...(before === undefined ? {} : { replaces: before.version }),
      };
      const refused = await this.#chain.append(target, deployment, { type: 'deployment queued', cause, facts }, [
        { check: targetKey(target, 'LOCK'), when: { token: holder.token, deployment: PRESENT } },
        {
          put: { ...targetKey(target, 'WAITING'), request, at: this.#clock.now() },
          when: before === undefined ? { request: ABSENT } : { 'request.deployment': before.deployment },
        },
        putMeta({ request: { ...request, deployment: queuedUnder } }),
      ]);
      if (refused.length === 0) return 'queued';
      return refused.includes(0) ? 'lock moved' : 'again';
    });
  }

  async #isHeld(target: Target, { token }: Lock): Promise<boolean> {
    const lock = await this.lock(target);
    return lock?.token === token && lock.deployment !== undefined;
  }

  async dequeue({ target, deployment }: DeploymentRequest): Promise<void> {
    // Refused: somebody dequeued it, or a newer push took its place. Both are what was wanted.
    await this.#write(`the queue of ${target}`, [
      { put: { ...targetKey(target, 'WAITING'), at: this.#clock.now() }, when: { 'request.deployment': deployment } },
    ]);
  }

  intent(target: Target): Promise<Intent | undefined> {
    return this.#tables.get(targetKey(target, 'INTENT'), Intent);
  }

  async writeIntent(context: Context, draft: IntentDraft, cause: string): Promise<Intent> {
    const { target, token, deployment } = context;
    const [before, { live, warm }] = await Promise.all([this.intent(target), this.head(target)]);
    const intent: Intent = { ...draft, n: (before?.n ?? 0) + 1, token, deployment, at: this.#clock.now() };
    const warmIsEmptied = warm !== undefined && intent.slots[warm.slot].state === 'empty';
    const warmIsReplaced = warm !== undefined && live?.slot === warm.slot;
    const { n, phase, weights, slots } = intent;
    await this.#transition(
      context,
      { type: 'intent', cause, facts: { n, phase, weights, slots } },
      [
        {
          put: { ...targetKey(target, 'INTENT'), ...intent },
          when: before === undefined ? { pk: ABSENT } : { n: before.n },
        },
      ],
      warmIsEmptied || warmIsReplaced ? { warm: undefined } : {},
    );
    return intent;
  }

  async settle(context: Context, { n }: Pick<Intent, 'n'>): Promise<void> {
    await this.#guarded(context, [
      { update: targetKey(context.target, 'INTENT'), set: { settled: this.#clock.now() }, when: { n } },
    ]);
  }

  traffic(target: Target): Promise<Traffic | undefined> {
    return this.#tables.get(targetKey(target, 'TRAFFIC'), Traffic);
  }

  async lastChange(deployment: string): Promise<Change | undefined> {
    const item = await this.#tables.last(ofDeployment('changes', deployment), 'CHANGE#');
    return item === undefined ? undefined : Change.parse(item);
  }

  async openChange(
    context: Context,
    change: Pick<Change, 'n' | 'intent' | 'call' | 'action'>,
    traffic?: Traffic,
  ): Promise<void> {
    const whole: Change = { ...change, token: context.token, at: this.#clock.now() };
    await this.#guarded(context, [
      { put: { ...changeKey(context.deployment, change.n), ...whole }, when: { pk: ABSENT } },
      ...(traffic === undefined ? [] : [{ put: { ...targetKey(context.target, 'TRAFFIC'), ...traffic } }]),
    ]);
  }

  async closeChange(
    context: Context,
    n: number,
    { traffic, error }: { traffic?: Traffic['weights']; error?: string },
  ): Promise<void> {
    const at = this.#clock.now();
    await this.#guarded(context, [
      {
        update: changeKey(context.deployment, n),
        set: { done: at, ...(error === undefined ? {} : { error }) },
        when: { pk: PRESENT },
      },
      ...(traffic === undefined ? [] : [{ put: { ...targetKey(context.target, 'TRAFFIC'), weights: traffic, at } }]),
    ]);
  }

  async promote(context: Context, { live, warm }: Pick<Head, 'live' | 'warm'>, cause: string): Promise<void> {
    const facts = { version: live?.deployable.version, slot: live?.slot, warm: warm?.deployable.version };
    await this.#transition(context, { type: 'promoted', cause, facts }, [], { live, warm });
  }

  async freeze(context: Context, reason: string): Promise<void> {
    const frozen = { reason, at: this.#clock.now(), deployment: context.deployment };
    await this.#transition(context, { type: 'frozen', cause: reason }, [], { frozen });
  }

  async unfreeze(target: Target, frozen: NonNullable<Head['frozen']>, cause: string): Promise<boolean> {
    // Only the holder of the lock freezes: while the lock is free, what was read is what is removed.
    const head = await this.head(target);
    if (head.frozen?.at !== frozen.at) return false;
    const free = { check: targetKey(target, 'LOCK'), when: { deployment: ABSENT } };
    const facts = { frozen: frozen.reason };
    const entry = { type: 'unfrozen', cause, facts } as const;
    return (await this.#chain.append(target, frozen.deployment, entry, [free], { frozen: undefined })).length === 0;
  }

  async note(context: Context, transition: Transition): Promise<void> {
    await this.#transition(context, transition, []);
  }

  /** Appends what the holder of the lock did, with `writes`. */
  async #transition(
    context: Context,
    transition: Transition,
    writes: readonly Write[],
    change: HeadChange = {},
  ): Promise<void> {
    const { target, deployment } = context;
    requireWritten(
      context,
      await this.#chain.append(target, deployment, transition, [tokenCheck(context), ...writes], change),
    );
  }

  /** Writes for the holder of the lock what is no transition. */
  async #guarded(context: Context, writes: readonly Write[]): Promise<void> {
    requireWritten(context, await this.#write(`what ${context.deployment} writes`, [tokenCheck(context), ...writes]));
  }

  /** The writes that were refused, by their place. */
  #write(what: string, writes: readonly Write[]): Promise<readonly number[]> {
    return untilSettled(this.#clock, what, async () => {
      const outcome = await this.#tables.write(writes);
      if (outcome === 'conflict') return 'again';
      return outcome === 'written' ? [] : outcome.refused;
    });
  }
}

/** Always the first write of a list, see {@link requireWritten}. */
export function tokenCheck({ target, token, deployment }: Context): Write {
  return { check: targetKey(target, 'LOCK'), when: { token, deployment } };
}

function putMeta(meta: DeploymentRecord): Write {
  return { put: { ...metaKey(meta.request.deployment), ...meta } };
}

/** @throws {Superseded} when the first write, which looks at the lock, was among the refused */
export function requireWritten({ deployment, target, token }: Context, refused: readonly number[]): void {
  if (refused.includes(0))
    throw new Superseded(`${deployment} no longer holds the lock of ${target} (its token was ${token}).`);
  if (refused.length > 0)
    throw new Error(`the ledger refused a write of ${deployment}: somebody changed what it was about`);
}
