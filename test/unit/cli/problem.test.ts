import { describe, expect, test } from 'vitest';
import type { Approval } from '#core/contract/approval.ts';
import { decide } from '../../../cli/decide.ts';
import { explain, isDenied, Problem } from '../../../cli/problem.ts';
import { statusLines } from '../../../cli/status.ts';

const named = (name: string, message = 'no') => Object.assign(new Error(message), { name });

test.each<[string, unknown, RegExp]>([
  ['no credentials', named('CredentialsProviderError'), /aws login/],
  ['an ended session', named('ExpiredTokenException'), /sign in again/],
  ['a missing right', named('AccessDeniedException'), /administrator/],
  ['throttling', named('ThrottlingException'), /wait a minute/],
  ['no network', Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' }), /AWS was not reached/],
  ['no region', new Error('Region is missing'), /--region/],
  ['nothing deployed', named('ResourceNotFoundException'), /npm run deploy/],
  ['anything else', named('Strange', 'what'), /DEBUG=1/],
  ['no error at all', 'text', /DEBUG=1/],
])('%s: says what to do', (_name, error, todo) => {
  expect(explain(error)).toMatchObject({ todo: expect.stringMatching(todo), exitCode: expect.any(Number) });
});

test('a problem stays what it is, and only a missing right is one', () => {
  const problem = new Problem('a', 'b');
  expect(explain(problem)).toBe(problem);
  expect(isDenied(named('AccessDenied'))).toBe(true);
  expect(isDenied(named('Throttling'))).toBe(false);
});

describe('what a function of Farol answers a person', () => {
  const answering =
    (text: string, status = 200) =>
    () =>
      Promise.resolve({ status, text });

  test('is its sentence', async () => {
    const answer = JSON.stringify({ outcome: 'started', sentence: 'v1.0.0 is deployed again.' });
    expect(await decide(answering(answer), 'farol-start-deployment', {})).toBe('v1.0.0 is deployed again.');
  });

  test.each<[string, string, number, RegExp, string]>([
    [
      'a refusal',
      JSON.stringify({ outcome: 'refused', sentence: 'It waits for nothing.' }),
      200,
      /waits for nothing/,
      'npm run farol -- status',
    ],
    ['an exception', 'Internal Server Error', 502, /farol-x failed: Internal/, 'aws logs tail /aws/lambda/farol-x'],
    ['nonsense', 'oops', 200, /farol-x failed: oops/, 'npm run farol -- status'],
    [
      'a missing right',
      '{"Message":"Forbidden"}',
      403,
      /AWS does not let you ask farol-x: .*Forbidden/,
      'docs/deploy.md',
    ],
  ])('%s is an error that says what to do', async (_name, text, status, message, todo) => {
    await expect(decide(answering(text, status), 'farol-x', {})).rejects.toMatchObject({
      message: expect.stringMatching(message),
      todo: expect.stringContaining(todo),
    });
  });
});

test('a target in a few lines', () => {
  const target = 'web/production';
  const empty = { target, head: {}, lock: undefined, waiting: undefined, traffic: undefined };
  expect(statusLines(empty)).toEqual(['web/production', '  live     nothing yet', '  running  nothing']);
  const asked: Approval = {
    context: { target, deployment: 'web-production-v2', token: 1 },
    before: 'traffic',
    plan: 'abc',
    asked: '2026-01-01T00:00:00.000Z',
    until: '2026-01-02T00:00:00.000Z',
    taskToken: 'a token',
  };
  const asks = statusLines({ ...empty, approval: asked }).at(-1);
  expect(asks).toContain('until 2026-01-02T00:00:00.000Z: farol approve web-production-v2, or farol reject');
  expect(asks).not.toContain('a token');
  const decision = { outcome: 'rejected', by: 'ana', at: '2026-01-01T01:00:00.000Z' } as const;
  expect(statusLines({ ...empty, approval: { ...asked, decision } })).toEqual(statusLines(empty));
  const frozen = { reason: 'live broke', at: '2026-01-01T00:00:00.000Z', deployment: 'web-production-v2' };
  expect(statusLines({ ...empty, head: { ...empty.head, frozen } }).at(-1)).toContain('live broke');
});
