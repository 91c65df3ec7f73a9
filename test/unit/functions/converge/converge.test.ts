import { describe, expect, test, vi } from 'vitest';
import type { Behaviour } from '../../../fakes/behaviour.ts';
import { SETTINGS } from '../../../fixtures/settings.ts';
import { Workflow } from '../../../workflow/harness.ts';
import { Aborted } from '../../../workflow/interpreter.ts';
import { settle } from '../../../workflow/repair.ts';
import { before, TARGET } from './before.ts';

function failure(what: string): never {
  throw new Error(what);
}

/** A target with a first release, which has ended. */
async function firstRelease(behaviour: Behaviour) {
  const workflow = new Workflow();
  await workflow.deploy(workflow.world.push('v1.0.0', behaviour));
  return workflow;
}

describe('each change', () => {
  test('is written down before it is made, and closed when it was answered', async () => {
    const { world, changes, finish } = await before('start');
    const open: unknown[] = [];
    world.beforeAction = (action) => {
      const last = changes().at(-1);
      open.push(last);
      expect(last).toMatchObject({ call: action.do, action: { ...action } });
      expect(last).not.toHaveProperty('done');
    };
    expect(await finish()).toEqual({ outcome: 'converged' });
    expect(open.length).toBeGreaterThan(3);
    expect(changes().map(({ n }) => n)).toEqual(changes().map((_, i) => i + 1));
    for (const change of changes()) {
      expect(change.done).toBeDefined();
      expect(change).not.toHaveProperty('error');
    }
  });

  test('that fails is written down with its error, stays an error, and is made again by the next call at once', async () => {
    const { world, changes, call, finish } = await before('start');
    world.beforeAction = (action) => {
      if (action.do === 'fill slot') throw new Error('ThrottlingException: slow down');
    };
    await expect(call()).rejects.toThrow('ThrottlingException: slow down');
    const failed = changes().at(-1);
    expect(failed).toMatchObject({
      call: 'fill slot',
      error: 'Error: ThrottlingException: slow down',
      done: expect.any(String),
    });
    world.beforeAction = () => {};
    expect(await finish()).toEqual({ outcome: 'converged' });
    const fills = changes().filter((change) => change.call === 'fill slot');
    expect(fills.map(({ error }) => error)).toEqual([failed?.error, undefined]);
    // At once: it did not take effect, so that there is nothing that a late answer could hide.
    expect(fills[1]?.at).toBe(failed?.at);
  });

  test.each([
    ['the same call', false],
    ['the next one, after the first was cut off', true],
  ])('that a late answer does not show yet is not made again for ten seconds, by %s', async (_what, cutOff) => {
    const { world, ledger, clock, changes, call, finish } = await before('start');
    let filledAt = 0;
    world.afterAction = (action) => {
      if (action.do !== 'fill slot' || filledAt > 0) return;
      filledAt = Date.parse(clock.now());
      if (cutOff) throw new Aborted('cut off');
    };
    // As AWS may: what was there before the fill is shown for nine seconds more.
    world.lookIsOld = () => {
      const since = Date.parse(clock.now()) - filledAt;
      return filledAt > 0 && since < 9_000 ? since + 1 : 0;
    };
    if (cutOff) {
      await call().catch((error: unknown) => void (error instanceof Aborted || failure(String(error))));
      // A function that is killed closes nothing.
      const { done: _done, error: _error, ...open } = ledger.changes.at(-1) ?? failure('nothing was changed');
      ledger.changes[ledger.changes.length - 1] = open;
    }
    await finish();
    const fills = changes().filter((change) => change.call === 'fill slot');
    expect(fills).toHaveLength(1);
  });

  test('is made again when ten seconds have passed and it still does not show', async () => {
    const { world, clock, changes, finish } = await before('start');
    const begun = Date.parse(clock.now());
    world.lookIsOld = () => (Date.parse(clock.now()) - begun < 12_000 ? 3_600_000 : 0);
    await finish();
    const [first, second] = changes().filter((change) => change.call === 'create service');
    expect(Date.parse(second?.at ?? '') - Date.parse(first?.at ?? '')).toBeGreaterThanOrEqual(10_000);
    expect(Date.parse(second?.at ?? '') - Date.parse(first?.at ?? '')).toBeLessThan(14_000);
  });
});

describe('the traffic that the ledger knows', () => {
  test.each([
    ['shift', { blue: 90, green: 10 }],
    ['restore', undefined],
  ] as const)('%s', async (phase, weights) => {
    const { ledger, finish } = await before(phase === 'restore' ? 'start' : phase);
    const earlier = ledger.trafficOf.get(TARGET);
    await finish();
    expect(ledger.trafficOf.get(TARGET)).toMatchObject(weights === undefined ? { ...earlier } : { weights });
  });

  test.each([
    ['the first rule', {}, { blue: 100, green: 0 }],
    ['its removal, where a first release fails under traffic', { errorShare: 1 }, null],
  ])('%s', async (_what, behaviour, weights) => {
    const { world, ledger } = await firstRelease(behaviour);
    expect(world.actions.some((action) => action.do === 'create rule')).toBe(true);
    expect(world.weights).toEqual(weights);
    expect(ledger.trafficOf.get(TARGET)).toEqual({ weights, at: expect.any(String) });
  });
});

describe('how long one call goes on', () => {
  test('for twenty seconds, and then it says what it waits for', async () => {
    const { world, clock, call } = await before('start', { neverHealthy: true });
    const begun = Date.parse(clock.now());
    const output = await call();
    expect(Date.parse(clock.now()) - begun).toBe(20_000);
    expect(output).toEqual({ outcome: 'progressing', waitingFor: expect.stringMatching(/^0 of 2 /) });
    expect(world.slots.green.tasks).toHaveLength(2);
  });

  test('what AWS does not show yet is waited for too', async () => {
    const { world, call } = await before('start');
    world.lookIsOld = () => 3_600_000;
    expect(await call()).toMatchObject({ outcome: 'progressing', waitingFor: 'AWS to show the last change' });
  });

  test('between two looks it rests as long as the settings say, and up to four times as long where nothing changes', async () => {
    const { world, clock, call } = await before('start', { neverHealthy: true });
    const looks: number[] = [];
    world.lookIsOld = () => {
      looks.push(Date.parse(clock.now()));
      return 0;
    };
    await call();
    const rests = looks.slice(1).map((at, i) => at - (looks[i] ?? 0));
    expect(rests.filter((rest) => rest > 0).slice(0, 5)).toEqual([1_000, 1_500, 2_250, 3_375, 4_000]);
    expect(SETTINGS.poll).toBe('1s');
  });
});

describe('what cannot go on', () => {
  test('of a candidate is told with what its tasks printed last', async () => {
    const { world, finish } = await before('start', { crashes: true });
    world.lastLine = 'ImportError: no module named shop';
    expect(await finish()).toEqual({
      outcome: 'stuck',
      reason: expect.stringMatching(/exit code 1\.[^]*ImportError: no module named shop/),
    });
  });

  test('of live is told without the lines of a candidate', async () => {
    const { world, call, clock } = await before('shift');
    world.lastLine = 'of the candidate';
    await clock.sleep(1);
    world.slots.blue.tasks = [];
    await clock.sleep(3_600_000);
    const output = await call({ phase: 'restore' });
    expect(JSON.stringify(output)).not.toContain('of the candidate');
  });

  test('a gate that is not satisfied is refused before anything is looked at or written', async () => {
    const { ledger, context, call, changes, world } = await before('shift');
    ledger.factsOf.set(context.deployment, {});
    const made = world.actions.length;
    const entries = ledger.entries.length;
    expect(await call()).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining('no passing smoke test'),
    });
    expect(world.actions).toHaveLength(made);
    expect(ledger.entries).toHaveLength(entries);
    expect(changes().every(({ call: name }) => name !== 'set weights')).toBe(true);
  });
});

describe('an intent', () => {
  test.each([
    ['the same phase goes on with it', {}, 0],
    ['another share has its own', { weight: 50 }, 1],
  ])('%s', async (_what, again, more) => {
    const { ledger, finish, call } = await before('shift');
    await finish();
    const { n = 0 } = ledger.intents.get(TARGET) ?? {};
    await call(again);
    expect(ledger.intents.get(TARGET)?.n).toBe(n + more);
  });

  test('of a holder that lost the lock is written again under the new token', async () => {
    const { ledger, finish, context, call } = await before('shift');
    await finish();
    const { n = 0 } = ledger.intents.get(TARGET) ?? {};
    const lock = await ledger.lock(TARGET);
    if (lock === undefined) throw new Error('the lock is held');
    ledger.locks.set(TARGET, { ...lock, token: context.token + 1 });
    context.token += 1;
    await call();
    expect(ledger.intents.get(TARGET)).toMatchObject({ n: n + 1, token: context.token });
  });

  test.each([
    ['shift', {}, 'shift to 10 %'],
    ['start', {}, 'start'],
    ['shift', { phase: 'restore', reason: 'it fails' }, 'restore'],
  ] as const)('says why it was written: %s %j', async (phase, input, cause) => {
    const { ledger, call } = await before(phase);
    await call(input);
    expect(ledger.entries.findLast(({ type }) => type === 'intent')?.cause).toBe(cause);
    const began = ledger.entries.filter(({ type }) => type === 'roll back began');
    expect(began.map((entry) => entry.cause)).toEqual('reason' in input ? [input.reason] : []);
  });

  test('a task definition is registered once for a deployment, however often its phases are called', async () => {
    const { workflow, ledger, context, finish } = await before('start');
    await finish();
    const { 'task-definition': fact } = ledger.factsOf.get(context.deployment) ?? {};
    expect(fact?.detail).toEqual({ arn: 'web:2' });
    expect(ledger.entries.filter(({ type, cause }) => type === 'fact' && cause === 'registered')).toHaveLength(2);
    expect(workflow.world.slots.green.service?.taskDefinition).toBe('web:2');
  });
});

describe('a promotion', () => {
  test('moves live once, and keeps the way back when it is called again', async () => {
    const { ledger, finish, call } = await before('promote');
    expect(await finish()).toEqual({ outcome: 'converged' });
    const head = ledger.heads.get(TARGET);
    expect(head).toMatchObject({
      live: { slot: 'green', deployable: { version: 'v1.1.0' }, taskDefinition: 'web:2' },
      warm: { slot: 'blue', deployable: { version: 'v1.0.0' } },
    });
    ledger.intents.delete(TARGET);
    await call();
    expect(ledger.heads.get(TARGET)).toEqual(head);
    const promoted = ledger.entries.filter(({ type }) => type === 'promoted');
    expect(promoted.map(({ cause }) => cause)).toEqual([
      'every step of the traffic plan passed',
      'every step of the traffic plan passed',
    ]);
  });

  test('is refused where no task definition was registered', async () => {
    const { ledger, context, call } = await before('promote');
    const { 'task-definition': _gone, ...facts } = ledger.factsOf.get(context.deployment) ?? {};
    ledger.factsOf.set(context.deployment, facts);
    await expect(call()).rejects.toThrow(`${context.deployment} has no task definition to promote`);
    expect(ledger.heads.get(TARGET)?.live?.deployable.version).toBe('v1.0.0');
  });
});

describe('a recovery, which has no plan of its own', () => {
  test('works by the settings that what is live was deployed with, whatever was published since', async () => {
    const { world, call } = await before('shift');
    world.unreadable = 'capacity.min: at least 1';
    expect(await call({ phase: 'restore', reason: 'the execution was stopped' })).not.toMatchObject({
      outcome: 'refused',
    });
  });

  test('works by those of the deployment that it recovers where nothing was ever live', async () => {
    const workflow = new Workflow();
    const { world, ledger } = workflow;
    workflow.beforeInvoke = (name) => {
      if (name === '${SmokeFunction}') throw new Aborted('stopped');
    };
    await workflow.runOrAbort(workflow.request(world.push('v1.0.0')));
    expect(world.slots.blue.tasks).toHaveLength(2);
    workflow.beforeInvoke = () => {};
    world.unreadable = 'capacity.min: at least 1';
    await settle(workflow);
    expect(world.slots.blue.tasks).toHaveLength(0);
    expect(ledger.locks.get(TARGET)?.deployment).toBeUndefined();
    expect(workflow.messages.at(-1)).toContain('Restored: nothing has been live on web/production yet');
  });

  test('has nothing to do, and changes nothing, where the deployment was stopped before its first change', async () => {
    const workflow = new Workflow();
    const { world, ledger } = workflow;
    workflow.beforeInvoke = (name) => {
      if (name === '${PreflightFunction}') throw new Aborted('stopped');
    };
    await workflow.runOrAbort(workflow.request(world.push('v1.0.0')));
    workflow.beforeInvoke = () => {};
    world.unreadable = 'capacity.min: at least 1';
    await settle(workflow);
    expect(world.actions).toEqual([]);
    expect(ledger.locks.get(TARGET)?.deployment).toBeUndefined();
  });
});

test('every kind of change that moves traffic tells the ledger, and no other does', async () => {
  const { workflow, ledger } = await before('start');
  const told: [string, boolean][] = [];
  const close = ledger.closeChange.bind(ledger);
  const weights = () => JSON.stringify(ledger.trafficOf.get(TARGET)?.weights);
  vi.spyOn(ledger, 'closeChange').mockImplementation(async (context, n, result) => {
    const former = weights();
    await close(context, n, result);
    const change = ledger.changes.find((one) => one.deployment === context.deployment && one.n === n);
    told.push([change?.call ?? '', weights() !== former]);
  });
  await workflow.clock.sleep(1_000);
  await workflow.run({ ...workflow.request(workflow.world.push('v1.2.0')), deployment: 'other' });
  for (const [call, moved] of told)
    expect([call, moved]).toEqual([call, call === 'set weights' || call === 'create rule']);
});
