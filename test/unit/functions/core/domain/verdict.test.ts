import { describe, expect, test } from 'vitest';
import { judgeStep } from '#core/domain/verdict.ts';

const smoke = { outcome: 'pass', checks: 3, reason: '' } as const;
const limits = { maxErrorShare: 0.01, minRequests: 50, crashes: 3 };
const seen = {
  candidate: { requests: 1000, targetErrors: 0 },
  healthyTasks: 2,
  neededTasks: 1,
  crashes: ['exit code 1.'],
  smoke,
};
const counted = (requests: number, targetErrors: number) => ({ ...seen, candidate: { requests, targetErrors } });

describe('a step', () => {
  test('passes with few errors and fails with more than the share allows', () => {
    expect(judgeStep(counted(1000, 10), limits)).toEqual({
      outcome: 'pass',
      reason: "10 of 1000 requests ended in the application's own 5xx (1.0 %).",
    });
    expect(judgeStep(counted(1000, 11), limits)).toEqual({
      outcome: 'fail',
      reason: "11 of 1000 requests ended in the application's own 5xx (1.1 %; allowed 1.0 %).",
    });
  });

  test('is judged by its requests from the number on that the settings ask for', () => {
    expect(judgeStep(counted(50, 50), limits).outcome).toBe('fail');
    expect(judgeStep(counted(49, 49), limits)).toEqual({
      outcome: 'pass',
      reason:
        "49 of 49 requests ended in the application's own 5xx: too few to judge by (50 needed); 3 smoke checks passed.",
    });
  });

  test('of a site that nobody visits is judged by its smoke checks, and without any by nobody', () => {
    expect(judgeStep(counted(0, 0), limits).outcome).toBe('pass');
    expect(judgeStep(counted(0, 0), { ...limits, minRequests: 0 })).toEqual({
      outcome: 'pass',
      reason: "0 of 0 requests ended in the application's own 5xx (0.0 %).",
    });
    expect(judgeStep({ ...counted(3, 3), smoke: { ...smoke, checks: 0 } }, limits)).toEqual({
      outcome: 'inconclusive',
      reason: 'Only 3 requests came (50 needed), and release.json has no smoke checks.',
    });
  });

  test('fails when tasks end again and again, though others are healthy in their place', () => {
    expect(judgeStep({ ...seen, crashes: ['exit code 3.', 'exit code 1.'] }, limits).outcome).toBe('pass');
    expect(judgeStep({ ...seen, crashes: ['exit code 3.', 'exit code 1.', 'exit code 1.'] }, limits)).toEqual({
      outcome: 'fail',
      reason: "The candidate's tasks end by themselves under traffic (3 so far): exit code 3.",
    });
  });

  test('fails when smoke fails or healthy tasks are missing, whatever the shares say', () => {
    expect(judgeStep({ ...seen, smoke: { outcome: 'fail', checks: 0, reason: '/: status 500' } }, limits)).toEqual({
      outcome: 'fail',
      reason: 'Smoke check failed under traffic: /: status 500',
    });
    expect(judgeStep({ ...seen, healthyTasks: 1, neededTasks: 2 }, limits)).toEqual({
      outcome: 'fail',
      reason: "Only 1 of the candidate's 2 needed tasks are healthy.",
    });
    expect(judgeStep({ ...seen, healthyTasks: 2, neededTasks: 2 }, limits).outcome).toBe('pass');
  });
});
