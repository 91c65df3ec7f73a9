import { expect, test } from 'vitest';
import { judgeMigrationEnd, nextLookSeconds } from '#core/domain/task-end.ts';

test.each([
  [{ exitCode: 0, started: true }, 'succeeded'],
  [{ exitCode: 1, started: true }, 'failed'],
  [{ exitCode: 75, started: true }, 'busy'],
  [{ started: false }, 'failed'],
  [{ exitCode: 0, started: false }, 'failed'],
  [{ started: true }, 'needs person'],
  [{ exitCode: 137, started: true }, 'needs person'],
] as const)('the end of a migration task %j is %s', (end, judged) => {
  expect(judgeMigrationEnd(end)).toBe(judged);
});

test('a task is looked at ever more rarely', () => {
  expect([1, 3, 6, 30, 90, 600].map(nextLookSeconds)).toEqual([1, 1, 2, 10, 30, 30]);
});
