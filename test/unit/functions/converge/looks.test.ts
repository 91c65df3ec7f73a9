import { describe, expect, test, vi } from 'vitest';
import { before, TARGET } from './before.ts';

/** What converge makes of looks that are old, late or not answered, and of changes whose answer is lost. */

describe('a look that AWS does not answer', () => {
  test('is progress, and the next one goes on', async () => {
    const { world, clock, call, finish } = await before('start');
    await call();
    const observe = world.observe.bind(world);
    const throttled = vi.spyOn(world, 'observe').mockRejectedValue(new Error('ThrottlingException: Rate exceeded'));
    const began = Date.parse(clock.now());
    expect(await call()).toEqual({
      outcome: 'progressing',
      waitingFor: 'AWS to answer (Error: ThrottlingException: Rate exceeded)',
    });
    // Within the call: each answer of it costs the execution events of its history.
    expect(Date.parse(clock.now()) - began).toBe(20_000);
    expect(throttled.mock.calls.length).toBeGreaterThan(3);
    expect(throttled.mock.calls.length).toBeLessThan(10);
    throttled.mockImplementation(observe);
    expect(await finish()).toEqual({ outcome: 'converged' });
  });

  test('is a surprise after the time that a candidate has', async () => {
    const { world, clock, call } = await before('start');
    await call();
    vi.spyOn(world, 'observe').mockRejectedValue(new Error('AccessDeniedException'));
    expect(await call()).toMatchObject({ outcome: 'progressing' });
    await clock.sleep(600_001);
    await expect(call()).rejects.toThrow('AccessDeniedException');
  });
});

describe('a weight', () => {
  test('is not raised when the ledger took so long to write the change down that the look is old by then', async () => {
    const { world, ledger, clock, changes, finish } = await before('shift');
    const open = ledger.openChange.bind(ledger);
    let slow = true;
    vi.spyOn(ledger, 'openChange').mockImplementation(async (...change) => {
      await open(...change);
      if (slow) await clock.sleep(3_001);
      slow = false;
    });
    const weights = { ...world.weights };
    world.beforeAction = () => expect(world.weights).toEqual(weights);
    expect(await finish()).toEqual({ outcome: 'converged' });
    const raised = changes().filter(({ call }) => call === 'set weights');
    expect(raised.map(({ error }) => error)).toEqual([
      'LookTooOld: not made: the look at AWS was too old by then',
      undefined,
    ]);
  });

  test('whose answer got lost counts as changed when it may have been, not before', async () => {
    const { world, ledger, clock, call } = await before('shift');
    vi.spyOn(ledger, 'closeChange').mockRejectedValue(new Error('ThrottlingException'));
    await expect(call()).rejects.toThrow('ThrottlingException');
    expect(world.weights).toEqual({ blue: 90, green: 10 });
    const { at = '' } = ledger.trafficOf.get(TARGET) ?? {};
    expect(Date.parse(at) - Date.parse(clock.now())).toBe(10_000);
  });
});

describe('what is written about a roll back', () => {
  test('comes after the traffic is back, so that no reason keeps it from coming back', async () => {
    const { world, ledger, call } = await before('promote');
    const note = ledger.note.bind(ledger);
    vi.spyOn(ledger, 'note').mockImplementation(async (context, transition) => {
      if (transition.type === 'roll back began') throw new Error('ValidationException: item too large');
      return note(context, transition);
    });
    await expect(call({ phase: 'restore', reason: 'it fails' })).rejects.toThrow('item too large');
    expect(world.weights).toEqual({ blue: 100, green: 0 });
  });
});
