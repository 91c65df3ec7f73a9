import { afterEach, expect, test, vi } from 'vitest';
import { functionCaller } from '../../../../cli/aws/functions.ts';
import { explain } from '../../../../cli/problem.ts';
import { freePort } from '../../../../local/parts/ports.ts';
import { fakeUpstream } from '../../../../packages/local-aws/test/fixtures/gateway.ts';

afterEach(() => vi.unstubAllEnvs());

/** An AWS whose function has this URL, and what it was asked. */
async function awsWith(url: (own: URL) => string) {
  const asked: { path: string; authorization: string; body: string }[] = [];
  const endpoint: URL = await fakeUpstream((request, body, response) => {
    if (request.url?.startsWith('/2021-10-31/functions/farol-unfreeze/url')) {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ FunctionUrl: url(endpoint), FunctionArn: 'arn', AuthType: 'AWS_IAM' }));
      return;
    }
    const { authorization = '' } = request.headers;
    asked.push({ path: request.url ?? '', authorization, body: body.toString() });
    response.end('{"outcome":"unfrozen"}');
  });
  vi.stubEnv('AWS_ENDPOINT_URL', endpoint.origin);
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAEXAMPLE');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
  return asked;
}

test('a function is asked by its URL, once, with a signature for Lambda in its region', async () => {
  const asked = await awsWith((own) => `${own.origin}/asked/`);
  const answer = await functionCaller('sa-east-1')('farol-unfreeze', { target: 'web/production' });
  expect(answer).toEqual({ status: 200, text: '{"outcome":"unfrozen"}' });
  expect(asked).toEqual([
    {
      path: '/asked/',
      body: '{"target":"web/production"}',
      authorization: expect.stringMatching(
        /^AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE\/\d{8}\/sa-east-1\/lambda\/aws4_request, SignedHeaders=content-type;host;/,
      ),
    },
  ]);
});

test('an address that nobody answers at is told as such', async () => {
  const port = await freePort();
  await awsWith(() => `http://127.0.0.1:${port}/`);
  const asking = functionCaller('us-east-1')('farol-unfreeze', {});
  const error: unknown = await asking.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(explain(error).todo).toContain('AWS was not reached');
});
