import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, paginateScan } from '@aws-sdk/lib-dynamodb';
import { clientOptions } from '@farol/local-aws/aws-side.ts';
import * as z from 'zod';
import { Change, Entry, Head, LEDGER_PARTS, Lock, ledgerTable, SettingsClaim } from '#core/contract/ledger.ts';
import { ORCHESTRATOR } from '../../infra/names.ts';

/** All that Farol's tables hold of one target. */
export interface LedgerContent {
  /** In their order. */
  readonly entries: readonly Entry[];
  readonly head: Head;
  readonly lock: Lock | undefined;
  /** Journalled changes of every deployment. */
  readonly changes: readonly (Change & { readonly deployment: string })[];
  /** The deployments that wait. */
  readonly waiting: number;
  /** The deployment that each settings revision was claimed for, by its hash. */
  readonly claims: ReadonlyMap<string, string>;
  /** Every item, as text. */
  readonly text: string;
}

const Item = z.looseObject({ pk: z.string(), sk: z.string() });
type Item = z.infer<typeof Item>;

/** Reads the tables whole. */
export async function readLedger(gatewayUrl: string, target: string): Promise<LedgerContent> {
  const client = DynamoDBDocumentClient.from(new DynamoDBClient(clientOptions(gatewayUrl, 'e2e')));
  const items: Item[] = [];
  for (const part of LEDGER_PARTS)
    for await (const page of paginateScan(
      { client },
      { TableName: ledgerTable(ORCHESTRATOR.ledger, part), ConsistentRead: true },
    ))
      items.push(...z.array(Item).parse(page.Items ?? []));
  client.destroy();
  const body = ({ pk: _pk, sk: _sk, ...rest }: Item): object => rest;
  const one = (sk: string): Item | undefined => items.find((item) => item.pk === `TARGET#${target}` && item.sk === sk);
  const lock = one('LOCK');
  const head = one('HEAD');
  return {
    entries: items
      .filter(({ pk }) => pk === `LEDGER#${target}`)
      .map((item) => Entry.parse(body(item)))
      .toSorted((a, b) => a.seq - b.seq),
    head: head === undefined ? {} : Head.parse(body(head)),
    lock: lock === undefined ? undefined : Lock.parse(body(lock)),
    changes: items
      .filter(({ sk }) => sk.startsWith('CHANGE#'))
      .map((item) => ({ ...Change.parse(body(item)), deployment: item.pk.slice('DEPLOYMENT#'.length) }))
      .toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at)),
    claims: new Map(
      items
        .filter(({ pk }) => pk === `SETTINGS#${target}`)
        .map((item) => [item.sk, SettingsClaim.parse(body(item)).request.deployment]),
    ),
    waiting: one('WAITING')?.['request'] === undefined ? 0 : 1,
    text: JSON.stringify(items),
  };
}
