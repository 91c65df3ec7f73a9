import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FUNCTIONS, functionName, REMOVE_SLOTS, targetNames } from '../../infra/names.ts';
import { portCalls, RIGHTS } from '../iam/port-rights.ts';
import { functionRoles } from '../iam/roles.ts';
import { readTemplate } from '../iam/template.ts';
import { ACCOUNT, sources, synthesized } from './synthesized.ts';

const ROLES = new Map(
  Object.values(synthesized()).flatMap((template) => [
    ...functionRoles(readTemplate(template.toJSON(), { account: ACCOUNT, region: 'us-east-1' })),
  ]),
);

/** What Lambda does with a function's role: its traces, what it could not handle, the stream that it hears; and its log. */
const PLATFORM = /^(xray:\w+|sqs:SendMessage|dynamodb:(DescribeStream|GetRecords|GetShardIterator|ListStreams))$/;

/** What a function may do for its own work. */
function rightsOf(caller: string): string[] {
  const allowed = (ROLES.get(caller)?.statements ?? []).filter(
    ({ effect, resources }) => effect === 'Allow' && !resources.every((one) => one.includes(':log-group:/aws/lambda/')),
  );
  const rights = allowed.flatMap(({ actions, resources }) =>
    actions
      .filter((action) => !PLATFORM.test(action))
      .flatMap((action) =>
        action.startsWith('dynamodb:')
          ? resources.map((table) => `${action} ${table.split('farol-ledger-')[1]}`)
          : action,
      ),
  );
  return [...new Set(rights)].toSorted();
}

function neededBy(folder: string): string[] {
  const calls = [...portCalls(sources.functionsDirectory, folder)];
  const rights = calls.flatMap((call) => {
    const [port = '', method = ''] = call.split('.');
    return RIGHTS[port]?.[method] ?? [];
  });
  return [...new Set(rights)].toSorted();
}

describe('each function has the rights that its code can come to need, and no other', () => {
  test.each(FUNCTIONS)('%s', (name) => {
    expect(rightsOf(functionName(name))).toEqual(neededBy(name));
  });

  test('remove-slots', () => {
    expect(rightsOf(targetNames('web', 'production').removeSlots)).toEqual(neededBy(REMOVE_SLOTS));
  });
});

test('every method of every port is in the table of rights', () => {
  const ports = readFileSync(join(sources.functionsDirectory, 'core', 'ports.ts'), 'utf8');
  const interfaces = [...ports.matchAll(/^export interface (\w+) \{\n(.*?)^\}/gms)].filter(
    ([, name = '', body = '']) => name !== 'Clock' && /^ {2}\w+\(/m.test(body),
  );
  expect(interfaces).toHaveLength(Object.keys(RIGHTS).length);
  const methods = interfaces.flatMap(([, , body = '']) =>
    [...body.matchAll(/^ {2}(\w+)\(/gm)].map(([, method = '']) => method),
  );
  const known = Object.values(RIGHTS).flatMap((each) => Object.keys(each));
  expect(methods.toSorted()).toEqual(known.toSorted());
});
