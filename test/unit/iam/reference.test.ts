import { describe, expect, test } from 'vitest';
import { intersects } from '../../iam/pattern.ts';
import { complaintsAbout, type Exception } from '../../iam/reference.ts';

const arn = (service: string, rest: string): string => `arn:aws:${service}:us-east-1:111122223333:${rest}`;

function about(
  action: string,
  resource: string,
  {
    effect = 'Allow',
    key,
    exceptions = [],
  }: { effect?: 'Allow' | 'Deny'; key?: string; exceptions?: Exception[] } = {},
): Promise<string[]> {
  const conditions = key === undefined ? {} : { StringEquals: { [key]: ['x'] } };
  const statement = { effect, actions: [action], resources: [resource], conditions };
  return complaintsAbout(statement, exceptions, () => undefined);
}

describe('nothing is wrong with', () => {
  test.each<[string, string, string, string | undefined]>([
    ['an action that takes no resource, on all', 'ecr:GetAuthorizationToken', '*', undefined],
    ['a resource by its name', 'dynamodb:GetItem', arn('dynamodb', 'table/farol-ledger'), undefined],
    ['a resource by the beginning of its name', 'ssm:GetParameter', arn('ssm', 'parameter/farol/*'), undefined],
    ['any stream of one log group', 'logs:PutLogEvents', arn('logs', 'log-group:/aws/lambda/x:*'), undefined],
    ['one of several kinds', 'ecs:TagResource', arn('ecs', 'service/web/*'), 'ecs:CreateAction'],
    [
      'a rule that is tagged',
      'elasticloadbalancing:AddTags',
      arn('elasticloadbalancing', 'listener-rule/app/web/*'),
      'elasticloadbalancing:CreateAction',
    ],
    ['a bucket’s objects', 's3:GetObject', 'arn:aws:s3:::a-bucket/*', undefined],
    ['a key that every action knows', 'sns:Publish', arn('sns', 'a-topic'), 'aws:PrincipalArn'],
    ['the key of a tag', 'ecs:RunTask', arn('ecs', 'task-definition/web:*'), 'aws:ResourceTag/farol'],
  ])('%s', async (_what, action, resource, key) => {
    expect(await about(action, resource, key === undefined ? {} : { key })).toEqual([]);
  });
});

describe('something is wrong with', () => {
  test.each<[string, string, string, string]>([
    ['an action that does not exist', 'ecs:StartServices', '*', 'does not exist'],
    ['an action of a service that does not exist', 'esc:RunTask', '*', 'does not exist'],
    ['a wildcard for actions', 'ecs:Run*', '*', 'named in full'],
    ['all resources of an action that takes some', 'dynamodb:GetItem', '*', 'it takes a resource'],
    [
      'a resource for an action that takes none',
      'ecr:GetAuthorizationToken',
      arn('ecr', 'repository/web'),
      'takes no resource',
    ],
    ['a resource of another kind', 'ecs:RunTask', arn('ecs', 'cluster/web'), 'it takes arn:'],
    ['a resource of another service', 'sqs:SendMessage', arn('sns', 'a-topic'), 'it takes arn:'],
    ['any region', 'dynamodb:GetItem', 'arn:aws:dynamodb:*:111122223333:table/a', 'it takes arn:'],
    ['any account', 'dynamodb:GetItem', 'arn:aws:dynamodb:us-east-1:*:table/a', 'it takes arn:'],
    ['any name', 'dynamodb:GetItem', arn('dynamodb', 'table/*'), 'names nothing'],
    ['any name of two', 'ecs:DescribeTasks', arn('ecs', 'task/*'), 'names nothing'],
  ])('%s', async (_what, action, resource, complaint) => {
    expect(await about(action, resource)).toEqual([expect.stringContaining(complaint)]);
  });

  test('a condition key that the action does not know', async () => {
    const complaints = await about('sns:Publish', arn('sns', 'a-topic'), { key: 'ecs:cluster' });
    expect(complaints).toEqual(['sns:Publish does not know the condition key ecs:cluster']);
  });
});

test('what is denied may be denied everywhere', async () => {
  expect(await about('dynamodb:DeleteItem', '*', { effect: 'Deny' })).toEqual([]);
  expect(await about('dynamodb:DeleteItems', '*', { effect: 'Deny' })).toEqual(['dynamodb:DeleteItems does not exist']);
});

test('an exception excuses its action on its resource alone, and is told of', async () => {
  const exception = { action: 'ecs:ListTasks', resource: '*', reason: 'x' };
  const excused: Exception[] = [];
  const statement = {
    effect: 'Allow' as const,
    actions: ['ecs:ListTasks', 'ecs:StopTask'],
    resources: ['*'],
    conditions: {},
  };
  const complaints = await complaintsAbout(statement, [exception], (each) => excused.push(each));
  expect(complaints).toEqual([expect.stringContaining('ecs:StopTask on *')]);
  expect(excused).toEqual([exception]);
});

test.each([
  ['web/*', 'web/?*', true],
  ['table/a', 'table/?*', true],
  ['table/', 'table/?*', false],
  ['table/a', 'table/?*/index/?*', false],
  ['a*c', '*b*', true],
  ['abc', '???', true],
  ['abc', '??', false],
  ['', '*', true],
])('patterns %s and %s have something in common: %s', (a, b, expected) => {
  expect(intersects(a, b)).toBe(expected);
  expect(intersects(b, a)).toBe(expected);
});
