import { describe, expect, test } from 'vitest';
import { Superseded } from '#core/ports.ts';
import { expectUnbroken, ledgers } from './ledger-scenes.ts';
import { DRAFT, filled, placement, plan, SMOKE } from './ledger-subjects.ts';
import { request } from './releases.ts';

describe.each(ledgers())('$name', ({ begin, held }) => {
  describe('a settings revision', () => {
    const revision = plan('v1.0.0').deployable.settingsHash;

    test('is claimed by one of many, and by another only in place of that one', async () => {
      const { ledger, target } = begin();
      const requests = Array.from({ length: 10 }, (_, n) => request(target, `v1.0.${n}`));
      expect(await ledger.settingsClaim(target, revision)).toBeUndefined();
      const claimed = await Promise.all(requests.map((one) => ledger.claimSettings(revision, one, undefined)));
      expect(claimed.filter(Boolean)).toHaveLength(1);
      const first = await ledger.settingsClaim(target, revision);
      expect(first?.request).toEqual(requests[claimed.indexOf(true)]);
      const next = request(target, 'v1.2.0');
      expect(await ledger.claimSettings(revision, next, first)).toBe(true);
      expect(await ledger.claimSettings(revision, request(target, 'v1.3.0'), first)).toBe(false);
      expect(await ledger.settingsClaim(target, revision)).toMatchObject({ request: next });
      expect(await ledger.settingsClaim(target, 'f'.repeat(16))).toBeUndefined();
    });

    test('is claimed by the execution that plans with it', async () => {
      const { ledger, target, first, context } = await held();
      await ledger.claimSettings(revision, request(target, 'v0.9.0'), undefined);
      await ledger.savePlan(context, plan('v1.0.0'));
      expect(await ledger.settingsClaim(target, revision)).toEqual({ request: first, at: expect.any(String) });
    });
  });

  describe('a deployment', () => {
    test('keeps plan, facts and end', async () => {
      const { ledger, target, first, context, entries } = await held();
      await ledger.savePlan(context, plan('v1.0.0'));
      await ledger.saveFact(context, SMOKE, 'smoke checks');
      await ledger.saveFact(context, { ...SMOKE, kind: 'provenance', detail: { build: 'web:1' } }, 'build web:1');
      await ledger.saveFact(context, { ...SMOKE, detail: { checks: 4 } }, 'smoke checks again');
      expect(await ledger.facts(first.deployment)).toEqual({
        smoke: { ...SMOKE, detail: { checks: 4 }, at: expect.any(String) },
        provenance: { ...SMOKE, kind: 'provenance', detail: { build: 'web:1' }, at: expect.any(String) },
      });
      await ledger.endDeployment(context, { result: 'live', sentence: 'v1.0.0 is live.', cause: 'all passed' });
      expect(await ledger.deployment(first.deployment)).toEqual({
        request: first,
        plan: plan('v1.0.0'),
        ended: { result: 'live', sentence: 'v1.0.0 is live.', at: expect.any(String) },
      });
      expect((await entries(target)).map(({ type, cause }) => `${type}: ${cause}`)).toEqual([
        'deployment began: push of web:v1.0.0',
        'fact: smoke checks',
        'fact: build web:1',
        'fact: smoke checks again',
        'deployment ended: all passed',
      ]);
      expect((await entries(target))[1]?.facts).toEqual({ kind: 'smoke', checks: 3, slowest: 0.25 });
    });

    test('that did not end by itself is closed for it, once', async () => {
      const { ledger, first } = await held();
      await ledger.closeRecord(first.deployment, { result: 'restored', sentence: 'It was aborted.' });
      await ledger.closeRecord(first.deployment, { result: 'frozen', sentence: 'Said later.' });
      expect((await ledger.deployment(first.deployment))?.ended).toMatchObject({
        result: 'restored',
        sentence: 'It was aborted.',
      });
      await expect(ledger.closeRecord('no such', { result: 'restored', sentence: '' })).rejects.toThrow(/no record/);
    });
  });

  describe('a refusal', () => {
    test('is an end without a lock, written once', async () => {
      const { ledger, target, lock, entries } = await held();
      const second = request(target, 'v1.1.0');
      expect(await ledger.refuse(second, 'It was refused.', 'too old')).toBe(true);
      expect(await ledger.refuse(second, 'It was refused.', 'too old')).toBe(false);
      expect((await ledger.deployment(second.deployment))?.ended).toMatchObject({ result: 'refused' });
      expect((await entries(target)).slice(1)).toMatchObject([
        { type: 'deployment refused', deployment: second.deployment, cause: 'too old' },
      ]);
      expect(await ledger.lock(target)).toEqual(lock);
    });
  });

  describe('intents', () => {
    test('are numbered across deployments and carry the token', async () => {
      const { ledger, target, lock, context, entries } = await held();
      expect(await ledger.writeIntent(context, DRAFT, 'empty')).toMatchObject({ n: 1, token: 1, weights: null });
      const second = await ledger.writeIntent(context, filled('blue', 'v1.0.0'), 'start');
      expect(second).toMatchObject({ ...filled('blue', 'v1.0.0'), n: 2, deployment: context.deployment });
      expect(await ledger.intent(target)).toEqual(second);
      const recovery = request(target, 'v1.0.0', 2);
      const token = (await ledger.takeLock(recovery, 'arn:recovery', lock)) ?? 0;
      const next = { target, deployment: recovery.deployment, token };
      expect(await ledger.writeIntent(next, DRAFT, 'restore')).toMatchObject({ n: 3, token: 2 });
      expect((await entries(target)).filter(({ type }) => type === 'intent')).toMatchObject([
        { cause: 'empty', facts: { n: 1, phase: 'empty', weights: null } },
        { cause: 'start', facts: { n: 2, phase: 'restore', weights: { blue: 100, green: 0 } } },
        { cause: 'restore', facts: { n: 3 } },
      ]);
    });

    test('are settled once AWS was seen to be so, each by its number', async () => {
      const { ledger, target, context } = await held();
      const first = await ledger.writeIntent(context, filled('blue', 'v1.0.0'), 'restore');
      await ledger.settle(context, first);
      expect(await ledger.intent(target)).toEqual({ ...first, settled: expect.any(String) });
      const second = await ledger.writeIntent(context, DRAFT, 'empty');
      expect(await ledger.intent(target)).toEqual(second);
      await expect(ledger.settle(context, first)).rejects.toThrow(/refused a write/);
      expect(await ledger.intent(target)).toEqual(second);
    });

    test('take the warm slot from the head as soon as it is emptied, and not before', async () => {
      const { ledger, target, context } = await held();
      const warm = { ...placement('blue', 'v1.0.0'), until: '2026-11-23T19:00:00.000Z' };
      await ledger.promote(context, { live: placement('green', 'v1.1.0'), warm }, 'every step passed');
      const keeping = filled('green', 'v1.1.0');
      const { blue } = filled('blue', 'v1.0.0').slots;
      await ledger.writeIntent(context, { ...keeping, slots: { ...keeping.slots, blue } }, 'promote');
      expect((await ledger.head(target)).warm).toEqual(warm);
      await ledger.writeIntent(context, keeping, 'restore');
      expect(await ledger.head(target)).toMatchObject({ live: placement('green', 'v1.1.0') });
      expect((await ledger.head(target)).warm).toBeUndefined();
    });
  });

  describe('changes', () => {
    test('are journalled before they are made, and closed with the traffic they made', async () => {
      const { ledger, target, first, context } = await held();
      const action = { do: 'create rule', weights: { blue: 100, green: 0 } };
      await ledger.openChange(context, { n: 1, intent: 4, call: 'create rule', action });
      const opened = { n: 1, token: 1, intent: 4, call: 'create rule', action, at: expect.any(String) };
      expect(await ledger.lastChange(first.deployment)).toEqual(opened);
      await ledger.closeChange(context, 1, { traffic: { blue: 100, green: 0 } });
      expect(await ledger.lastChange(first.deployment)).toEqual({ ...opened, done: expect.any(String) });
      expect(await ledger.traffic(target)).toEqual({ weights: { blue: 100, green: 0 }, at: expect.any(String) });
    });

    test('without traffic leave it as it was; null is no rule', async () => {
      const { ledger, target, context } = await held();
      await ledger.openChange(context, { n: 1, intent: 1, call: 'delete rule', action: {} });
      await ledger.closeChange(context, 1, { traffic: null });
      const before = await ledger.traffic(target);
      expect(before?.weights).toBeNull();
      await ledger.openChange(context, { n: 2, intent: 1, call: 'fill slot', action: {} });
      await ledger.closeChange(context, 2, { error: 'AccessDeniedException' });
      expect(await ledger.traffic(target)).toEqual(before);
      expect(await ledger.lastChange(context.deployment)).toMatchObject({ n: 2, error: 'AccessDeniedException' });
    });

    test('of weights say when they take effect at the latest, until they have', async () => {
      const { ledger, target, context } = await held();
      const weights = { blue: 100, green: 0 };
      const latest = { weights, at: '2030-01-01T00:00:00.000Z' };
      await ledger.openChange(context, { n: 1, intent: 1, call: 'create rule', action: {} }, latest);
      expect(await ledger.traffic(target)).toEqual(latest);
      await ledger.closeChange(context, 1, { traffic: weights });
      expect((await ledger.traffic(target))?.at).not.toBe(latest.at);
    });

    test('are told newest first past the ninth', async () => {
      const { ledger, context } = await held();
      for (let n = 1; n <= 11; n += 1)
        await ledger.openChange(context, { n, intent: 1, call: 'resize slot', action: { n } });
      expect(await ledger.lastChange(context.deployment)).toMatchObject({ n: 11, action: { n: 11 } });
    });

    test('are neither overwritten nor closed unopened', async () => {
      const { ledger, context } = await held();
      const change = { n: 1, intent: 1, call: 'fill slot', action: { do: 'fill slot' } };
      await ledger.openChange(context, change);
      await expect(ledger.openChange(context, { ...change, call: 'empty slot' })).rejects.toThrow(/refused a write/);
      expect(await ledger.lastChange(context.deployment)).toMatchObject(change);
      const unopened = ledger.closeChange(context, 2, { traffic: null });
      await expect(unopened).rejects.toThrow(/refused a write/);
      await expect(unopened).rejects.not.toThrow(Superseded);
      expect(await ledger.traffic(context.target)).toBeUndefined();
    });
  });

  describe('the head', () => {
    test('is unfrozen on a person’s word, once, and not while somebody holds the lock', async () => {
      const { ledger, entries, target, context } = await held();
      await ledger.freeze(context, 'the live version is broken');
      const { frozen } = await ledger.head(target);
      if (frozen === undefined) throw new Error('it is not frozen');
      expect(await ledger.unfreeze(target, frozen, 'anna: put right')).toBe(false);
      await ledger.endDeployment(context, { result: 'frozen', sentence: 'It is frozen.', cause: 'test' });
      expect(await ledger.unfreeze(target, { ...frozen, at: '2020-01-01T00:00:00.000Z' }, 'anna: put right')).toBe(
        false,
      );
      expect(await ledger.unfreeze(target, frozen, 'anna: put right')).toBe(true);
      expect(await ledger.unfreeze(target, frozen, 'anna: put right')).toBe(false);
      expect((await ledger.head(target)).frozen).toBeUndefined();
      expect((await entries(target)).filter(({ type }) => type === 'unfrozen')).toMatchObject([
        { cause: 'anna: put right', facts: { frozen: 'the live version is broken' } },
      ]);
    });

    test('tells what is live, warm and frozen', async () => {
      const { ledger, target, context } = await held();
      const warm = { ...placement('green', 'v0.9.0'), until: '2026-11-23T19:00:00.000Z' };
      await ledger.promote(context, { live: placement('blue', 'v1.0.0'), warm }, 'every step passed');
      await ledger.freeze(context, 'the live version is broken');
      expect(await ledger.head(target)).toEqual({
        live: placement('blue', 'v1.0.0'),
        warm,
        frozen: { reason: 'the live version is broken', at: expect.any(String), deployment: context.deployment },
      });
      await ledger.promote(context, { live: placement('green', 'v1.1.0') }, 'without a warm slot');
      const head = await ledger.head(target);
      expect(head).toMatchObject({ live: placement('green', 'v1.1.0'), frozen: {} });
      expect(head.warm).toBeUndefined();
    });

    test('ends an unbroken chain when twenty write at once', { timeout: 30_000 }, async () => {
      const { ledger, target, context, entries } = await held();
      const causes = Array.from({ length: 20 }, (_, n) => `note ${n}`);
      await Promise.all(causes.map((cause) => ledger.note(context, { type: 'fact', cause, facts: { cause } })));
      const written = await entries(target);
      expect(
        written
          .slice(1)
          .map(({ cause }) => cause)
          .toSorted(),
      ).toEqual(causes.toSorted());
      expectUnbroken(written);
    });
  });
});
