import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { REMOVE_SLOTS, targetNames } from '#core/contract/target-names.ts';
import { TARGET_ROLES } from '#core/contract/target-roles.ts';
import { FUNCTIONS, type FunctionName, functionName } from '../../infra/names.ts';
import type { Statement } from '../iam/policy.ts';
import { portCalls, RIGHTS } from '../iam/port-rights.ts';
import { rolesIn } from '../iam/recorded.ts';
import { readTemplate } from '../iam/template.ts';
import { ACCOUNT, sources, synthesized } from './synthesized.ts';

const ROLES = rolesIn(
  Object.values(synthesized()).map((template) =>
    readTemplate(template.toJSON(), { account: ACCOUNT, region: 'us-east-1' }),
  ),
);

/** What Lambda does with a function's role: its traces, what it could not handle, the stream that it reads; and its log. */
const PLATFORM = /^(xray:\w+|sqs:SendMessage|dynamodb:(DescribeStream|GetRecords|GetShardIterator|ListStreams))$/;

/** What a role may do for the work of those who have it. */
function rightsOf(statements: readonly Statement[] = []): string[] {
  const allowed = statements.filter(
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

/** Rights to take a target's role are judged by what that role may do. */
const own = (rights: readonly string[]): string[] => rights.filter((right) => right !== 'sts:AssumeRole');
const TAKERS = Object.entries(TARGET_ROLES);

describe('each function has the rights that its code can come to need, and no other', () => {
  const ofTargets = (name: FunctionName) =>
    TAKERS.flatMap(([kind, takers]) =>
      takers.some((taker) => taker === name)
        ? rightsOf(ROLES.taken.get(`farol-web-production-${kind}-us-east-1`)?.statements)
        : [],
    );

  test.each(FUNCTIONS)('%s: what it needs', (name) => {
    const has = [...own(rightsOf(ROLES.functions.get(functionName(name))?.statements)), ...ofTargets(name)];
    expect(neededBy(name).filter((right) => !has.includes(right))).toEqual([]);
  });

  test.each(FUNCTIONS)('%s: nothing of its own that it does not need', (name) => {
    const has = own(rightsOf(ROLES.functions.get(functionName(name))?.statements));
    expect(has.filter((right) => !neededBy(name).includes(right))).toEqual([]);
  });

  test.each(TAKERS)('the role of a target for %s: what those who take it need together', (kind, takers) => {
    const needed = new Set(takers.flatMap(neededBy));
    const has = rightsOf(ROLES.taken.get(`farol-web-production-${kind}-us-east-1`)?.statements);
    expect(has).not.toEqual([]);
    expect(has.filter((right) => !needed.has(right))).toEqual([]);
  });

  test('remove-slots', () => {
    const { statements } = ROLES.functions.get(targetNames('web', 'production').removeSlots) ?? {};
    expect(rightsOf(statements)).toEqual(neededBy(REMOVE_SLOTS));
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
