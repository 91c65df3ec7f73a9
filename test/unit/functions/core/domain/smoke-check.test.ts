import { describe, expect, test } from 'vitest';
import { judgeAnswer, judgeVersion } from '#core/domain/smoke-check.ts';

describe('an answer', () => {
  const answer = { status: 200, body: '{"ok":true,"n":1}', ms: 12.4 };

  test('passes when status, text, members and time are as asked', () => {
    const check = { path: '/', status: 200, contains: '"ok"', json: { ok: true, n: 1 }, maxMs: 12.4 };
    expect(judgeAnswer(check, answer)).toBeUndefined();
    expect(judgeAnswer({ path: '/', status: 200 }, { ...answer, body: 'no JSON' })).toBeUndefined();
  });

  test('is compared by its values, whatever the order of members', () => {
    const check = { path: '/', status: 200, json: { a: { x: 1, y: [{ p: 1, q: 2 }] } } };
    expect(judgeAnswer(check, { ...answer, body: '{"a":{"y":[{"q":2,"p":1}],"x":1}}' })).toBeUndefined();
    expect(judgeAnswer(check, { ...answer, body: '{"a":{"y":[{"q":2,"p":2}],"x":1}}' })).toContain('member a is');
  });

  test('that is nested without end is told in words', () => {
    const body = `{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`;
    expect(judgeAnswer({ path: '/', status: 200, json: { a: 1 } }, { ...answer, body })).toBe(
      'the body cannot be compared',
    );
  });

  test.each([
    [{ status: 204 }, answer, 'status 200 instead of 204'],
    [{ status: 200, maxMs: 12 }, answer, 'took 12 ms, at most 12 ms are allowed'],
    [{ status: 200, contains: 'welcome' }, answer, 'the body does not contain "welcome"'],
    [{ status: 200, json: { n: 2 } }, answer, 'member n is 1 instead of 2'],
    [{ status: 200, json: { ok: true, m: 2 } }, answer, 'member m is undefined instead of 2'],
    [{ status: 200, json: {} }, { ...answer, body: '[]' }, 'the body is no JSON object'],
    [{ status: 200, json: {} }, { ...answer, body: '<html>' }, 'the body is no JSON object'],
  ])('fails otherwise, and says in what: %j', (check, given, why) => {
    expect(judgeAnswer({ path: '/', ...check }, given)).toBe(why);
  });
});

describe('a version answer', () => {
  const expected = { version: 'v1.1.0', digest: 'sha256:b', slot: 'green' } as const;
  const says = (more: object, status = 200) => ({
    status,
    body: JSON.stringify({ ...expected, commit: 'c', ...more }),
    ms: 1,
  });

  test('proves version, digest and slot', () => {
    expect(judgeVersion(expected, says({}))).toBeUndefined();
  });

  test.each([
    [says({ version: 'v1.0.0' }), 'another version answered: v1.0.0 instead of v1.1.0'],
    [says({ digest: 'sha256:a' }), 'another digest answered: sha256:a instead of sha256:b'],
    [says({ slot: 'blue' }), 'another slot answered: blue instead of green'],
    [says({}, 404), 'status 404 instead of 200'],
    [{ status: 200, body: 'v1.1.0', ms: 1 }, 'the body is no version answer ({version, digest, commit, slot})'],
  ])('is not satisfied by somebody else’s: %j', (given, why) => {
    expect(judgeVersion(expected, given)).toBe(why);
  });
});
