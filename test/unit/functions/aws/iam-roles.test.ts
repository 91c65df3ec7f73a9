import { CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { expect, test } from 'vitest';
import { IamRoles } from '#aws/iam-roles.ts';
import { cloud } from '../../../../packages/local-aws/test/fixtures/cloud.ts';
import { fakeUpstream } from '../../../../packages/local-aws/test/fixtures/gateway.ts';

const started = cloud();

test('a role is known with its path and its id, and one that is not there is not', async () => {
  const client = new IAMClient(started().client);
  await client.send(
    new CreateRoleCommand({ RoleName: 'release', Path: '/team/', AssumeRolePolicyDocument: '{"Statement":[]}' }),
  );
  const roles = new IamRoles(client);
  expect(await roles.role('release')).toEqual({
    arn: 'arn:aws:iam::000000000000:role/team/release',
    id: expect.stringMatching(/^AROA/),
  });
  expect(await roles.role('nobody')).toBeUndefined();
});

/** IAM answering with an error. */
async function answering(status: number, code: string): Promise<IamRoles> {
  const url = await fakeUpstream((_request, _body, response) => {
    response.writeHead(status, { 'content-type': 'text/xml' });
    response.end(
      `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>no</Message></Error></ErrorResponse>`,
    );
  });
  return new IamRoles(new IAMClient({ ...started().client, endpoint: url.origin, maxAttempts: 1 }));
}

test('a role that Farol may not see is not taken for one that Identity Center made; any other error is reported', async () => {
  expect(await (await answering(403, 'AccessDenied')).role('release')).toBeUndefined();
  await expect((await answering(500, 'ServiceFailure')).role('release')).rejects.toThrow('no');
});
