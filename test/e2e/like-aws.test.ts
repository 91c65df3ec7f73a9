import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { complaints } from '../../local/terminal/expectation.ts';
import { type Stage, startStage } from './harness.ts';
import { testInvariants } from './invariants.ts';
import { SPOILED } from './spoiled.ts';

const RUNGS = ['first-release', 'additive-migration', 'failing-smoke', 'errors-under-traffic'];

let stage: Stage;
beforeAll(async () => {
  stage = await startStage({ name: 'like-aws', fidelity: 'like-aws', rungs: RUNGS });
}, 180_000);
afterAll(() => stage?.close(), 60_000);

describe('the core with answers as late as those of AWS', () => {
  test.each(['v1.0.0', 'v1.1.0', 'v1.2.0', 'v1.2.1'])('%s', { timeout: 120_000 }, async (version) => {
    const execution = await stage.deploy(version);
    expect(complaints(stage.release(version), execution), execution.cause).toEqual([]);
    if (stage.loads.length === 0) await stage.startLoad(80, ['/', '/version']);
  });
});

testInvariants(() => stage, { spoiled: SPOILED });
