import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readResult, writeResult } from '../../src/protocol/answer.ts';
import type { Member, OperationModel, Protocol, Shape } from '../../src/protocol/model.ts';
import { models } from '../fixtures/gateway.ts';

/** Text that XML 1.0 can carry. */
const text = fc
  .string({ unit: 'grapheme', maxLength: 12 })
  .filter((value) => !/[\p{Cc}\uFFFE\uFFFF\p{Cs}]/u.test(value));

/** Any value that fits a shape; `depth` ends shapes that contain themselves. */
function fitting(member: Member, depth: number): fc.Arbitrary<unknown> {
  const { shape } = member;
  const { type } = shape;
  if (type === 'structure') return structure(shape, depth - 1);
  if (type === 'list') return fc.array(fitting(shape.member, depth - 1), { maxLength: depth > 0 ? 3 : 0 });
  if (type === 'map') {
    const key = fc.stringMatching(/^[a-z]{1,6}$/);
    return fc.dictionary(key, fitting(shape.value, depth - 1), { maxKeys: depth > 0 ? 3 : 0 });
  }
  if (type === 'integer' || type === 'long') return fc.integer();
  if (type === 'float' || type === 'double')
    return fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (value === 0 ? 0 : value));
  if (type === 'boolean') return fc.boolean();
  if (type === 'timestamp') return fc.integer({ min: 0, max: 4_000_000_000_000 }).map((ms) => new Date(ms));
  if (type === 'blob') return fc.uint8Array({ maxLength: 8 }).map((bytes) => new Uint8Array(bytes));
  return text;
}

function structure(shape: Shape, depth: number): fc.Arbitrary<Record<string, unknown>> {
  const members = [...shape.members].filter(
    ([, member]) => depth > 0 || !['structure', 'list', 'map'].includes(member.shape.type),
  );
  return fc.record(Object.fromEntries(members.map(([name, member]) => [name, fitting(member, depth)])), {
    requiredKeys: [],
  });
}

function operations(service: string): OperationModel[] {
  const model = models.get(service);
  return model.operationNames
    .flatMap((name) => model.operation(name) ?? [])
    .filter(({ output }) => output !== undefined);
}

const cases: readonly (readonly [service: string, protocol: Protocol])[] = [
  ['ecs', 'json'],
  ['application-autoscaling', 'json'],
  ['cloudwatch', 'json'],
  ['cloudwatch', 'query'],
  ['cloudwatch', 'smithy-rpc-v2-cbor'],
  ['elbv2', 'query'],
  ['sns', 'query'],
  ['scheduler', 'rest-json'],
];

describe.each(cases)('answers of %s in %s', (service, protocol) => {
  test('an SDK reads what was written', () => {
    for (const operation of operations(service)) {
      const { output } = operation;
      if (output === undefined) continue;
      fc.assert(
        fc.property(structure(output, 4), (result) => {
          const call = { operation, protocol, labels: {} };
          const answer = writeResult(call, { method: 'POST', url: '/', headers: {} }, result, 'id');
          const bytes = typeof answer.body === 'string' ? Buffer.from(answer.body) : answer.body;
          expect(readResult(call, answer.status, answer.headers, new Uint8Array(bytes))).toEqual(result);
        }),
        { numRuns: 8 },
      );
    }
  });
});

test('a member that the model does not know is a mistake of the service', () => {
  const operation = models.get('elbv2').operation('DescribeTargetGroups');
  if (operation === undefined) throw new Error('no such operation');
  const call = { operation, protocol: 'query' as const, labels: {} };
  const request = { method: 'POST', url: '/', headers: {} };
  expect(() => writeResult(call, request, { TargetGroups: [{ Weight: 1 }] }, 'id')).toThrow(
    'elbv2.DescribeTargetGroups.TargetGroups[0].Weight: TargetGroup has no such member',
  );
  expect(() => writeResult(call, request, { TargetGroups: [{ Port: '80' }] }, 'id')).toThrow(
    'the model says integer, this is a string',
  );
});
