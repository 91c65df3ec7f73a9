import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { PersonalRequest } from '#core/contract/caller.ts';
import { personHandler } from '../../../../functions/runtime/handle.ts';
import { user } from '../../../fixtures/people.ts';

const ANA = user('ana');
const Response = z.strictObject({ statusCode: z.literal(200), headers: z.looseObject({}), body: z.string() });

/** What a function makes of an event, and what it was given. */
async function ask(event: unknown): Promise<{ given: PersonalRequest[]; answer: unknown }> {
  const given: PersonalRequest[] = [];
  const handler = personHandler(async (request) => {
    given.push(request);
    return { outcome: 'done', sentence: 'It is done.' };
  });
  const context = { functionName: 'farol-x', awsRequestId: '1', memoryLimitInMB: '128', invokedFunctionArn: 'arn' };
  const { body } = Response.parse(await handler(event, context));
  return { given, answer: JSON.parse(body) };
}

const event = (more: object = {}) => ({
  version: '2.0',
  requestContext: { apiId: 'x', authorizer: { iam: { ...ANA, accessKey: 'AKIA', callerId: ANA.userId } } },
  body: '{"target":"web/production"}',
  isBase64Encoded: false,
  ...more,
});

describe('what people ask a function by its URL', () => {
  test('comes with who they are, as Lambda says', async () => {
    const { given, answer } = await ask(event());
    expect(given).toEqual([{ input: { target: 'web/production' }, caller: ANA }]);
    expect(answer).toEqual({ outcome: 'done', sentence: 'It is done.' });
  });

  test('may be encoded, and is nothing where it is no JSON', async () => {
    const body = Buffer.from('{"a":1}').toString('base64');
    expect((await ask(event({ body, isBase64Encoded: true }))).given).toMatchObject([{ input: { a: 1 } }]);
    expect((await ask(event({ body: '{' }))).given).toMatchObject([{ input: undefined }]);
  });

  test.each([
    ['an event that only says in its body who asks', { body: JSON.stringify({ by: ANA.userArn }) }],
    ['one that the caller wrote', { target: 'web/production', by: ANA.userArn }],
    ['a URL without IAM authorisation', event({ requestContext: { accountId: 'anonymous' } })],
    ['nothing', undefined],
  ])('%s is refused: nobody is known', async (_what, other) => {
    const { given, answer } = await ask(other);
    expect(given).toEqual([]);
    expect(answer).toMatchObject({ outcome: 'refused', sentence: expect.stringContaining('AWS then says who asks') });
  });
});
