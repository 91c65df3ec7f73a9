import { describe, expect, test } from 'vitest';
import type { Context } from '../../iam/conditions.ts';
import { evaluate } from '../../iam/evaluate.ts';
import { parsePolicy } from '../../iam/policy.ts';

const TABLE = 'arn:aws:dynamodb:us-east-1:111122223333:table/farol-ledger';

function statement(effect: string, action: unknown, resource: unknown, condition?: unknown): object {
  return {
    Effect: effect,
    Action: action,
    Resource: resource,
    ...(condition === undefined ? {} : { Condition: condition }),
  };
}

function allowed(statements: readonly object[], action: string, resource: string, context: Context = {}): boolean {
  return evaluate(parsePolicy({ Version: '2012-10-17', Statement: statements }), { action, resource, context }).allowed;
}

describe('without conditions', () => {
  const get = statement('Allow', 'dynamodb:GetItem', TABLE);

  test('what no statement allows is denied', () => {
    expect(allowed([], 'dynamodb:GetItem', TABLE)).toBe(false);
    expect(allowed([get], 'dynamodb:PutItem', TABLE)).toBe(false);
    expect(allowed([get], 'dynamodb:GetItem', `${TABLE}-2`)).toBe(false);
    expect(allowed([get], 'dynamodb:GetItem', TABLE)).toBe(true);
  });

  test('one that denies wins over any that allow, wherever it stands', () => {
    const deny = statement('Deny', ['dynamodb:PutItem', 'dynamodb:GetItem'], '*');
    expect(allowed([get, deny], 'dynamodb:GetItem', TABLE)).toBe(false);
    expect(allowed([deny, get], 'dynamodb:GetItem', TABLE)).toBe(false);
  });

  test('actions are compared without case, resources with it', () => {
    expect(allowed([get], 'DynamoDB:getitem', TABLE)).toBe(true);
    expect(allowed([get], 'dynamodb:GetItem', TABLE.replace('farol', 'Farol'))).toBe(false);
  });

  test.each([
    ['a wildcard stands for any text', 'table/*', 'table/a/b', true],
    ['and for none', 'table/a*', 'table/a', true],
    ['a question mark stands for one character', 'table/?', 'table/ab', false],
    ['a dot is a dot', 'table/a.b', 'table/axb', false],
    ['in the last part a wildcard takes colons too', 'log-group:/a:*', 'log-group:/a:log-stream:b', true],
  ])('%s', (_what, pattern, resource, expected) => {
    const arn = (end: string): string => `arn:aws:x:us-east-1:111122223333:${end}`;
    expect(allowed([statement('Allow', 'x:Y', arn(pattern))], 'x:Y', arn(resource))).toBe(expected);
  });

  test('a wildcard reaches no further than its part of the ARN', () => {
    const wide = statement('Allow', 'x:Y', 'arn:aws:x:*:table/a');
    expect(allowed([wide], 'x:Y', 'arn:aws:x:us-east-1:111122223333:table/a')).toBe(false);
  });

  test('who names resources is not asked about everything', () => {
    const named = statement('Allow', 'cloudwatch:PutMetricAlarm', 'arn:aws:cloudwatch:us-east-1:111122223333:alarm:*');
    expect(allowed([named], 'cloudwatch:PutMetricAlarm', '*')).toBe(false);
    expect(allowed([statement('Allow', 'cloudwatch:PutMetricAlarm', '*')], 'cloudwatch:PutMetricAlarm', '*')).toBe(
      true,
    );
  });
});

describe('conditions', () => {
  const cluster = (name: string): string => `arn:aws:ecs:us-east-1:111122223333:cluster/${name}`;

  test.each<[string, object, Context['x'], boolean]>([
    ['StringEquals', { StringEquals: { 'a:b': ['x', 'y'] } }, 'y', true],
    ['StringEquals', { StringEquals: { 'a:b': 'x*' } }, 'xy', false],
    ['StringEquals of a key that is not sent', { StringEquals: { 'a:b': 'x' } }, null, false],
    ['StringEqualsIfExists of a key that is not sent', { StringEqualsIfExists: { 'a:b': 'x' } }, null, true],
    ['StringNotEquals', { StringNotEquals: { 'a:b': ['x', 'y'] } }, 'y', false],
    ['StringNotEquals of a key that is not sent', { StringNotEquals: { 'a:b': 'x' } }, null, true],
    ['StringEqualsIgnoreCase', { StringEqualsIgnoreCase: { 'a:b': 'X' } }, 'x', true],
    ['StringLike', { StringLike: { 'a:b': 'x*' } }, 'xy', true],
    ['StringNotLike', { StringNotLike: { 'a:b': 'x*' } }, 'xy', false],
    ['ArnEquals', { ArnEquals: { 'a:b': cluster('web-*') } }, cluster('web-production'), true],
    ['ArnLike', { ArnLike: { 'a:b': cluster('web') } }, cluster('api'), false],
    ['ArnNotEquals', { ArnNotEquals: { 'a:b': cluster('web') } }, cluster('api'), true],
    ['ArnNotLike', { ArnNotLike: { 'a:b': cluster('*') } }, cluster('api'), false],
    ['Bool', { Bool: { 'a:b': true } }, 'true', true],
    ['Bool', { Bool: { 'a:b': 'false' } }, 'true', false],
    ['ForAllValues', { 'ForAllValues:StringLike': { 'a:b': ['T#*'] } }, ['T#1', 'T#2'], true],
    ['ForAllValues, one of them other', { 'ForAllValues:StringLike': { 'a:b': ['T#*'] } }, ['T#1', 'L#2'], false],
    ['ForAllValues of a key that is not sent', { 'ForAllValues:StringLike': { 'a:b': ['T#*'] } }, null, true],
    ['ForAnyValue', { 'ForAnyValue:StringEquals': { 'a:b': ['x'] } }, ['x', 'y'], true],
    ['ForAnyValue of a key that is not sent', { 'ForAnyValue:StringEquals': { 'a:b': ['x'] } }, null, false],
    ['two keys, both met', { StringEquals: { 'a:b': 'x', 'A:B': 'x' } }, 'x', true],
    ['two operators, one not met', { StringEquals: { 'a:b': 'x' }, StringLike: { 'a:b': 'y*' } }, 'x', false],
  ])('%s', (_name, condition, value, expected) => {
    expect(allowed([statement('Allow', 'x:Y', '*', condition)], 'x:Y', '*', { 'a:b': value })).toBe(expected);
  });

  test('a statement that denies under a condition denies only then', () => {
    const both = [
      statement('Allow', 'dynamodb:DeleteItem', TABLE),
      statement('Deny', 'dynamodb:DeleteItem', TABLE, {
        'ForAnyValue:StringLike': { 'dynamodb:LeadingKeys': 'LEDGER#*' },
      }),
    ];
    const of = (key: string): Context => ({ 'dynamodb:LeadingKeys': [key] });
    expect(allowed(both, 'dynamodb:DeleteItem', TABLE, of('LEDGER#web/production'))).toBe(false);
    expect(allowed(both, 'dynamodb:DeleteItem', TABLE, of('TARGET#web/production'))).toBe(true);
  });
});

describe('what it cannot judge is an error', () => {
  const asking = (condition: object) => () =>
    allowed([statement('Allow', 'x:Y', '*', condition)], 'x:Y', '*', { 'a:b': ['x', 'y'] });

  test.each(['DateLessThan', 'IpAddress', 'Null', 'ForSomeValues:StringEquals'])('the operator %s', (operator) => {
    expect(asking({ [operator]: { 'a:b': 'x' } })).toThrow(`the condition operator ${operator} is not evaluated here`);
  });

  test('an unknown operator in a statement of another action', () => {
    const other = statement('Deny', 'z:Z', '*', { Binary: { 'a:b': 'x' } });
    expect(() => allowed([other], 'x:Y', '*')).toThrow('the condition operator Binary');
  });

  test('a key that the request says nothing about', () => {
    expect(asking({ StringEquals: { 'a:c': 'x' } })).toThrow('the request does not say what a:c is');
  });

  test('several values where one is compared', () => {
    expect(asking({ StringEquals: { 'a:b': 'x' } })).toThrow('a:b has several values');
  });

  test.each([
    ['a policy variable', statement('Allow', 'x:Y', 'arn:aws:s3:::a/${aws:username}')],
    ['NotAction', { Effect: 'Deny', NotAction: 'x:Y', Resource: '*' }],
    ['NotResource', { Effect: 'Deny', Action: 'x:Y', NotResource: '*' }],
  ])('%s', (_what, given) => {
    expect(() => allowed([given], 'x:Y', '*')).toThrow(/policy variables|[Uu]nrecognized|invalid/i);
  });
});
