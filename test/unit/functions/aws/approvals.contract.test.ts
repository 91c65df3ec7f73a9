import { beforeAll, describe, expect, test } from 'vitest';
import { type Clock, Superseded } from '#core/ports.ts';
import { cloud } from '../../../../packages/local-aws/test/fixtures/cloud.ts';
import { createTables, dynamoSubject, fakeSubject, SMOKE } from './ledger-subjects.ts';
import { request, TickingClock } from './releases.ts';

const started = cloud();

beforeAll(() => createTables(started()));

let targets = 0;
const QUESTION = { before: 'traffic', plan: 'abc', until: '2026-11-24T18:00:00.000Z', taskToken: 'first' } as const;
const { deployable } = SMOKE;

describe.each([
  { name: 'FakeLedger', make: fakeSubject },
  { name: 'DynamoApprovals', make: (clock: Clock) => dynamoSubject(clock, started()) },
])('$name', ({ make }) => {
  async function held() {
    targets += 1;
    const target = `asks-${targets}/production`;
    const subject = make(new TickingClock());
    const first = request(target, 'v1.0.0');
    const token = (await subject.ledger.takeLock(first, 'arn:first', undefined)) ?? 0;
    return { ...subject, target, context: { target, deployment: first.deployment, token } };
  }

  async function asked() {
    const subject = await held();
    return { ...subject, approval: await subject.approvals.ask(subject.context, QUESTION) };
  }

  test('a question is written down, and no entry holds its task token', async () => {
    const { approvals, approval, context, entries, target } = await asked();
    expect(approval).toMatchObject({ ...QUESTION, context });
    expect(await approvals.approval(context.deployment)).toEqual(approval);
    const [, entry] = await entries(target);
    expect(entry).toMatchObject({ type: 'approval asked', facts: { before: 'traffic', until: QUESTION.until } });
    expect(JSON.stringify(await entries(target))).not.toContain('first');
  });

  test('asked again it has the newest task token and is else what it was', async () => {
    const { approvals, approval, context, entries, target } = await asked();
    const again = { ...QUESTION, until: '2026-11-30T18:00:00.000Z', taskToken: 'second' };
    expect(await approvals.ask(context, again)).toEqual({ ...approval, taskToken: 'second' });
    expect(await entries(target)).toHaveLength(2);
  });

  test('an approval is its fact and an entry that names who gave it', async () => {
    const { approvals, approval, context, entries, target, ledger } = await asked();
    const decision = await approvals.decide(approval, { outcome: 'approved', by: 'ana', reason: 'tried' }, deployable);
    expect(decision).toMatchObject({ outcome: 'approved', by: 'ana', reason: 'tried' });
    expect((await approvals.approval(context.deployment))?.decision).toEqual(decision);
    expect((await ledger.facts(context.deployment)).approval).toEqual({
      kind: 'approval',
      deployable,
      at: decision.at,
      detail: { by: 'ana', plan: 'abc' },
    });
    expect((await entries(target)).at(-1)).toMatchObject({
      type: 'approval decided',
      cause: 'ana',
      facts: { outcome: 'approved', by: 'ana', plan: 'abc' },
    });
  });

  test.each(['rejected', 'expired'] as const)('what is %s never becomes an approval (I13)', async (outcome) => {
    const { approvals, approval, context, entries, target, ledger } = await asked();
    const first = await approvals.decide(approval, { outcome, by: 'bo' }, deployable);
    expect(await approvals.decide(approval, { outcome: 'approved', by: 'ana' }, deployable)).toEqual(first);
    const renewed = await approvals.ask(context, { ...QUESTION, taskToken: 'second' });
    expect(renewed.decision).toEqual(first);
    expect(await approvals.decide(renewed, { outcome: 'approved', by: 'ana' }, deployable)).toEqual(first);
    expect((await ledger.facts(context.deployment)).approval).toBeUndefined();
    expect((await entries(target)).filter(({ type }) => type === 'approval decided')).toHaveLength(1);
  });

  test('of many answers at once one stands, and all are told it', async () => {
    const { approvals, approval } = await asked();
    const answers = Array.from({ length: 6 }, (_, i) =>
      approvals.decide(approval, { outcome: i % 2 === 0 ? 'approved' : 'rejected', by: `person ${i}` }, deployable),
    );
    expect(new Set((await Promise.all(answers)).map(({ by }) => by)).size).toBe(1);
  });

  test('nobody asks or answers for a deployment that no longer holds the lock', async () => {
    const { approvals, approval, context, ledger } = await asked();
    await ledger.endDeployment(context, { result: 'rolled back', sentence: 'It is over.', cause: 'test' });
    await expect(approvals.decide(approval, { outcome: 'approved', by: 'ana' }, deployable)).rejects.toThrow(
      Superseded,
    );
    const other = await held();
    await other.ledger.endDeployment(other.context, { result: 'refused', sentence: 'Over.', cause: 'test' });
    await expect(other.approvals.ask(other.context, QUESTION)).rejects.toThrow(Superseded);
    expect(await other.approvals.approval(other.context.deployment)).toBeUndefined();
    expect((await ledger.facts(context.deployment)).approval).toBeUndefined();
  });
});
