import type { Request } from '../evaluate.ts';
import { type Asks, arnOf, object, request, text, type World } from './call.ts';

/** Name of the table's partition key. */
const PARTITION_KEY = 'pk';

function partition(key: object): string {
  return text(object(key, PARTITION_KEY), 'S');
}

/** DynamoDB Developer Guide, "Using IAM policy conditions for fine-grained access control": leading keys are the partition keys that a call touches. */
function onItem(world: World, action: string, table: string, leadingKey: string, enclosing: string | null): Request {
  return request(`dynamodb:${action}`, arnOf(world, 'dynamodb', `table/${table}`), {
    'dynamodb:LeadingKeys': [leadingKey],
    'dynamodb:EnclosingOperation': enclosing,
  });
}

/** By the key, or by the item that is put. */
function one(action: string, member: 'Key' | 'Item'): Asks {
  return ({ params }, world) => [
    onItem(world, action, text(params, 'TableName'), partition(object(params, member)), null),
  ];
}

/** A transaction has no action of its own, but asks for those of what it holds. DynamoDB Developer Guide, "Using IAM with DynamoDB transactions". */
const IN_TRANSACTION = {
  Put: ['PutItem', 'Item'],
  Update: ['UpdateItem', 'Key'],
  Delete: ['DeleteItem', 'Key'],
  ConditionCheck: ['ConditionCheckItem', 'Key'],
} as const;

export const dynamodb: Record<string, Asks> = {
  GetItem: one('GetItem', 'Key'),
  PutItem: one('PutItem', 'Item'),
  UpdateItem: one('UpdateItem', 'Key'),
  DeleteItem: one('DeleteItem', 'Key'),
  Query({ params }, world) {
    const placeholder = new RegExp(`(?:^|\\W)${PARTITION_KEY} = (:\\w+)`).exec(
      text(params, 'KeyConditionExpression'),
    )?.[1];
    if (placeholder === undefined) throw new TypeError(`a query without ${PARTITION_KEY} = :value`);
    const key = text(object(object(params, 'ExpressionAttributeValues'), placeholder), 'S');
    return [onItem(world, 'Query', text(params, 'TableName'), key, null)];
  },
  TransactWriteItems({ params }, world) {
    const items = params['TransactItems'];
    if (!Array.isArray(items)) throw new TypeError('a transaction without items');
    return items.flatMap((item: unknown) =>
      Object.entries(IN_TRANSACTION).flatMap(([kind, [action, member]]) => {
        if (typeof item !== 'object' || item === null || !(kind in item)) return [];
        const part = object(item, kind);
        const key = partition(object(part, member));
        return [onItem(world, action, text(part, 'TableName'), key, 'TransactWriteItems')];
      }),
    );
  },
};
