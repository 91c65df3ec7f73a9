import { describe, expect, test } from 'vitest';
import { Superseded } from '#core/ports.ts';
import { everything, expectUnbroken, ledgers, lockOf } from './ledger-scenes.ts';
import { DRAFT, WRITES } from './ledger-subjects.ts';
import { request } from './releases.ts';

describe.each(ledgers())('$name', ({ begin, held }) => {
  test('knows nothing of a target before its first deployment', async () => {
    const { ledger, target } = begin();
    expect(await ledger.head(target)).toEqual({});
    expect(await ledger.lock(target)).toBeUndefined();
    expect(await ledger.waiting(target)).toBeUndefined();
    expect(await ledger.intent(target)).toBeUndefined();
    expect(await ledger.traffic(target)).toBeUndefined();
    expect(await ledger.deployment('no such')).toBeUndefined();
    expect(await ledger.lastChange('no such')).toBeUndefined();
    expect(await ledger.facts('no such')).toEqual({});
  });

  describe('lock', () => {
    test('is taken with token 1 and names its holder', async () => {
      const { ledger, target, first, lock, entries } = await held();
      expect(lock).toMatchObject({ token: 1, deployment: first.deployment, executionArn: 'arn:first' });
      expect(await ledger.deployment(first.deployment)).toEqual({ request: first });
      expect(await entries(target)).toMatchObject([
        { seq: 1, type: 'deployment began', deployment: first.deployment, cause: first.cause, facts: { token: 1 } },
      ]);
    });

    test('is not taken twice, neither as a new one nor from a state that is over', async () => {
      const { ledger, target, first, lock, context } = await held();
      const second = request(target, 'v1.1.0');
      expect(await ledger.takeLock(second, 'arn:second', undefined)).toBeUndefined();
      expect(await ledger.lock(target)).toEqual(lock);
      expect(await ledger.deployment(second.deployment)).toBeUndefined();
      expect(await ledger.takeLock(second, 'arn:second', lock)).toBe(2);
      expect(await ledger.takeLock(first, 'arn:third', lock)).toBeUndefined();
      expect(context.token).toBe(1);
    });

    test('is taken by one of many who try at once', async () => {
      const { ledger, target } = begin();
      const tokens = await Promise.all(
        Array.from({ length: 10 }, (_, n) => ledger.takeLock(request(target, `v1.0.${n}`), `arn:${n}`, undefined)),
      );
      expect(tokens.filter((token) => token !== undefined)).toEqual([1]);
    });

    test('is taken over with a higher token by one who names the deployment it recovers', async () => {
      const { ledger, target, first, lock, entries } = await held();
      const recovery = { ...request(target, 'v1.0.0', 2), kind: 'recovery' as const };
      expect(await ledger.takeLock(recovery, 'arn:recovery', lock)).toBe(2);
      expect(await ledger.lock(target)).toMatchObject({ token: 2, deployment: recovery.deployment });
      expect(await ledger.deployment(recovery.deployment)).toEqual({ request: recovery, recovers: first.deployment });
      expect(await entries(target)).toMatchObject([
        {},
        { type: 'recovery began', deployment: recovery.deployment, facts: { of: first.deployment, token: 2 } },
      ]);
    });

    test('keeps its token when it is freed, and its next holder recovers nothing', async () => {
      const { ledger, target, context } = await held();
      await ledger.endDeployment(context, { result: 'live', sentence: 'v1.0.0 is live.', cause: 'all passed' });
      const free = await lockOf(ledger, target);
      expect(free).toEqual({ token: 1, at: expect.any(String) });
      const second = request(target, 'v1.1.0');
      expect(await ledger.takeLock(second, 'arn:second', free)).toBe(2);
      expect(await ledger.deployment(second.deployment)).toEqual({ request: second });
    });

    test('that its holder freed meanwhile is not taken over', async () => {
      const { ledger, target, lock, context } = await held();
      await ledger.endDeployment(context, { result: 'live', sentence: 'v1.0.0 is live.', cause: 'all passed' });
      expect(await ledger.takeLock(request(target, 'v1.0.0', 2), 'arn:recovery', lock)).toBeUndefined();
      expect(await ledger.lock(target)).toMatchObject({ token: 1 });
    });
  });

  describe('the holder of the lock', () => {
    test.each(Object.keys(WRITES))('may %s, and appends to the chain or leaves it whole', async (name) => {
      const { ledger, target, context, entries } = await held();
      await ledger.writeIntent(context, DRAFT, 'empty');
      await ledger.openChange(context, { n: 1, intent: 1, call: 'create rule', action: {} });
      await WRITES[name]?.(ledger, context);
      expect(await ledger.lock(target)).toMatchObject({ token: 1 });
      expectUnbroken(await entries(target));
    });

    test.each(Object.keys(WRITES))('is superseded in %s after a takeover, and nothing is written', async (name) => {
      const { ledger, target, first, lock, context, entries } = await held();
      await ledger.openChange(context, { n: 1, intent: 1, call: 'create rule', action: {} });
      await ledger.takeLock(request(target, 'v1.0.0', 2), 'arn:recovery', lock);
      const before = await everything(ledger, target, first.deployment);
      await expect(WRITES[name]?.(ledger, context)).rejects.toThrow(Superseded);
      expect(await everything(ledger, target, first.deployment)).toEqual(before);
      expect(await entries(target)).toHaveLength(2);
    });

    test.each(Object.keys(WRITES))('is superseded in %s once its deployment has ended', async (name) => {
      const { ledger, target, first, context } = await held();
      await ledger.openChange(context, { n: 1, intent: 1, call: 'create rule', action: {} });
      await ledger.endDeployment(context, { result: 'live', sentence: 'v1.0.0 is live.', cause: 'all passed' });
      const before = await everything(ledger, target, first.deployment);
      await expect(WRITES[name]?.(ledger, context)).rejects.toThrow(Superseded);
      expect(await everything(ledger, target, first.deployment)).toEqual(before);
    });

    test.each(Object.keys(WRITES))('is no other deployment with the same token: %s', async (name) => {
      const { ledger, context } = await held();
      await ledger.openChange(context, { n: 1, intent: 1, call: 'create rule', action: {} });
      await expect(WRITES[name]?.(ledger, { ...context, deployment: 'another' })).rejects.toThrow(Superseded);
    });
  });

  describe('the queue', () => {
    test('holds the newest push behind the holder', async () => {
      const { ledger, target, lock, first, entries } = await held();
      const [second, third] = [request(target, 'v1.1.0'), request(target, 'v1.2.0')];
      expect(await ledger.enqueue(second, lock, second.deployment)).toBe('queued');
      expect(await ledger.waiting(target)).toEqual(second);
      expect(await ledger.deployment(second.deployment)).toEqual({ request: second });
      expect(await ledger.enqueue(third, lock, third.deployment)).toBe('queued');
      expect(await ledger.waiting(target)).toEqual(third);
      expect(await ledger.enqueue(second, lock, second.deployment)).toBe('older');
      expect(await ledger.waiting(target)).toEqual(third);
      expect((await entries(target)).slice(1)).toMatchObject([
        { type: 'deployment queued', deployment: second.deployment, facts: { behind: first.deployment } },
        { type: 'deployment queued', deployment: third.deployment, facts: { replaces: 'v1.1.0' } },
      ]);
    });

    test('takes the same request twice as once', async () => {
      const { ledger, target, lock, entries } = await held();
      const second = request(target, 'v1.1.0');
      expect(await ledger.enqueue(second, lock, second.deployment)).toBe('queued');
      expect(await ledger.enqueue(second, lock, second.deployment)).toBe('queued');
      expect(await entries(target)).toHaveLength(2);
    });

    test('keeps the record under the name that waits', async () => {
      const { ledger, target, lock } = await held();
      const [used, next] = [request(target, 'v1.1.0'), request(target, 'v1.1.0', 2)];
      expect(await ledger.enqueue(next, lock, used.deployment)).toBe('queued');
      expect(await ledger.waiting(target)).toEqual(next);
      expect(await ledger.deployment(used.deployment)).toEqual({ request: { ...next, deployment: used.deployment } });
    });

    test('takes nothing behind a lock that was freed or has another holder', async () => {
      const { ledger, target, lock, context } = await held();
      const second = request(target, 'v1.1.0');
      await ledger.endDeployment(context, { result: 'live', sentence: 'v1.0.0 is live.', cause: 'all passed' });
      expect(await ledger.enqueue(second, lock, second.deployment)).toBe('lock moved');
      await ledger.takeLock(request(target, 'v1.0.1'), 'arn:other', await lockOf(ledger, target));
      expect(await ledger.enqueue(second, lock, second.deployment)).toBe('lock moved');
      expect(await ledger.waiting(target)).toBeUndefined();
      expect(await ledger.deployment(second.deployment)).toBeUndefined();
    });

    test('holds the newest of many that come at once', async () => {
      const { ledger, target, lock } = await held();
      const pushes = Array.from({ length: 6 }, (_, n) => request(target, `v1.1.${n}`));
      const outcomes = await Promise.all(pushes.map((push) => ledger.enqueue(push, lock, push.deployment)));
      expect(outcomes.at(-1)).toBe('queued');
      expect(outcomes.filter((outcome) => outcome === 'lock moved')).toEqual([]);
      expect((await ledger.waiting(target))?.version).toBe('v1.1.5');
    });

    test('gives up only the request that is named', async () => {
      const { ledger, target, lock } = await held();
      const [second, third] = [request(target, 'v1.1.0'), request(target, 'v1.2.0')];
      await ledger.enqueue(third, lock, third.deployment);
      await ledger.dequeue(second);
      expect(await ledger.waiting(target)).toEqual(third);
      await ledger.dequeue(third);
      await ledger.dequeue(third);
      expect(await ledger.waiting(target)).toBeUndefined();
    });
  });
});
