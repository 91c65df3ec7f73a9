/** What the gateway does about Parameter Store's API: a change of a parameter becomes the event that AWS makes of it. */

import { randomUUID } from 'node:crypto';
import type { OperationModel } from '../protocol/model.ts';
import type { Structure } from '../protocol/values.ts';
import type { AwsEvent } from './events.ts';

export interface ParameterChange {
  readonly operation: 'Create' | 'Update' | 'Delete';
  readonly name: string;
  /** What the call said of it; a deletion says nothing. */
  readonly type?: string;
  readonly description?: string;
}

/**
 * The changes of a call of Parameter Store's API that succeeded. The first version of a parameter is its creation (Systems
 * Manager API Reference, PutParameter, Version).
 */
export function parameterChangesOf(
  { service, name: operation }: OperationModel,
  params: Structure,
  response: Structure | null,
): readonly ParameterChange[] {
  if (service.name !== 'ssm' || response === null) return [];
  const { Name, Type, Description } = params;
  if (operation === 'DeleteParameter') return [{ operation: 'Delete', name: String(Name) }];
  if (operation !== 'PutParameter') return [];
  return [
    {
      operation: response['Version'] === 1 ? 'Create' : 'Update',
      name: String(Name),
      ...(typeof Type === 'string' && { type: Type }),
      ...(typeof Description === 'string' && { description: Description }),
    },
  ];
}

/** Fields: Systems Manager User Guide, "Amazon EventBridge event examples for Systems Manager", Parameter Store events. */
export function parameterEvent(change: ParameterChange, account: string, region: string): AwsEvent {
  const { name } = change;
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Parameter Store Change',
    source: 'aws.ssm',
    account,
    time: `${new Date().toISOString().slice(0, 19)}Z`,
    region,
    resources: [`arn:aws:ssm:${region}:${account}:parameter/${name.replace(/^\//, '')}`],
    detail: { ...change },
  };
}
