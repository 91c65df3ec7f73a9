import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import {
  type DynamoDBDocumentClient,
  GetCommand,
  QueryCommand,
  TransactWriteCommand,
  type TransactWriteCommandInput,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import {
  Change,
  DeploymentPlan,
  DeploymentRequest,
  type Entry,
  Fact,
  type FactKind,
  Head,
  Intent,
  Lock,
  Traffic,
} from '#core/contract/ledger.ts';
import { type Context, Result } from '#core/contract/states.ts';
import type { Target } from '#core/contract/target.ts';
import { CHAIN_START, entryHash } from '#core/domain/ledger-chain.ts';
import { compareVersions } from '#core/domain/version.ts';
import { type Clock, type DeploymentRecord, type Ledger, Superseded, type Transition } from '#core/ports.ts';

type Item = Record<string, unknown>;
type Write = NonNullable<TransactWriteCommandInput['TransactItems']>[number];

const Waiting = z.strictObject({ request: DeploymentRequest, at: z.string() });
const Meta = z.strictObject({
  request: DeploymentRequest,
  plan: DeploymentPlan.optional(),
  recovers: z.string().optional(),
  ended: z.strictObject({ result: Result, sentence: z.string(), at: z.string() }).optional(),
});

const targetKey = (target: Target, sk: string) => ({ pk: `TARGET#${target}`, sk });
const deploymentKey = (deployment: string, sk: string) => ({ pk: `DEPLOYMENT#${deployment}`, sk });
const FIRST_HEAD: Head = { seq: 0, hash: CHAIN_START };

/** How often a transition is tried again when another writer moved the head in between. */
const HEAD_ATTEMPTS = 8;

/**
 * The ledger in one DynamoDB table. Transitions are one transaction of the head, the next entry of the append-only
 * partition `LEDGER#<target>` and a check of the lock's token, so that entry, head and authority never disagree.
 */
export class DynamoLedger implements Ledger {
  readonly #client: DynamoDBDocumentClient;
  readonly #table: string;
  readonly #clock: Clock;

  constructor(client: DynamoDBDocumentClient, table: string, clock: Clock) {
    this.#client = client;
    this.#table = table;
    this.#clock = clock;
  }

  async head(target: Target): Promise<Head> {
    return (await this.#get(targetKey(target, 'HEAD'), Head)) ?? FIRST_HEAD;
  }

  lock(target: Target): Promise<Lock | undefined> {
    return this.#get(targetKey(target, 'LOCK'), Lock);
  }

  async takeLock(
    request: DeploymentRequest,
    executionArn: string,
    from: Lock | undefined,
  ): Promise<number | undefined> {
    const token = (from?.token ?? 0) + 1;
    const lock: Lock = { token, deployment: request.deployment, executionArn, at: this.#clock.now() };
    const takeover = from?.deployment !== undefined;
    const condition =
      from === undefined
        ? { ConditionExpression: 'attribute_not_exists(pk)' }
        : {
            ConditionExpression: '#token = :token',
            ExpressionAttributeNames: { '#token': 'token' },
            ExpressionAttributeValues: { ':token': from.token },
          };
    const writes: Write[] = [
      { Put: { TableName: this.#table, Item: { ...targetKey(request.target, 'LOCK'), ...lock }, ...condition } },
      this.#putMeta({ request, ...(takeover && from.deployment !== undefined ? { recovers: from.deployment } : {}) }),
    ];
    const transition: Transition = takeover
      ? { type: 'recovery began', cause: request.cause, facts: { of: from?.deployment, token } }
      : {
          type: 'deployment began',
          cause: request.cause,
          facts: { version: request.version, digest: request.digest, token },
        };
    const taken = await this.#transition(request.target, request.deployment, transition, {}, writes);
    return taken ? token : undefined;
  }

  async endDeployment(context: Context, ended: { result: Result; sentence: string; cause: string }): Promise<void> {
    const { target, deployment, token } = context;
    const at = this.#clock.now();
    const free: Write = {
      Update: {
        TableName: this.#table,
        Key: targetKey(target, 'LOCK'),
        UpdateExpression: 'SET #at = :at REMOVE #deployment, executionArn',
        ConditionExpression: '#token = :token AND #deployment = :deployment',
        ExpressionAttributeNames: { '#at': 'at', '#deployment': 'deployment', '#token': 'token' },
        ExpressionAttributeValues: { ':at': at, ':token': token, ':deployment': deployment },
      },
    };
    const { result, sentence, cause } = ended;
    const freed = await this.#transition(
      target,
      deployment,
      { type: 'deployment ended', cause, facts: { result, sentence } },
      {},
      [free, this.#updateMeta(deployment, { ended: { result, sentence, at } })],
    );
    if (!freed) throw superseded(context);
  }

  async closeRecord(deployment: string, { result, sentence }: { result: Result; sentence: string }): Promise<void> {
    const { Update } = this.#updateMeta(deployment, { ended: { result, sentence, at: this.#clock.now() } });
    if (Update !== undefined) await this.#client.send(new UpdateCommand(Update));
  }

  deployment(id: string): Promise<DeploymentRecord | undefined> {
    return this.#get(deploymentKey(id, 'META'), Meta);
  }

  async savePlan(context: Context, plan: DeploymentPlan): Promise<void> {
    await this.#guarded(context, [this.#updateMeta(context.deployment, { plan })]);
  }

  async facts(deployment: string): Promise<Partial<Record<FactKind, Fact>>> {
    const facts: Partial<Record<FactKind, Fact>> = {};
    for (const item of await this.#query(`DEPLOYMENT#${deployment}`, 'FACT#')) {
      const fact = Fact.parse(item);
      facts[fact.kind] = fact;
    }
    return facts;
  }

  async saveFact(context: Context, fact: Omit<Fact, 'at'>, cause: string): Promise<void> {
    const whole: Fact = { ...fact, at: this.#clock.now() };
    const put: Write = {
      Put: { TableName: this.#table, Item: { ...deploymentKey(context.deployment, `FACT#${fact.kind}`), ...whole } },
    };
    await this.note(context, { type: 'fact', cause, facts: { kind: fact.kind, ...fact.detail } }, [put]);
  }

  async waiting(target: Target): Promise<DeploymentRequest | undefined> {
    return (await this.#get(targetKey(target, 'WAITING'), Waiting))?.request;
  }

  async enqueue(
    request: DeploymentRequest,
    holder: Lock,
    queuedUnder: string,
  ): Promise<'queued' | 'lock moved' | 'older'> {
    const { target } = request;
    const before = await this.waiting(target);
    if (before !== undefined && compareVersions(before.version, request.version) > 0) return 'older';
    const names = { '#token': 'token', '#deployment': 'deployment' };
    const held: Write = {
      ConditionCheck: {
        TableName: this.#table,
        Key: targetKey(target, 'LOCK'),
        ConditionExpression: '#token = :token AND attribute_exists(#deployment)',
        ExpressionAttributeNames: names,
        ExpressionAttributeValues: { ':token': holder.token },
      },
    };
    const put: Write = {
      Put: {
        TableName: this.#table,
        Item: { ...targetKey(target, 'WAITING'), request, at: this.#clock.now() },
        ...(before === undefined
          ? { ConditionExpression: 'attribute_not_exists(pk)' }
          : {
              ConditionExpression: '#request.#deployment = :before',
              ExpressionAttributeNames: { '#request': 'request', '#deployment': 'deployment' },
              ExpressionAttributeValues: { ':before': before.deployment },
            }),
      },
    };
    const facts = {
      version: request.version,
      behind: holder.deployment,
      ...(before === undefined ? {} : { replaces: before.version }),
    };
    const written = await this.#transition(
      target,
      request.deployment,
      { type: 'deployment queued', cause: request.cause, facts },
      {},
      [held, put, this.#putMeta({ request: { ...request, deployment: queuedUnder } })],
    );
    return written ? 'queued' : 'lock moved';
  }

  async dequeue(request: DeploymentRequest): Promise<void> {
    const remove: Write = {
      Delete: {
        TableName: this.#table,
        Key: targetKey(request.target, 'WAITING'),
        ConditionExpression: '#request.#deployment = :deployment',
        ExpressionAttributeNames: { '#request': 'request', '#deployment': 'deployment' },
        ExpressionAttributeValues: { ':deployment': request.deployment },
      },
    };
    // Somebody dequeued it, or a newer push took its place: both are what was wanted.
    await this.#write([remove]);
  }

  intent(target: Target): Promise<Intent | undefined> {
    return this.#get(targetKey(target, 'INTENT'), Intent);
  }

  async writeIntent(
    context: Context,
    draft: Pick<Intent, 'phase' | 'slots' | 'weights'>,
    cause: string,
  ): Promise<Intent> {
    const { target, token, deployment } = context;
    const before = await this.intent(target);
    const intent: Intent = { ...draft, n: (before?.n ?? 0) + 1, token, deployment, at: this.#clock.now() };
    const put: Write = {
      Put: {
        TableName: this.#table,
        Item: { ...targetKey(target, 'INTENT'), ...intent },
        ...(before === undefined
          ? { ConditionExpression: 'attribute_not_exists(pk)' }
          : {
              ConditionExpression: 'n = :n AND #token <= :token',
              ExpressionAttributeNames: { '#token': 'token' },
              ExpressionAttributeValues: { ':n': before.n, ':token': token },
            }),
      },
    };
    const head = await this.head(target);
    const warmIsEmptied = head.warm !== undefined && intent.slots[head.warm.slot].state === 'empty';
    const warmIsReplaced = head.warm !== undefined && head.live?.slot === head.warm.slot;
    await this.note(
      context,
      {
        type: 'intent',
        cause,
        facts: { n: intent.n, phase: intent.phase, weights: intent.weights, slots: intent.slots },
      },
      [put],
      warmIsEmptied || warmIsReplaced ? { warm: undefined } : {},
    );
    return intent;
  }

  traffic(target: Target): Promise<Traffic | undefined> {
    return this.#get(targetKey(target, 'TRAFFIC'), Traffic);
  }

  async lastChange(deployment: string): Promise<Change | undefined> {
    const [item] = await this.#query(`DEPLOYMENT#${deployment}`, 'CHANGE#', { newest: 1 });
    return item === undefined ? undefined : Change.parse(item);
  }

  async openChange(context: Context, change: Pick<Change, 'n' | 'intent' | 'call' | 'action'>): Promise<void> {
    const whole: Change = { ...change, token: context.token, at: this.#clock.now() };
    await this.#guarded(context, [
      {
        Put: { TableName: this.#table, Item: { ...deploymentKey(context.deployment, changeKey(change.n)), ...whole } },
      },
    ]);
  }

  async closeChange(
    context: Context,
    n: number,
    { traffic, error }: { traffic?: Traffic['weights']; error?: string },
  ): Promise<void> {
    const at = this.#clock.now();
    const close: Write = {
      Update: {
        TableName: this.#table,
        Key: deploymentKey(context.deployment, changeKey(n)),
        UpdateExpression: error === undefined ? 'SET done = :at' : 'SET done = :at, #error = :error',
        ...(error === undefined ? {} : { ExpressionAttributeNames: { '#error': 'error' } }),
        ExpressionAttributeValues: { ':at': at, ...(error === undefined ? {} : { ':error': error }) },
      },
    };
    const remember: Write[] =
      traffic === undefined
        ? []
        : [
            {
              Put: { TableName: this.#table, Item: { ...targetKey(context.target, 'TRAFFIC'), weights: traffic, at } },
            },
          ];
    await this.#guarded(context, [close, ...remember]);
  }

  async promote(context: Context, { live, warm }: Pick<Head, 'live' | 'warm'>, cause: string): Promise<void> {
    const facts = { version: live?.deployable.version, slot: live?.slot, warm: warm?.deployable.version };
    await this.note(context, { type: 'promoted', cause, facts }, [], { live, warm });
  }

  async freeze(context: Context, reason: string): Promise<void> {
    const frozen = { reason, at: this.#clock.now(), deployment: context.deployment };
    await this.note(context, { type: 'frozen', cause: reason }, [], { frozen });
  }

  async note(
    context: Context,
    transition: Transition,
    writes: readonly Write[] = [],
    head: Partial<Head> = {},
  ): Promise<void> {
    const { target, deployment } = context;
    const written = await this.#transition(target, deployment, transition, head, [
      this.#tokenCheck(context),
      ...writes,
    ]);
    if (!written) throw superseded(context);
  }

  /**
   * Appends an entry and moves the head, together with `writes`. False when one of those was refused by its own
   * condition; a head moved by somebody else is read and tried again.
   */
  async #transition(
    target: Target,
    deployment: string,
    { type, cause, facts = {} }: Transition,
    change: { [K in keyof Head]?: Head[K] | undefined },
    writes: readonly Write[],
  ): Promise<boolean> {
    for (let attempt = 1; attempt <= HEAD_ATTEMPTS; attempt += 1) {
      const head = await this.head(target);
      const at = this.#clock.now();
      const entry: Entry = { seq: head.seq + 1, previous: head.hash, at, type, cause, deployment, facts };
      const next = { ...head, ...change, seq: entry.seq, hash: entryHash(entry) };
      const moved = await this.#write([
        ...writes,
        {
          Put: {
            TableName: this.#table,
            Item: { ...targetKey(target, 'HEAD'), ...next },
            ...(head.seq === 0
              ? { ConditionExpression: 'attribute_not_exists(pk)' }
              : { ConditionExpression: 'seq = :seq', ExpressionAttributeValues: { ':seq': head.seq } }),
          },
        },
        {
          Put: {
            TableName: this.#table,
            Item: { pk: `LEDGER#${target}`, sk: String(entry.seq).padStart(12, '0'), ...entry },
            ConditionExpression: 'attribute_not_exists(pk)',
          },
        },
      ]);
      if (moved === 'written') return true;
      if (moved.refused.some((index) => index < writes.length)) return false;
    }
    throw new Error(`the head of ${target} moved ${HEAD_ATTEMPTS} times while an entry was appended`);
  }

  async #guarded(context: Context, writes: readonly Write[]): Promise<void> {
    const outcome = await this.#write([this.#tokenCheck(context), ...writes]);
    if (outcome === 'written') return;
    if (outcome.refused.includes(0)) throw superseded(context);
    throw new Error(`the ledger refused a write of ${context.deployment}`);
  }

  #tokenCheck({ target, token, deployment }: Context): Write {
    return {
      ConditionCheck: {
        TableName: this.#table,
        Key: targetKey(target, 'LOCK'),
        ConditionExpression: '#token = :token AND #deployment = :deployment',
        ExpressionAttributeNames: { '#token': 'token', '#deployment': 'deployment' },
        ExpressionAttributeValues: { ':token': token, ':deployment': deployment },
      },
    };
  }

  #putMeta(meta: DeploymentRecord): Write {
    return { Put: { TableName: this.#table, Item: { ...deploymentKey(meta.request.deployment, 'META'), ...meta } } };
  }

  #updateMeta(deployment: string, fields: Partial<DeploymentRecord>) {
    const names = Object.keys(fields);
    return {
      Update: {
        TableName: this.#table,
        Key: deploymentKey(deployment, 'META'),
        UpdateExpression: `SET ${names.map((name) => `#${name} = :${name}`).join(', ')}`,
        ConditionExpression: 'attribute_exists(pk)',
        ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
        ExpressionAttributeValues: Object.fromEntries(
          Object.entries(fields).map(([name, value]) => [`:${name}`, value]),
        ),
      },
    } satisfies Write;
  }

  /** One transaction; tells which writes were refused by their conditions. Conflicts with other transactions are retried. */
  async #write(writes: Write[]): Promise<'written' | { refused: number[] }> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#client.send(new TransactWriteCommand({ TransactItems: writes }));
        return 'written';
      } catch (error) {
        if (!(error instanceof TransactionCanceledException)) throw error;
        const codes = (error.CancellationReasons ?? []).map(({ Code }) => Code);
        const refused = codes.flatMap((code, index) => (code === 'ConditionalCheckFailed' ? [index] : []));
        if (refused.length > 0) return { refused };
        if (attempt >= HEAD_ATTEMPTS) throw error;
        await this.#clock.sleep(20 * attempt + Math.random() * 30);
      }
    }
  }

  async #get<T>(key: Item, schema: z.ZodType<T>): Promise<T | undefined> {
    const { Item: item } = await this.#client.send(
      new GetCommand({ TableName: this.#table, Key: key, ConsistentRead: true }),
    );
    return item === undefined ? undefined : schema.parse(withoutKeys(item));
  }

  async #query(pk: string, prefix: string, { newest }: { newest?: number } = {}): Promise<Item[]> {
    const items: Item[] = [];
    let from: Item | undefined;
    do {
      const page = await this.#client.send(
        new QueryCommand({
          TableName: this.#table,
          KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
          ExpressionAttributeValues: { ':pk': pk, ':prefix': prefix },
          ConsistentRead: true,
          ...(newest === undefined ? {} : { ScanIndexForward: false, Limit: newest }),
          ...(from === undefined ? {} : { ExclusiveStartKey: from }),
        }),
      );
      items.push(...(page.Items ?? []).map(withoutKeys));
      from = newest === undefined ? page.LastEvaluatedKey : undefined;
    } while (from !== undefined);
    return items;
  }
}

function withoutKeys({ pk: _pk, sk: _sk, ...item }: Item): Item {
  return item;
}

function changeKey(n: number): string {
  return `CHANGE#${String(n).padStart(6, '0')}`;
}

function superseded({ deployment, target, token }: Context): Superseded {
  return new Superseded(`${deployment} no longer holds the lock of ${target} (its token was ${token}).`);
}
