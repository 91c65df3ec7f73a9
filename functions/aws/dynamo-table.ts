import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import {
  type DynamoDBDocumentClient,
  GetCommand,
  QueryCommand,
  TransactWriteCommand,
  type TransactWriteCommandInput,
} from '@aws-sdk/lib-dynamodb';
import type * as z from 'zod';
import { type LedgerPart, ledgerTable } from '#core/contract/ledger.ts';
import type { Clock } from '#core/ports.ts';

export type Item = Readonly<Record<string, unknown>>;
/** A partition of one of the ledger's tables. */
export type Partition = { readonly table: LedgerPart; readonly pk: string };
export type Key = Partition & { readonly sk: string };

/** The attribute must not be there; on `pk`: the item must not. */
export const ABSENT = Symbol('absent');
/** The attribute must be there; on `pk`: the item must. */
export const PRESENT = Symbol('present');

/** What must be true of an item as it is before the write: attributes (`a.b` within a map) and their values, all of them. */
type Condition = Readonly<Record<string, unknown>>;

/** One write of a transaction. */
export type Write =
  | { readonly put: Key & Item; readonly when?: Condition }
  | { readonly update: Key; readonly set: Item; readonly remove?: readonly string[]; readonly when: Condition }
  | { readonly check: Key; readonly when: Condition };

/** `refused`: the writes, by their place, whose condition was not true. `conflict`: others wrote the same items meanwhile. */
export type WriteOutcome = 'written' | 'conflict' | { readonly refused: readonly number[] };

/**
 * Reasons for a cancelled transaction that pass by themselves. The SDK retries none of them, since the exception as a
 * whole is not one of those it retries. Source: DynamoDB API reference, TransactWriteItems, "Transaction cancellation reasons".
 */
const PASSING: readonly (string | undefined)[] = [
  'TransactionConflict',
  'ThrottlingError',
  'ProvisionedThroughputExceeded',
];

/**
 * The ledger's DynamoDB tables, each with the keys `pk` and `sk`. Reads are consistent, writes are transactions across the
 * tables (DynamoDB Developer Guide, "Amazon DynamoDB Transactions: How it works": of one account and region).
 */
export class DynamoTables {
  readonly #client: DynamoDBDocumentClient;
  readonly #ledger: string;

  /** @param ledger what the tables' names begin with */
  constructor(client: DynamoDBDocumentClient, ledger: string) {
    this.#client = client;
    this.#ledger = ledger;
  }

  /** The item without its keys; `undefined`: it does not exist. */
  async get<T>({ table, pk, sk }: Key, schema: z.ZodType<T>): Promise<T | undefined> {
    const { Item: item } = await this.#client.send(
      new GetCommand({ TableName: this.#name(table), Key: { pk, sk }, ConsistentRead: true }),
    );
    return item === undefined ? undefined : schema.parse(withoutKeys(item));
  }

  /** Items of a partition whose sort key begins with `prefix`, without their keys, in the order of the sort keys. */
  async list(of: Partition, prefix: string): Promise<Item[]> {
    const items: Item[] = [];
    let from: Item | undefined;
    do {
      const page = await this.#query(of, prefix, from === undefined ? {} : { ExclusiveStartKey: from });
      items.push(...(page.Items ?? []).map(withoutKeys));
      from = page.LastEvaluatedKey;
    } while (from !== undefined);
    return items;
  }

  /** The item of a partition with the highest sort key that begins with `prefix`. */
  async last(of: Partition, prefix: string): Promise<Item | undefined> {
    const { Items: items } = await this.#query(of, prefix, { ScanIndexForward: false, Limit: 1 });
    return items?.map(withoutKeys)[0];
  }

  /**
   * Makes all the writes or none of them; no two may be of one item. The SDK gives each call a ClientRequestToken, so that
   * its own retry of an answer that got lost is `written`, not refused by what the first try wrote.
   */
  async write(writes: readonly Write[]): Promise<WriteOutcome> {
    try {
      await this.#client.send(new TransactWriteCommand({ TransactItems: writes.map((write) => this.#item(write)) }));
      return 'written';
    } catch (error) {
      if (!(error instanceof TransactionCanceledException)) throw error;
      const codes = (error.CancellationReasons ?? []).map(({ Code }) => Code);
      const refused = codes.flatMap((code, index) => (code === 'ConditionalCheckFailed' ? [index] : []));
      if (refused.length > 0) return { refused };
      const others = codes.filter((code) => code !== undefined && code !== 'None');
      if (others.length > 0 && others.every((code) => PASSING.includes(code))) return 'conflict';
      throw error;
    }
  }

  #name(part: LedgerPart): string {
    return ledgerTable(this.#ledger, part);
  }

  #query(
    { table, pk }: Partition,
    prefix: string,
    options: { ExclusiveStartKey?: Item; ScanIndexForward?: boolean; Limit?: number },
  ) {
    return this.#client.send(
      new QueryCommand({
        TableName: this.#name(table),
        // Every key begins with nothing, and DynamoDB refuses to compare a key with it.
        KeyConditionExpression: prefix === '' ? 'pk = :pk' : 'pk = :pk AND begins_with(sk, :prefix)',
        ExpressionAttributeValues: { ':pk': pk, ...(prefix !== '' && { ':prefix': prefix }) },
        ConsistentRead: true,
        ...options,
      }),
    );
  }

  #item(write: Write): NonNullable<TransactWriteCommandInput['TransactItems']>[number] {
    const placeholders = new Placeholders();
    if ('put' in write) {
      const { table, ...Item } = write.put;
      const condition = write.when === undefined ? {} : { ConditionExpression: placeholders.condition(write.when) };
      return { Put: { TableName: this.#name(table), Item, ...condition, ...placeholders.used() } };
    }
    const ConditionExpression = placeholders.condition(write.when);
    const { table, pk, sk } = 'check' in write ? write.check : write.update;
    const at = { TableName: this.#name(table), Key: { pk, sk }, ConditionExpression };
    if ('check' in write) return { ConditionCheck: { ...at, ...placeholders.used() } };
    const UpdateExpression = placeholders.update(write.set, write.remove ?? []);
    return { Update: { ...at, UpdateExpression, ...placeholders.used() } };
  }
}

/** How often something is tried again that others keep moving, and the longest pause in between, in milliseconds. */
const ATTEMPTS = 15;
const LONGEST_PAUSE_MS = 400;

/**
 * Does `attempt` until it says something else than `again`, with pauses that grow and differ, so that those who collided
 * do not meet again.
 * @throws {Error} when it never does
 */
export async function untilSettled<T>(clock: Clock, what: string, attempt: () => Promise<T | 'again'>): Promise<T> {
  for (let n = 1; n <= ATTEMPTS; n += 1) {
    const result = await attempt();
    if (result !== 'again') return result;
    await clock.sleep(Math.random() * Math.min(LONGEST_PAUSE_MS, 20 * 2 ** n));
  }
  throw new Error(`${what}: others were faster ${ATTEMPTS} times`);
}

/** Names and values of DynamoDB's expressions: any word may be reserved, so each gets a placeholder. */
class Placeholders {
  readonly #names = new Map<string, string>();
  readonly #values: unknown[] = [];

  condition(condition: Condition): string {
    return Object.entries(condition)
      .map(([path, wanted]) => {
        if (wanted === ABSENT) return `attribute_not_exists(${this.#path(path)})`;
        if (wanted === PRESENT) return `attribute_exists(${this.#path(path)})`;
        return `${this.#path(path)} = ${this.#value(wanted)}`;
      })
      .join(' AND ');
  }

  update(set: Item, remove: readonly string[]): string {
    const sets = Object.entries(set).map(([path, value]) => `${this.#path(path)} = ${this.#value(value)}`);
    return [
      `SET ${sets.join(', ')}`,
      ...(remove.length === 0 ? [] : [`REMOVE ${remove.map((path) => this.#path(path)).join(', ')}`]),
    ].join(' ');
  }

  used(): { ExpressionAttributeNames?: Record<string, string>; ExpressionAttributeValues?: Record<string, unknown> } {
    const names = Object.fromEntries([...this.#names].map(([name, placeholder]) => [placeholder, name]));
    const values = Object.fromEntries(this.#values.map((value, index) => [`:v${index}`, value]));
    return {
      ...(this.#names.size === 0 ? {} : { ExpressionAttributeNames: names }),
      ...(this.#values.length === 0 ? {} : { ExpressionAttributeValues: values }),
    };
  }

  #path(path: string): string {
    return path
      .split('.')
      .map((name) => {
        const placeholder = this.#names.get(name) ?? `#n${this.#names.size}`;
        this.#names.set(name, placeholder);
        return placeholder;
      })
      .join('.');
  }

  #value(value: unknown): string {
    return `:v${this.#values.push(value) - 1}`;
  }
}

function withoutKeys({ pk: _pk, sk: _sk, ...item }: Item): Item {
  return item;
}
