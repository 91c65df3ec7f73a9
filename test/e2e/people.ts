import { CreateAccessKeyCommand, CreateRoleCommand, CreateUserCommand, IAMClient } from '@aws-sdk/client-iam';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { clientOptions } from '@farol/local-aws/aws-side.ts';
import { farol } from './farol.ts';
import type { Stage } from './harness.ts';

/** Credentials as the environment gives them to the command. */
export type Keys = Readonly<Record<'AWS_ACCESS_KEY_ID' | 'AWS_SECRET_ACCESS_KEY' | 'AWS_SESSION_TOKEN', string>>;

/** An IAM user with an access key. */
export async function makeUser(stage: Stage, name: string): Promise<Keys> {
  const iam = new IAMClient(clientOptions(stage.cloud.gateway.url, 'e2e'));
  await iam.send(new CreateUserCommand({ UserName: name }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: name }));
  iam.destroy();
  return keys(AccessKey?.AccessKeyId, AccessKey?.SecretAccessKey);
}

/**
 * A session of a role that is made for it. With Identity Center's path it stands for what Identity Center does when
 * somebody signs in: on AWS nobody else makes a role there, or takes it.
 */
export async function takeRole(stage: Stage, path: string, role: string, session: string): Promise<Keys> {
  const options = clientOptions(stage.cloud.gateway.url, 'e2e');
  const [iam, sts] = [new IAMClient(options), new STSClient(options)];
  const { Role } = await iam.send(
    new CreateRoleCommand({
      RoleName: role,
      Path: path,
      AssumeRolePolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [] }),
    }),
  );
  const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn: Role?.Arn ?? '', RoleSessionName: session }));
  iam.destroy();
  sts.destroy();
  return keys(Credentials?.AccessKeyId, Credentials?.SecretAccessKey, Credentials?.SessionToken);
}

function keys(id = '', secret = '', token = ''): Keys {
  return { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: token };
}

/** Answers a deployment by the command, as the owner of these keys. */
export async function answerAs(
  stage: Stage,
  who: Keys,
  decision: 'approve' | 'reject',
  deployment: string,
  reason?: string,
): Promise<{ readonly done: boolean; readonly sentence: string }> {
  const { exitCode, stdout, stderr } = await farol(
    stage,
    [decision, deployment, ...(reason === undefined ? [] : ['--reason', reason])],
    who,
  );
  return { done: exitCode === 0, sentence: stdout + stderr };
}
