import { describe, expect, test } from 'vitest';
import { role, session, user } from '../fixtures/people.ts';
import { TARGET, withLive } from './approvals.ts';
import { Workflow } from './harness.ts';

describe('an answer', () => {
  test('is given once: the same again is harmless, a contrary one is refused', async () => {
    const workflow = await withLive();
    const said: unknown[] = [];
    workflow.whileWaiting = async () => {
      said.push(await workflow.answer('approve', { by: user('ana') }));
      said.push(await workflow.answer('reject', { by: user('bo') }));
      said.push(await workflow.answer('approve', { by: user('bo') }));
    };
    await workflow.deploy(workflow.world.push('v1.1.0'));
    expect(said).toMatchObject([
      { outcome: 'approved', sentence: expect.stringContaining('Approved by arn:aws:iam::111122223333:user/ana') },
      {
        outcome: 'refused',
        sentence: expect.stringContaining(
          'has its answer already, and it stays. Approved by arn:aws:iam::111122223333:user/ana',
        ),
      },
      { outcome: 'approved', sentence: expect.stringContaining('Approved by arn:aws:iam::111122223333:user/ana') },
    ]);
    expect(workflow.ledger.entries.filter(({ type }) => type === 'approval decided').map(({ cause }) => cause)).toEqual(
      [user('ana').userArn, user('ana').userArn],
    );
  });

  test('whose waking is lost counts when the wait ends', async () => {
    const workflow = await withLive();
    workflow.whileWaiting = async () => {
      workflow.executions.wake = async () => {
        throw new Error('ServiceUnavailable');
      };
      await expect(workflow.answer('approve')).rejects.toThrow('ServiceUnavailable');
    };
    const ending = await workflow.deploy(workflow.world.push('v1.1.0'));
    expect(ending).toMatchObject({ status: 'SUCCEEDED', output: expect.stringContaining('v1.1.0 is live') });
  });

  test('wakes the newest wait when the question had to be asked again, which changes nothing about it', async () => {
    const workflow = await withLive();
    const { ledger } = workflow;
    const asked: (string | undefined)[] = [];
    workflow.beforeInvoke = (name) => {
      if (name !== '${AskApprovalFunction}') return;
      const [approval] = ledger.approvals.values();
      asked.push(approval?.until);
    };
    const ask = ledger.ask.bind(ledger);
    ledger.ask = async (...all) => {
      const approval = await ask(...all);
      await workflow.clock.sleep(1000);
      if (asked.length === 1) throw new Error('the answer was lost');
      return approval;
    };
    workflow.whileWaiting = async () => {
      expect(await workflow.answer('approve')).toMatchObject({ outcome: 'approved' });
    };
    const ending = await workflow.deploy(workflow.world.push('v1.1.0'));
    expect(ending).toMatchObject({ status: 'SUCCEEDED' });
    expect(asked).toHaveLength(2);
    expect([...ledger.approvals.values()].map(({ until }) => until)).toEqual([asked[1]]);
    expect(ledger.entries.filter(({ type }) => type === 'approval asked')).toHaveLength(2);
  });

  test('that came before the question was asked again ends the new wait at once, and nobody is asked twice', async () => {
    const workflow = await withLive();
    const { ledger } = workflow;
    const ask = ledger.ask.bind(ledger);
    let asked = 0;
    ledger.ask = async (...all) => {
      const approval = await ask(...all);
      asked += 1;
      if (asked > 1) return approval;
      await workflow.answer('approve');
      throw new Error('the answer was lost');
    };
    const before = Date.parse(workflow.clock.now());
    const ending = await workflow.deploy(workflow.world.push('v1.1.0'));
    expect(ending).toMatchObject({ status: 'SUCCEEDED' });
    expect(asked).toBe(2);
    expect(Date.parse(workflow.clock.now()) - before).toBeLessThan(3_600_000);
    expect(workflow.notices).not.toContain('web/production: approve v1.1.0?');
  });

  test('to something that does not wait, or does not exist, is refused in a sentence', async () => {
    const workflow = await withLive();
    const release = workflow.world.push('v1.1.0');
    expect(await workflow.answer('approve', { deployment: 'no-such' })).toEqual({
      outcome: 'refused',
      sentence: 'There is no deployment no-such.',
    });
    const { deployment } = workflow.request({
      ...release,
      version: 'v1.0.0',
      digest: (await workflow.ledger.head(TARGET)).live?.deployable.digest ?? release.digest,
    });
    expect(await workflow.answer('approve', { deployment })).toMatchObject({
      outcome: 'refused',
      sentence: expect.stringContaining('has ended: v1.0.0 is live'),
    });
    expect(await workflow.answer('approve', { deployment, reason: '' })).toMatchObject({
      outcome: 'refused',
      sentence: expect.stringContaining('at reason'),
    });
  });
});

describe('an answer counts only from a person whom AWS names', () => {
  const RESERVED = 'AWSReservedSSO_Release_0123456789abcdef';

  /** What is said to each caller in turn, while a release waits. */
  async function answers(
    approvers: string[] | undefined,
    callers: Parameters<typeof session>[],
    known = role(`aws-reserved/sso.amazonaws.com/${RESERVED}`),
  ) {
    const workflow = new Workflow({ approval: { timeout: '1d', ...(approvers && { approvers }) } });
    const said: unknown[] = [];
    workflow.whileWaiting = async () => {
      workflow.roles = async (name) => (known.arn.endsWith(`/${name}`) ? known : undefined);
      for (const caller of callers) said.push(await workflow.answer('approve', { by: session(...caller) }));
    };
    const ending = await workflow.deploy(workflow.world.push('v1.0.0'));
    return { said, ending, workflow };
  }

  test('a role that anybody may take approves nothing, whatever its session is called', async () => {
    const { said, ending, workflow } = await answers(undefined, [['deployer', 'ana@example.com']]);
    expect(said).toEqual([
      { outcome: 'refused', sentence: expect.stringContaining('the person who takes this role chooses the name') },
    ]);
    expect(ending).toMatchObject({ status: 'FAILED' });
    expect(workflow.ledger.entries.find(({ type }) => type === 'approval decided')?.facts).toMatchObject({
      outcome: 'expired',
    });
  });

  test('a user of Identity Center approves, and the ledger has the name that AWS gives', async () => {
    const { said, ending, workflow } = await answers(undefined, [[RESERVED, 'ana@example.com']]);
    expect(said).toMatchObject([{ outcome: 'approved' }]);
    expect(ending).toMatchObject({ status: 'SUCCEEDED' });
    expect(workflow.ledger.entries.find(({ type }) => type === 'approval decided')?.cause).toBe(
      session(RESERVED, 'ana@example.com').userArn,
    );
  });

  test('where approvers are named, no other may answer, neither yes nor no', async () => {
    const { said, ending, workflow } = await answers(
      ['ana@example.com'],
      [
        [RESERVED, 'bo@example.com'],
        [RESERVED, 'ana@example.com'],
      ],
    );
    expect(workflow.messages.join('\n')).toContain('Only these may answer: ana@example.com');
    expect(said).toEqual([
      { outcome: 'refused', sentence: expect.stringContaining('bo@example.com is not among those who are asked') },
      { outcome: 'approved', sentence: expect.stringContaining('ana@example.com at') },
    ]);
    expect(ending).toMatchObject({ status: 'SUCCEEDED' });
  });
});
