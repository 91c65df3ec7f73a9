import type { CallRecord } from '@farol/local-aws/gateway/record.ts';
import type { Request } from '../evaluate.ts';
import type { Asks, World } from './call.ts';
import { dynamodb } from './dynamodb.ts';
import { ecs } from './ecs.ts';
import { loadBalancing } from './load-balancing.ts';
import { others } from './others.ts';
import { scaling } from './scaling.ts';

/** By the service's name in the record of calls, then by operation. */
const TABLE: Readonly<Record<string, Readonly<Record<string, Asks>>>> = {
  dynamodb,
  ecs,
  elbv2: loadBalancing,
  'application-autoscaling': scaling,
  ...others,
};

/**
 * What AWS asks IAM for one call: which actions, on what, under which conditions.
 * @throws {Error} for an operation that nobody has looked up yet
 */
export function requestsOf(call: CallRecord, world: World): Request[] {
  const asks = TABLE[call.service]?.[call.operation];
  if (asks === undefined)
    throw new Error(
      `what ${call.service} ${call.operation} asks IAM for is not in test/iam/requests: look it up in the Service Authorization Reference and add it`,
    );
  return asks(call, world);
}
