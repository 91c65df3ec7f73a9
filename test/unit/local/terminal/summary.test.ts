import { stripVTControlCharacters } from 'node:util';
import type { CallRecord } from '@farol/local-aws/gateway/record.ts';
import { describe, expect, test } from 'vitest';
import type { Tally } from '../../../../local/load/tally.ts';
import type { Execution, Stay } from '../../../../local/terminal/execution.ts';
import { figuresOf, timeInStates } from '../../../../local/terminal/figures.ts';
import { type Deployed, isGood, summary } from '../../../../local/terminal/summary.ts';

const START = Date.parse('2026-11-23T10:00:00.000Z');
const at = (second: number): Date => new Date(START + second * 1000);

function stay(state: string, from: number, to: number, more: Partial<Stay> = {}): Stay {
  return { state, kind: 'Task', inside: undefined, entered: at(from), left: at(to), ...more };
}

function execution(stays: readonly Stay[], end: number, more: Partial<Execution> = {}): Execution {
  return {
    arn: 'arn',
    name: 'web-production-v1_2_1-00000000-1',
    status: 'SUCCEEDED',
    started: at(0),
    ended: at(end),
    stays,
    ...more,
  };
}

function call(second: number, operation: string, ms = 5): CallRecord {
  const what = { service: 'elbv2', operation, params: {}, response: {}, status: 200 };
  return { at: at(second).toISOString(), caller: 'farol-converge', agent: '', ms, ...what };
}

const rolledBack = execution(
  [
    stay('Preflight', 0, 1),
    stay('Start candidate', 1, 3),
    stay('Shift traffic', 3, 3.5),
    stay('Bake', 3.5, 5.5, { kind: 'Wait' }),
    stay('Check step', 5.5, 6, { outcome: 'fail' }),
    stay('Step passed?', 6, 6, { kind: 'Choice', outcome: 'fail' }),
    stay('Roll back', 6, 8),
    stay('Finish', 8, 8.2, { outcome: 'failed' }),
  ],
  8.2,
  { status: 'FAILED', error: 'rolled back', cause: 'v1.2.1 was not made live. 30 % of its answers were errors.' },
);

describe('what a deployment took', () => {
  test('control time leaves out task runs, the way to healthy, bakes and the settle time', () => {
    const stays = [
      stay('Preflight', 0, 1),
      stay('Start candidate', 2, 4),
      stay('Bake', 4, 7, { kind: 'Wait' }),
      stay('Finish', 7, 8),
    ];
    const runs = [{ started: at(1), stopped: at(1.5) }];
    expect(figuresOf(execution(stays, 8), runs, 1000, [])).toEqual({ total: 8000, control: 2500 });
  });

  test('roll back time ends where the rules are read after they were changed', () => {
    const calls = [
      call(3.2, 'ModifyRule'),
      call(3.3, 'DescribeRules'),
      call(6.05, 'DescribeRules'),
      call(6.1, 'ModifyRule'),
      call(6.2, 'DescribeRules', 40),
    ];
    expect(figuresOf(rolledBack, [], 1000, calls)).toEqual({ total: 8200, control: 3200, rollback: 240 });
  });

  test('a roll back without a change of weights has no such time', () => {
    expect(figuresOf(rolledBack, [], 1000, [call(6.1, 'DescribeRules')]).rollback).toBeUndefined();
    const before = execution([stay('Smoke candidate', 0, 1, { outcome: 'fail' }), stay('Roll back', 1, 2)], 2);
    expect(figuresOf(before, [], 1000, [call(1.5, 'ModifyRule'), call(1.6, 'DescribeRules')]).rollback).toBeUndefined();
  });

  test('time in states adds up repeated stays and names those in a branch by it', () => {
    const stays = [
      stay('Bake', 0, 2, { kind: 'Wait' }),
      stay('Bake', 3, 5, { kind: 'Wait' }),
      stay('Migrate', 5, 6, { inside: 'Prepare' }),
      stay('Decide?', 6, 7, { kind: 'Choice' }),
    ];
    expect([...timeInStates(execution(stays, 7))]).toEqual([
      ['Bake', 4],
      ['Prepare: Migrate', 1],
    ]);
  });
});

describe('the summary', () => {
  const deployed: Deployed = {
    release: { tag: 'v1.2.1', title: 'Counts', outcome: 'rolled back', state: 'Check step', repository: '' },
    execution: rolledBack,
    figures: { total: 8200, control: 3200, rollback: 240 },
  };
  const tally: Tally = { sent: 1234, statuses: { 200: 1204, 500: 30 }, lost: {}, pages: 12, broken: {} };
  const counts = {
    requests: 100,
    target2xx: 70,
    target3xx: 0,
    target4xx: 0,
    target5xx: 30,
    elb502: 0,
    elb503: 0,
    elb504: 0,
    clientClosed: 0,
    fixed: 0,
    p50: 3.2,
    p99: 20.7,
  };
  const run = { deployed: [deployed], tally, rate: 200, versions: { 'v1.2.1': counts } };
  const text = (): string => summary(run).map(stripVTControlCharacters).join('\n');

  test('tells what became of the releases and of the requests', () => {
    expect(text()).toMatch(
      /v1\.2\.1 +rolled back +as expected +8\.2 s, control time 3\.2 s, old weights back 0\.24 s after the failed check/,
    );
    expect(text()).toContain('in "Check step": v1.2.1 was not made live. 30 % of its answers were errors.');
    expect(text()).toMatch(/Roll back +2\.0/);
    expect(text()).toContain('sent 1,234 at 200 a second, lost 0, answered with an error 30');
    expect(text()).toMatch(/v1\.2\.1 +100 +30 +0 +3 +21/);
  });

  test('errors that a release was expected to answer are no fault of the run', () => {
    expect(isGood(run)).toBe(true);
  });

  test.each([
    ['a lost request', { ...run, tally: { ...tally, lost: { ECONNRESET: 1 } } }],
    ['a static file that was missing', { ...run, tally: { ...tally, broken: { '404 /static/a.css': 1 } } }],
    [
      'another end than expected',
      { ...run, deployed: [{ ...deployed, release: { ...deployed.release, outcome: 'live' as const } }] },
    ],
    [
      'an end in another state',
      { ...run, deployed: [{ ...deployed, release: { ...deployed.release, state: 'Migrate' } }] },
    ],
    ['another reason', { ...run, deployed: [{ ...deployed, release: { ...deployed.release, reason: 'smoke' } }] }],
  ])('%s makes the run fail', (_, bad) => {
    expect(isGood(bad)).toBe(false);
  });

  test('what was otherwise than expected is told', () => {
    const release = { ...deployed.release, outcome: 'live' as const };
    const lines = summary({ ...run, deployed: [{ ...deployed, release }] }).map(stripVTControlCharacters);
    expect(lines.join('\n')).toContain('NOT as expected');
    expect(lines.join('\n')).toContain('it ended rolled back instead of live');
  });
});
