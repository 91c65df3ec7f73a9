import { expect, test } from 'vitest';
import { isSecretName, mask, masked } from '../../src/gateway/mask.ts';
import { findProblems } from '../../src/protocol/validate.ts';
import type { Structure } from '../../src/protocol/values.ts';
import { models } from '../fixtures/gateway.ts';

/** Masks the parameters of a call; what is left has to fit the model, as a reader of the record sees it. */
function params(service: string, name: string, value: Structure): Structure {
  const shape = models.get(service).operation(name)?.input;
  if (shape === undefined) throw new Error(`${service} has no ${name}`);
  const result = mask(shape, value);
  expect(findProblems(shape, result).filter((problem) => !problem.includes('must be a blob'))).toEqual([]);
  return result;
}

function result(service: string, name: string, value: Structure): Structure {
  return mask(models.get(service).operation(name)?.output, value);
}

test.each([
  'POSTGRES_PASSWORD',
  'SECRET_KEY',
  'taskToken',
  'GITHUB_TOKEN',
  'apiKey',
  'db_passwd',
  'AWS_SECRET_ACCESS_KEY',
])('%s names a secret', (name) => expect(isSecretName(name)).toBe(true));

test.each([
  'token',
  'nextToken',
  'clientRequestToken',
  'fencingToken',
  'SECRET_ARN',
  'secretId',
  'AWS_ACCESS_KEY_ID',
  'valueFrom',
  'tokens',
])('%s does not', (name) => expect(isSecretName(name)).toBe(false));

test('secrets of Secrets Manager and of Parameter Store', () => {
  expect(params('secretsmanager', 'CreateSecret', { Name: 'db', SecretString: '{"password":"p"}' })).toEqual({
    Name: 'db',
    SecretString: masked,
  });
  expect(
    result('secretsmanager', 'GetSecretValue', { ARN: 'a', SecretString: 'p', SecretBinary: new Uint8Array(3) }),
  ).toEqual({ ARN: 'a', SecretString: masked, SecretBinary: masked });
  expect(params('ssm', 'PutParameter', { Name: '/s', Value: 'p', Type: 'SecureString' })).toMatchObject({
    Value: masked,
  });
  expect(params('ssm', 'PutParameter', { Name: '/s', Value: 'open', Type: 'String' })).toMatchObject({ Value: 'open' });
  expect(
    result('ssm', 'GetParameters', {
      Parameters: [
        { Name: 'a', Type: 'SecureString', Value: 'p' },
        { Name: 'b', Type: 'String', Value: 'v' },
      ],
    }),
  ).toEqual({
    Parameters: [
      { Name: 'a', Type: 'SecureString', Value: masked },
      { Name: 'b', Type: 'String', Value: 'v' },
    ],
  });
});

test('task tokens and credentials', () => {
  expect(params('stepfunctions', 'SendTaskSuccess', { taskToken: 'AQC', output: '{"ok":true}' })).toEqual({
    taskToken: masked,
    output: '{"ok":true}',
  });
  expect(
    params('stepfunctions', 'StartExecution', { stateMachineArn: 'a', input: '{"token":5,"taskToken":"AQC"}' }),
  ).toEqual({
    stateMachineArn: 'a',
    input: `{"token":5,"taskToken":"${masked}"}`,
  });
  const expiry = new Date(0);
  expect(
    result('sts', 'AssumeRole', {
      Credentials: { AccessKeyId: 'id', SecretAccessKey: 's', SessionToken: 't', Expiration: expiry },
    }),
  ).toEqual({
    Credentials: { AccessKeyId: 'id', SecretAccessKey: masked, SessionToken: masked, Expiration: expiry },
  });
  expect(
    result('ecr', 'GetAuthorizationToken', { authorizationData: [{ authorizationToken: 'QVdT', proxyEndpoint: 'p' }] }),
  ).toEqual({
    authorizationData: [{ authorizationToken: masked, proxyEndpoint: 'p' }],
  });
});

test('environments', () => {
  const container = {
    environment: [
      { name: 'PORT', value: '8000' },
      { name: 'POSTGRES_PASSWORD', value: 'p' },
    ],
    secrets: [{ name: 'SECRET_KEY', valueFrom: 'arn:aws:secretsmanager:x' }],
  };
  expect(params('ecs', 'RegisterTaskDefinition', { family: 'f', containerDefinitions: [container] })).toEqual({
    family: 'f',
    containerDefinitions: [
      {
        ...container,
        environment: [
          { name: 'PORT', value: '8000' },
          { name: 'POSTGRES_PASSWORD', value: masked },
        ],
      },
    ],
  });
  expect(
    result('lambda', 'GetFunctionConfiguration', {
      Environment: { Variables: { DB_PASSWORD: 'p', TABLE: 't' } },
    }),
  ).toEqual({
    Environment: { Variables: { DB_PASSWORD: masked, TABLE: 't' } },
  });
  expect(
    params('cloudformation', 'CreateStack', {
      StackName: 's',
      Parameters: [{ ParameterKey: 'DbPassword', ParameterValue: 'p' }],
    }),
  ).toMatchObject({
    Parameters: [{ ParameterKey: 'DbPassword', ParameterValue: masked }],
  });
});

test('DynamoDB: attributes by their name, also behind placeholders; numbers stay numbers', () => {
  const update = {
    TableName: 'tbl',
    Key: { pk: { S: 'a' } },
    UpdateExpression: 'SET hold.#t = if_not_exists(#t, :t), #n = :n',
    ExpressionAttributeNames: { '#t': 'taskToken', '#n': 'token' },
    ExpressionAttributeValues: { ':t': { S: 'AQC' }, ':n': { N: '7' } },
  };
  expect(
    params('dynamodb', 'TransactWriteItems', {
      TransactItems: [
        { Update: update },
        {
          Put: {
            TableName: 'tbl',
            Item: { pk: { S: 'b' }, taskToken: { S: 'AQC' }, token: { N: '7' }, secretCount: { N: '1' } },
          },
        },
      ],
    }),
  ).toEqual({
    TransactItems: [
      { Update: { ...update, ExpressionAttributeValues: { ':t': { S: masked }, ':n': { N: '7' } } } },
      {
        Put: {
          TableName: 'tbl',
          Item: { pk: { S: 'b' }, taskToken: { S: masked }, token: { N: '7' }, secretCount: { N: '1' } },
        },
      },
    ],
  });
});

test('blobs are told by their size', () => {
  expect(params('lambda', 'Invoke', { FunctionName: 'f', Payload: Buffer.from('{"a":1}') })).toEqual({
    FunctionName: 'f',
    Payload: '(7 bytes)',
  });
});
