import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import type { EntryChange } from '#core/contract/anchor.ts';

const Image = z.record(
  z.string(),
  z.custom<AttributeValue>((value) => typeof value === 'object' && value !== null),
);
const Key = z.object({ S: z.string() });
const StreamEvent = z.object({
  Records: z.array(
    z.object({
      eventName: z.enum(['INSERT', 'MODIFY', 'REMOVE']),
      dynamodb: z.object({ Keys: z.object({ pk: Key, sk: Key }), NewImage: Image.optional() }),
    }),
  ),
});

const KINDS = { INSERT: 'put', MODIFY: 'changed', REMOVE: 'removed' } as const;

/**
 * What an event of a table's stream tells, in its order. A put that changes nothing is in no stream, and of each item the changes come in their
 * order (DynamoDB Developer Guide, "Change data capture for DynamoDB Streams"); DynamoDB Streams API reference, Record; Lambda Developer Guide, "Using AWS Lambda with Amazon DynamoDB".
 */
export function entryChanges(event: unknown): EntryChange[] {
  return StreamEvent.parse(event).Records.map(({ eventName, dynamodb: { Keys, NewImage } }) => {
    const { pk: _pk, sk: _sk, ...item } = NewImage === undefined ? {} : unmarshall(NewImage);
    return {
      kind: KINDS[eventName],
      partition: Keys.pk.S,
      key: Keys.sk.S,
      ...(NewImage !== undefined && { item }),
    };
  });
}
