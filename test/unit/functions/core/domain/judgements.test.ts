import { describe, expect, test } from 'vitest';
import { judgeMigrations } from '#core/domain/migration-gate.ts';
import { judgeAnswer, judgeVersion } from '#core/domain/smoke-check.ts';
import { judgeMigrationEnd, nextLookSeconds } from '#core/domain/task-end.ts';
import { judgeStep } from '#core/domain/verdict.ts';

describe('a step', () => {
  const smoke = { outcome: 'pass', checks: 3, reason: '' } as const;
  const limits = { maxErrorShare: 0.01, minRequests: 50, crashes: 3 };
  const seen = {
    candidate: { requests: 1000, targetErrors: 0 },
    healthyTasks: 2,
    neededTasks: 1,
    crashes: ['exit code 1.'],
    smoke,
  };

  test('passes with few errors and fails with more than the share allows', () => {
    expect(judgeStep({ ...seen, candidate: { requests: 1000, targetErrors: 10 } }, limits).outcome).toBe('pass');
    expect(judgeStep({ ...seen, candidate: { requests: 1000, targetErrors: 11 } }, limits)).toMatchObject({
      outcome: 'fail',
      reason: expect.stringContaining('11 of 1000'),
    });
  });

  test('of a quiet site is judged by its smoke checks, and without any by nobody', () => {
    const quiet = { ...seen, candidate: { requests: 3, targetErrors: 3 } };
    expect(judgeStep(quiet, limits).outcome).toBe('pass');
    expect(judgeStep({ ...quiet, smoke: { ...smoke, checks: 0 } }, limits).outcome).toBe('inconclusive');
  });

  test('fails when tasks end again and again, though others are healthy in their place', () => {
    expect(judgeStep(seen, limits).outcome).toBe('pass');
    expect(judgeStep({ ...seen, crashes: ['exit code 3.', 'exit code 1.', 'exit code 1.'] }, limits)).toEqual({
      outcome: 'fail',
      reason: "The candidate's tasks end by themselves under traffic (3 so far): exit code 3.",
    });
  });

  test('fails when smoke fails or healthy tasks are missing, whatever the shares say', () => {
    expect(judgeStep({ ...seen, smoke: { outcome: 'fail', checks: 0, reason: '/: status 500' } }, limits).outcome).toBe(
      'fail',
    );
    expect(judgeStep({ ...seen, healthyTasks: 0 }, limits).outcome).toBe('fail');
  });
});

describe('migrations', () => {
  const strict = { incompatible: 'refuse', unknown: 'refuse' } as const;
  const migration = (compatible: 'yes' | 'no' | 'unknown') => ({ name: 'board.0002', compatible, why: 'because' });

  test('that live survives are allowed; others are refused with their names unless the settings allow them', () => {
    expect(judgeMigrations({ migrations: [] }, strict)).toEqual({ outcome: 'none' });
    expect(judgeMigrations({ migrations: [migration('yes')] }, strict).outcome).toBe('allowed');
    expect(judgeMigrations({ migrations: [migration('yes'), migration('no')] }, strict)).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining('board.0002 (because)'),
    });
    expect(judgeMigrations({ migrations: [migration('unknown')] }, strict).outcome).toBe('refused');
    expect(judgeMigrations({ migrations: [migration('no')] }, { ...strict, incompatible: 'allow' }).outcome).toBe(
      'allowed',
    );
    expect(judgeMigrations(undefined, strict).outcome).toBe('refused');
    expect(judgeMigrations(undefined, { ...strict, unknown: 'allow' }).outcome).toBe('allowed');
  });

  test('end well with exit code 0 alone', () => {
    expect(judgeMigrationEnd({ exitCode: 0, started: true })).toBe('succeeded');
    expect(judgeMigrationEnd({ exitCode: 1, started: true })).toBe('failed');
    expect(judgeMigrationEnd({ exitCode: 75, started: true })).toBe('busy');
    expect(judgeMigrationEnd({ started: false })).toBe('failed');
    expect(judgeMigrationEnd({ started: true })).toBe('needs person');
    expect(judgeMigrationEnd({ exitCode: 137, started: true })).toBe('needs person');
  });

  test('are looked at ever more rarely', () => {
    expect([1, 3, 6, 30, 600].map(nextLookSeconds)).toEqual([1, 1, 2, 10, 30]);
  });
});

describe('an answer', () => {
  const answer = { status: 200, body: '{"ok":true,"n":1}', ms: 12 };

  test('is held against status, text, members and time', () => {
    expect(
      judgeAnswer({ path: '/', status: 200, contains: '"ok"', json: { ok: true }, maxMs: 20 }, answer),
    ).toBeUndefined();
    expect(judgeAnswer({ path: '/', status: 204 }, answer)).toBe('status 200 instead of 204');
    expect(judgeAnswer({ path: '/', status: 200, contains: 'welcome' }, answer)).toContain(
      'does not contain "welcome"',
    );
    expect(judgeAnswer({ path: '/', status: 200, json: { n: 2 } }, answer)).toBe('member n is 1 instead of 2');
    expect(judgeAnswer({ path: '/', status: 200, json: {} }, { ...answer, body: '[]' })).toContain('no JSON object');
    expect(judgeAnswer({ path: '/', status: 200, maxMs: 10 }, answer)).toContain('at most 10 ms');
  });

  test('proves version, digest and slot, not only that somebody answered', () => {
    const expected = { version: 'v1.1.0', digest: 'sha256:b', slot: 'green' } as const;
    const says = (more: object) => ({
      status: 200,
      body: JSON.stringify({ ...expected, commit: 'c', ...more }),
      ms: 1,
    });
    expect(judgeVersion(expected, says({}))).toBeUndefined();
    expect(judgeVersion(expected, says({ digest: 'sha256:a' }))).toBe(
      'another digest answered: sha256:a instead of sha256:b',
    );
    expect(judgeVersion(expected, says({ slot: 'blue' }))).toContain('another slot');
    expect(judgeVersion(expected, { status: 200, body: 'v1.1.0', ms: 1 })).toContain('no version answer');
  });
});
