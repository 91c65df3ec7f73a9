import { expect, test } from 'vitest';
import { judgeMigrationEnd } from '#core/domain/task-end.ts';

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
