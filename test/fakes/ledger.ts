import type { Approval, Decision } from '#core/contract/approval.ts';
import type {
  Change,
  DeploymentPlan,
  DeploymentRequest,
  Entry,
  Fact,
  FactKind,
  Head,
  Intent,
  Lock,
  SettingsClaim,
  Traffic,
} from '#core/contract/ledger.ts';
import type { Deployable } from '#core/contract/release.ts';
import type { Context, Result } from '#core/contract/states.ts';
import type { Target } from '#core/contract/target.ts';
import { compareVersions } from '#core/contract/version.ts';
import type { IntentDraft } from '#core/domain/intent.ts';
import { CHAIN_START, entryHash } from '#core/domain/ledger-chain.ts';
import {
  type Approvals,
  type Clock,
  type DeploymentRecord,
  type Ledger,
  type Proof,
  Superseded,
  type Transition,
} from '#core/ports.ts';

/** The ledger's promises kept in memory. Everything in it is open to a test's eyes. */
export class FakeLedger implements Ledger, Approvals {
  readonly entries: Entry[] = [];
  /** The entries of each target. */
  readonly #chains = new Map<string, readonly Entry[]>();
  readonly locks = new Map<string, Lock>();
  readonly heads = new Map<string, Head>();
  readonly records = new Map<string, DeploymentRecord>();
  readonly factsOf = new Map<string, Partial<Record<FactKind, Fact>>>();
  readonly claims = new Map<string, SettingsClaim>();
  readonly queue = new Map<string, DeploymentRequest>();
  readonly approvals = new Map<string, Approval>();
  readonly intents = new Map<string, Intent>();
  readonly trafficOf = new Map<string, Traffic>();
  readonly changes: (Change & { deployment: string })[] = [];
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async head(target: Target): Promise<Head> {
    return this.#head(target);
  }

  async lock(target: Target): Promise<Lock | undefined> {
    return this.locks.get(target);
  }

  async takeLock(
    request: DeploymentRequest,
    executionArn: string,
    from: Lock | undefined,
  ): Promise<number | undefined> {
    const { target, deployment, cause } = request;
    const held = this.locks.get(target);
    if (held?.token !== from?.token || held?.deployment !== from?.deployment) return undefined;
    const token = (from?.token ?? 0) + 1;
    const recovers = from?.deployment;
    this.locks.set(target, { token, deployment, executionArn, at: this.#clock.now() });
    this.records.set(deployment, { request, ...(recovers === undefined ? {} : { recovers }) });
    this.#append(
      target,
      deployment,
      recovers === undefined
        ? { type: 'deployment began', cause, facts: { version: request.version, digest: request.digest, token } }
        : { type: 'recovery began', cause, facts: { of: recovers, token } },
    );
    return token;
  }

  async refuse(request: DeploymentRequest, sentence: string, cause: string): Promise<boolean> {
    const { target, deployment, version } = request;
    if (this.records.get(deployment)?.ended !== undefined) return false;
    this.records.set(deployment, { request, ended: { result: 'refused', sentence, at: this.#clock.now() } });
    this.#append(target, deployment, { type: 'deployment refused', cause, facts: { version, sentence } });
    return true;
  }

  async endDeployment(
    context: Context,
    { result, sentence, cause }: { result: Result; sentence: string; cause: string },
  ): Promise<void> {
    const { target, deployment, token } = context;
    this.#requireToken(context);
    const record = this.#record(deployment);
    const at = this.#clock.now();
    this.locks.set(target, { token, at });
    this.records.set(deployment, { ...record, ended: { result, sentence, at } });
    this.#append(target, deployment, { type: 'deployment ended', cause, facts: { result, sentence } });
  }

  async closeRecord(deployment: string, ended: { result: Result; sentence: string }): Promise<void> {
    const record = this.#record(deployment);
    if (record.ended === undefined)
      this.records.set(deployment, { ...record, ended: { ...ended, at: this.#clock.now() } });
  }

  async deployment(id: string): Promise<DeploymentRecord | undefined> {
    return this.records.get(id);
  }

  async savePlan(context: Context, plan: DeploymentPlan): Promise<void> {
    this.#requireToken(context);
    const record = this.#record(context.deployment);
    this.records.set(context.deployment, { ...record, plan });
    const claim = { request: record.request, at: this.#clock.now() };
    this.claims.set(`${context.target} ${plan.deployable.settingsHash}`, claim);
  }

  async settingsClaim(target: Target, settingsHash: string): Promise<SettingsClaim | undefined> {
    return this.claims.get(`${target} ${settingsHash}`);
  }

  async claimSettings(
    settingsHash: string,
    request: DeploymentRequest,
    from: SettingsClaim | undefined,
  ): Promise<boolean> {
    const key = `${request.target} ${settingsHash}`;
    if (this.claims.get(key)?.request.deployment !== from?.request.deployment) return false;
    this.claims.set(key, { request, at: this.#clock.now() });
    return true;
  }

  async facts(deployment: string): Promise<Partial<Record<FactKind, Fact>>> {
    return this.factsOf.get(deployment) ?? {};
  }

  async saveFact(context: Context, fact: Proof, cause: string): Promise<void> {
    await this.note(context, { type: 'fact', cause, facts: { kind: fact.kind, ...fact.detail } });
    this.factsOf.set(context.deployment, {
      ...this.factsOf.get(context.deployment),
      [fact.kind]: { ...fact, at: this.#clock.now() },
    });
  }

  async waiting(target: Target): Promise<DeploymentRequest | undefined> {
    return this.queue.get(target);
  }

  async enqueue(
    request: DeploymentRequest,
    holder: Lock,
    queuedUnder: string,
  ): Promise<'queued' | 'lock moved' | 'older'> {
    const { target, deployment, version, cause } = request;
    const before = this.queue.get(target);
    if (before !== undefined && compareVersions(before.version, version) > 0) return 'older';
    const held = this.locks.get(target);
    if (held?.token !== holder.token || held.deployment === undefined) return 'lock moved';
    if (before?.deployment === deployment) return 'queued';
    this.queue.set(target, request);
    this.records.set(queuedUnder, { request: { ...request, deployment: queuedUnder } });
    const replaces = before === undefined ? {} : { replaces: before.version };
    this.#append(target, deployment, {
      type: 'deployment queued',
      cause,
      facts: { version, behind: holder.deployment, ...replaces },
    });
    return 'queued';
  }

  async dequeue(request: DeploymentRequest): Promise<void> {
    if (this.queue.get(request.target)?.deployment === request.deployment) this.queue.delete(request.target);
  }

  async intent(target: Target): Promise<Intent | undefined> {
    return this.intents.get(target);
  }

  async writeIntent(context: Context, draft: IntentDraft, cause: string): Promise<Intent> {
    this.#requireToken(context);
    const { target, token, deployment } = context;
    const n = (this.intents.get(target)?.n ?? 0) + 1;
    const intent: Intent = { ...draft, n, token, deployment, at: this.#clock.now() };
    this.intents.set(target, intent);
    const { phase, weights, slots } = intent;
    const { warm, ...head } = this.#head(target);
    const keepsWarm = warm !== undefined && slots[warm.slot].state === 'filled' && head.live?.slot !== warm.slot;
    this.heads.set(target, { ...head, ...(keepsWarm ? { warm } : {}) });
    this.#append(target, deployment, { type: 'intent', cause, facts: { n, phase, weights, slots } });
    return intent;
  }

  async settle(context: Context, { n }: Pick<Intent, 'n'>): Promise<void> {
    this.#requireToken(context);
    const intent = this.intents.get(context.target);
    if (intent?.n !== n)
      throw new Error(`the ledger refused a write of ${context.deployment}: ${n} is not the last intent`);
    this.intents.set(context.target, { ...intent, settled: this.#clock.now() });
  }

  async traffic(target: Target): Promise<Traffic | undefined> {
    return this.trafficOf.get(target);
  }

  async lastChange(deployment: string): Promise<Change | undefined> {
    const last = this.changes.findLast((change) => change.deployment === deployment);
    if (last === undefined) return undefined;
    const { deployment: _, ...change } = last;
    return change;
  }

  async openChange(
    context: Context,
    change: Pick<Change, 'n' | 'intent' | 'call' | 'action'>,
    traffic?: Traffic,
  ): Promise<void> {
    const { deployment, token } = context;
    this.#requireToken(context);
    if (this.changes.some((other) => other.deployment === deployment && other.n === change.n))
      throw new Error(`the ledger refused a write of ${deployment}: change ${change.n} is there already`);
    this.changes.push({ ...change, deployment, token, at: this.#clock.now() });
    if (traffic !== undefined) this.trafficOf.set(context.target, traffic);
  }

  async closeChange(
    context: Context,
    n: number,
    { traffic, error }: { traffic?: Traffic['weights']; error?: string },
  ): Promise<void> {
    this.#requireToken(context);
    const index = this.changes.findIndex((change) => change.deployment === context.deployment && change.n === n);
    const opened = this.changes[index];
    if (opened === undefined)
      throw new Error(`the ledger refused a write of ${context.deployment}: there is no change ${n}`);
    this.changes[index] = { ...opened, done: this.#clock.now(), ...(error === undefined ? {} : { error }) };
    if (traffic !== undefined) this.trafficOf.set(context.target, { weights: traffic, at: this.#clock.now() });
  }

  async promote(context: Context, { live, warm }: Pick<Head, 'live' | 'warm'>, cause: string): Promise<void> {
    const facts = { version: live?.deployable.version, slot: live?.slot, warm: warm?.deployable.version };
    await this.note(context, { type: 'promoted', cause, facts });
    const { live: _live, warm: _warm, ...head } = this.#head(context.target);
    this.heads.set(context.target, {
      ...head,
      ...(live === undefined ? {} : { live }),
      ...(warm === undefined ? {} : { warm }),
    });
  }

  async freeze(context: Context, reason: string): Promise<void> {
    await this.note(context, { type: 'frozen', cause: reason });
    this.heads.set(context.target, {
      ...this.#head(context.target),
      frozen: { reason, at: this.#clock.now(), deployment: context.deployment },
    });
  }

  async unfreeze(target: Target, frozen: NonNullable<Head['frozen']>, cause: string): Promise<boolean> {
    const { frozen: now, ...head } = this.#head(target);
    if (now?.at !== frozen.at || this.locks.get(target)?.deployment !== undefined) return false;
    this.heads.set(target, head);
    this.#append(target, frozen.deployment, { type: 'unfrozen', cause, facts: { frozen: frozen.reason } });
    return true;
  }

  async note(context: Context, transition: Transition): Promise<void> {
    this.#requireToken(context);
    this.#append(context.target, context.deployment, transition);
  }

  async ask(context: Context, question: Pick<Approval, 'before' | 'plan' | 'until' | 'taskToken'>): Promise<Approval> {
    this.#requireToken(context);
    const { deployment } = context;
    const asked = this.approvals.get(deployment);
    if (asked === undefined) {
      const { before, plan, until } = question;
      this.#append(context.target, deployment, {
        type: 'approval asked',
        cause: `before ${before}`,
        facts: { before, plan, until },
      });
    }
    const approval = asked
      ? { ...asked, taskToken: question.taskToken }
      : { context, ...question, asked: this.#clock.now() };
    this.approvals.set(deployment, approval);
    return approval;
  }

  async approval(deployment: string): Promise<Approval | undefined> {
    return this.approvals.get(deployment);
  }

  async decide(approval: Approval, answer: Omit<Decision, 'at'>, deployable: Deployable): Promise<Decision> {
    const { context, plan } = approval;
    const { deployment } = context;
    const asked = this.approvals.get(deployment) ?? approval;
    if (asked.decision !== undefined) return asked.decision;
    this.#requireToken(context);
    this.#append(context.target, deployment, {
      type: 'approval decided',
      cause: answer.by,
      facts: { ...answer, plan },
    });
    const at = this.#clock.now();
    const decision = { ...answer, at };
    this.approvals.set(deployment, { ...asked, decision });
    if (decision.outcome === 'approved') {
      const fact: Fact = { kind: 'approval', deployable, at, detail: { by: answer.by, plan } };
      this.factsOf.set(deployment, { ...this.factsOf.get(deployment), approval: fact });
    }
    return decision;
  }

  #requireToken({ target, token, deployment }: Context): void {
    const held = this.locks.get(target);
    if (held?.token !== token || held.deployment !== deployment)
      throw new Superseded(`${deployment} no longer holds the lock of ${target}`);
  }

  #record(deployment: string): DeploymentRecord {
    const record = this.records.get(deployment);
    if (record === undefined) throw new Error(`the ledger has no record of ${deployment}`);
    return record;
  }

  #head(target: Target): Head {
    return this.heads.get(target) ?? {};
  }

  /** Without a pause, so that no other entry gets in between. */
  #append(target: Target, deployment: string, { type, cause, facts = {} }: Transition): void {
    const chain = this.#chains.get(target) ?? [];
    const last = chain.at(-1);
    const entry: Entry = {
      seq: chain.length + 1,
      previous: last === undefined ? CHAIN_START : entryHash(last),
      at: this.#clock.now(),
      type,
      cause,
      deployment,
      facts,
    };
    this.#chains.set(target, [...chain, entry]);
    this.entries.push(entry);
  }
}
