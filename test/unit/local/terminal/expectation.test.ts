import type { HistoryEvent } from '@aws-sdk/client-sfn';
import { describe, expect, test } from 'vitest';
import { type Execution, stays } from '../../../../local/terminal/execution.ts';
import { complaints, failedIn } from '../../../../local/terminal/expectation.ts';

function entered(kind: 'Task' | 'Parallel', name: string): HistoryEvent {
  return { timestamp: new Date(), type: `${kind}StateEntered`, id: 0, stateEnteredEventDetails: { name } };
}

function exited(kind: 'Task' | 'Parallel', name: string, output: unknown): HistoryEvent {
  const details = { name, output: JSON.stringify(output) };
  return { timestamp: new Date(), type: `${kind}StateExited`, id: 0, stateExitedEventDetails: details };
}

function ended(events: readonly HistoryEvent[]): Execution {
  const started = new Date();
  return {
    arn: '',
    name: '',
    status: 'FAILED',
    error: 'rolled back',
    cause: 'exit code 1',
    started,
    stays: stays(events),
  };
}

const branches = [{ outcome: 'failed', reason: 'exit code 1' }, { outcome: 'converged' }];
const within = [entered('Task', 'Check migration'), exited('Task', 'Check migration', branches[0])];
const around = (inner: readonly HistoryEvent[]): HistoryEvent[] => [
  entered('Parallel', 'Prepare'),
  ...inner,
  exited('Parallel', 'Prepare', branches),
  entered('Task', 'Roll back'),
  exited('Task', 'Roll back', { outcome: 'stuck' }),
];

describe('where a deployment failed', () => {
  test('is the state within a Parallel state', () => {
    expect(failedIn(ended(around(within)))).toBe('Check migration');
  });

  test('is the Parallel state where the history leaves out what is within', () => {
    expect(failedIn(ended(around([])))).toBe('Prepare');
  });

  test.each([
    ['Check migration', []],
    ['Smoke candidate', ['it failed in "Prepare" instead of "Smoke candidate"']],
  ])('as a release says it: %s', (state, expected) => {
    const release = { tag: 'v1.0.1', title: '', repository: '', outcome: 'failed before traffic', state } as const;
    expect(complaints(release, ended(around([])))).toEqual(expected);
  });
});
