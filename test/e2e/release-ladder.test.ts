import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { milliseconds } from '#core/contract/duration.ts';
import { ROOT } from '../../local/setup.mjs';
import { rungsOf } from '../../local/source/releases.ts';
import { complaints } from '../../local/terminal/expectation.ts';
import { figuresOf } from '../../local/terminal/figures.ts';
import { type Stage, startStage } from './harness.ts';
import { testInvariants } from './invariants.ts';
import { changesOfWeights } from './timeline.ts';

/** Requests per second while releases are deployed. */
const RATE = 80;
/** Milliseconds from a failed check to the old weights that no roll back may need, however slow the machine. */
const ROLLBACK_BOUND = 20_000;

/** In the order of their versions, so that none is refused for being older than what is live. */
const RUNGS = [
  'first-release',
  'additive-migration',
  'crash-at-start',
  'never-healthy',
  'wrong-version',
  'failing-migration',
  'breaking-migration',
  'dies-in-the-bake',
  'failing-smoke',
  'errors-under-traffic',
  'slow-migration',
  'good-release',
];
const rungs = rungsOf(join(ROOT, 'django'));
const [first = '', ...others] = RUNGS.map((name) => rungs.get(name)?.version ?? name);

let stage: Stage;
beforeAll(async () => {
  stage = await startStage({ name: 'release-ladder', rungs: RUNGS });
}, 180_000);
afterAll(() => stage?.close(), 60_000);

test('no rung of the ladder is left out', () => {
  expect(RUNGS.toSorted()).toEqual([...rungs.keys()].toSorted());
});

test(`${first}: the fixed 503 until something has passed, answers ever after`, async () => {
  const statuses: number[] = [];
  const over = new AbortController();
  const asking = (async () => {
    while (!over.signal.aborted) {
      const { status, headers } = await fetch(stage.cloud.applicationUrl);
      statuses.push(headers.get('server')?.startsWith('awselb') ? status : -status);
      await delay(50);
    }
  })();
  try {
    const execution = await stage.deploy(first);
    expect(complaints(stage.release(first), execution), execution.cause).toEqual([]);
  } finally {
    over.abort();
    await asking;
  }
  const served = statuses.indexOf(-200);
  expect(new Set(statuses.slice(0, served))).toEqual(new Set([503]));
  expect(new Set(statuses.slice(served))).toEqual(new Set([-200]));
  await stage.startLoad(RATE, [...stage.cloud.paths, '/version']);
});

test.each(others)('%s ends as its rung declares', async (version) => {
  const execution = await stage.deploy(version);
  const release = stage.release(version);
  expect(complaints(release, execution), execution.cause).toEqual([]);
  const sentence = release.outcome === 'live' ? /^$/ : /^v\d.*; v1\.1\.0 serves web\/production\. /;
  expect(execution.cause ?? '').toMatch(sentence);
});

describe('under way', () => {
  test('both versions answer while they share the traffic', () => {
    const changes = changesOfWeights(stage.timeline.moments);
    const shared = changes.flatMap(({ at, weights, slots }, index) => {
      if (weights.blue !== 50) return [];
      const until = changes[index + 1]?.at ?? at;
      const expected = new Set([...slots.blue.healthy, ...slots.green.healthy]);
      const answered = new Set(
        stage.loads[0]?.requests.flatMap((one) =>
          one.at > at && one.at < until && one.version !== undefined ? [one.version] : [],
        ),
      );
      return [{ expected, answered }];
    });
    expect(shared.length).toBeGreaterThanOrEqual(3);
    for (const { expected, answered } of shared) expect(answered).toEqual(expected);
  });

  test('each end is told in the same sentence by the execution, the ledger and a notice', async () => {
    const { entries } = await stage.ledger();
    const notices = stage.timeline.calls.filter(({ operation }) => operation === 'Publish');
    const failed = stage.executions.filter(({ status }) => status === 'FAILED');
    expect(failed.length).toBe(stage.releases.filter(({ outcome }) => outcome !== 'live').length);
    for (const { name, cause } of failed) {
      const ended = entries.find(({ type, deployment }) => type === 'deployment ended' && deployment === name);
      expect(ended?.facts['sentence']).toBe(cause);
      expect(notices.map(({ params }) => params['Message'])).toContain(cause);
    }
  });

  test('I9 traffic is back soon after a failed check', () => {
    const settle = milliseconds(stage.cloud.settings.drain.settle);
    const times = stage.executions.flatMap((execution) => {
      const { rollback } = figuresOf(
        execution,
        [],
        settle,
        stage.timeline.calls.filter(
          ({ at }) => new Date(at) >= execution.started && new Date(at) <= (execution.ended ?? new Date()),
        ),
      );
      return rollback === undefined ? [] : [{ deployment: execution.name, rollback }];
    });
    for (const { deployment, rollback } of times)
      console.info(`I9 ${deployment}: old weights ${Math.round(rollback)} ms after the failed check`);
    expect(times.length).toBeGreaterThanOrEqual(2);
    expect(Math.max(...times.map(({ rollback }) => rollback))).toBeLessThan(ROLLBACK_BOUND);
  });
});

testInvariants(() => stage, { mayDie: ['v1.1.6'] });
