import { CreateAccessKeyCommand, CreateRoleCommand, CreateUserCommand, IAMClient } from '@aws-sdk/client-iam';
import {
  CreateFunctionCommand,
  CreateFunctionUrlConfigCommand,
  GetFunctionUrlConfigCommand,
  LambdaClient,
} from '@aws-sdk/client-lambda';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { Sha256 } from '@smithy/core/checksum';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';
import { zipSync } from 'fflate';
import { beforeAll, describe, expect, test } from 'vitest';
import { cloud } from '../fixtures/cloud.ts';

const CODE = `
exports.handler = async (event) => {
  if (event.body === 'fail') throw new Error('it failed');
  return { statusCode: 201, headers: { 'x-made': 'here' }, body: JSON.stringify(event) };
};
`;

interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

const started = cloud();
let url: URL;
let ana: Keys;
beforeAll(async () => {
  const { client } = started();
  const lambda = new LambdaClient(client);
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName: 'asked',
      Role: 'arn:aws:iam::000000000000:role/asked',
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      Code: { ZipFile: zipSync({ 'index.js': Buffer.from(CODE) }) },
    }),
  );
  await lambda.send(new CreateFunctionUrlConfigCommand({ FunctionName: 'asked', AuthType: 'AWS_IAM' }));
  const { FunctionUrl } = await lambda.send(new GetFunctionUrlConfigCommand({ FunctionName: 'asked' }));
  url = new URL(FunctionUrl ?? '');
  const iam = new IAMClient(client);
  await iam.send(new CreateUserCommand({ UserName: 'ana', Path: '/team/' }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: 'ana' }));
  ana = { accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' };
}, 60_000);

interface Wish {
  readonly keys?: Keys;
  readonly service?: string;
  readonly at?: Date;
  readonly body?: string;
  /** What is sent in place of what was signed. */
  readonly sent?: { readonly body?: string; readonly headers?: Record<string, string>; readonly path?: string };
}

async function ask({ keys = ana, service = 'lambda', at = new Date(), body = '{}', sent = {} }: Wish = {}) {
  const signer = new SignatureV4({ service, region: 'us-east-1', credentials: keys, sha256: Sha256 });
  const { headers } = await signer.sign(
    new HttpRequest({ method: 'POST', path: url.pathname, headers: { host: url.host }, body }),
    { signingDate: at },
  );
  const response = await fetch(new URL(sent.path ?? '', url), {
    method: 'POST',
    headers: { ...headers, ...sent.headers },
    body: sent.body ?? body,
  });
  const text = await response.text();
  return { status: response.status, text, made: response.headers.get('x-made') };
}

describe('a function URL with IAM authorisation', () => {
  test('leads to the gateway, and tells the function who asks', async () => {
    expect(url.origin).toBe(started().gateway.url);
    const { status, text, made } = await ask({ body: '{"a":1}' });
    expect({ status, made }).toEqual({ status: 201, made: 'here' });
    expect(JSON.parse(text)).toMatchObject({
      version: '2.0',
      rawPath: '/',
      body: '{"a":1}',
      requestContext: {
        accountId: '000000000000',
        authorizer: {
          iam: { userArn: 'arn:aws:iam::000000000000:user/team/ana', userId: expect.stringMatching(/^AIDA/) },
        },
      },
    });
  });

  test('knows the session of a role, with its name', async () => {
    const { client } = started();
    const { Role } = await new IAMClient(client).send(
      new CreateRoleCommand({
        RoleName: 'deployer',
        AssumeRolePolicyDocument: '{"Version":"2012-10-17","Statement":[]}',
      }),
    );
    const { Credentials } = await new STSClient(client).send(
      new AssumeRoleCommand({ RoleArn: Role?.Arn ?? '', RoleSessionName: 'ana@example.com' }),
    );
    const keys = {
      accessKeyId: Credentials?.AccessKeyId ?? '',
      secretAccessKey: Credentials?.SecretAccessKey ?? '',
      sessionToken: Credentials?.SessionToken ?? '',
    };
    const { text } = await ask({ keys });
    expect(JSON.parse(text)).toMatchObject({
      requestContext: {
        authorizer: {
          iam: {
            userArn: 'arn:aws:sts::000000000000:assumed-role/deployer/ana@example.com',
            userId: `${Role?.RoleId}:ana@example.com`,
          },
        },
      },
    });
    expect(await ask({ keys: { ...keys, sessionToken: 'another' } })).toMatchObject({ status: 403 });
  });

  test('knows the root user by the keys that everybody has here', async () => {
    const { text } = await ask({ keys: { accessKeyId: 'test', secretAccessKey: 'test' } });
    expect(JSON.parse(text)).toMatchObject({
      requestContext: { authorizer: { iam: { userArn: 'arn:aws:iam::000000000000:root', userId: '000000000000' } } },
    });
  });

  test('says that the function failed, and not why', async () => {
    expect(await ask({ body: 'fail' })).toMatchObject({ status: 502, text: expect.not.stringContaining('it failed') });
  });

  test.each<[string, () => Wish]>([
    ['another secret', () => ({ keys: { ...ana, secretAccessKey: 'guessed' } })],
    ['a key that nobody was given', () => ({ keys: { accessKeyId: 'AKIAUNKNOWN', secretAccessKey: 'x' } })],
    ['another body', () => ({ sent: { body: '{"decision":"approve"}' } })],
    [
      'another body with its own hash',
      () => ({ sent: { body: 'x', headers: { 'x-amz-content-sha256': 'UNSIGNED' } } }),
    ],
    ['another path', () => ({ sent: { path: `${url.pathname}more` } })],
    ['a signature for another service', () => ({ service: 'sts' })],
    ['a signature of yesterday', () => ({ at: new Date(Date.now() - 86_400_000) })],
    ['no signature', () => ({ sent: { headers: { authorization: '' } } })],
  ])('refuses %s', async (_what, wish) => {
    expect(await ask(wish())).toMatchObject({ status: 403, made: null });
  });

  test('is not there under another id', async () => {
    const response = await fetch(new URL('/_aws/lambda-url/nobody/', url), { method: 'POST' });
    expect(response.status).toBe(403);
  });
});
