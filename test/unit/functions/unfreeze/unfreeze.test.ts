import { describe, expect, test } from 'vitest';
import { unfreeze } from '../../../../functions/unfreeze/unfreeze.ts';
import { Workflow } from '../../../workflow/harness.ts';

const TARGET = 'web/production';
const WISH = { target: TARGET, by: 'arn:aws:iam::111122223333:user/anna', reason: 'the schema was put right' };

/** A target whose live release broke on the new schema. */
async function frozen(): Promise<Workflow> {
  const workflow = new Workflow();
  await workflow.run(workflow.request(workflow.world.push('v1.0.0')));
  await workflow.run(
    workflow.request(
      workflow.world.push('v1.1.0', {
        migrations: [{ name: 'board.0002_likes', compatible: 'yes', why: 'additive' }],
        breaksLive: true,
      }),
    ),
  );
  return workflow;
}

describe('a frozen target', () => {
  test('takes releases again once a person has said what was put right', async () => {
    const workflow = await frozen();
    const actions = workflow.world.actions.length;
    expect(await unfreeze(WISH, workflow)).toMatchObject({ outcome: 'unfrozen' });
    expect(workflow.ledger.heads.get(TARGET)?.frozen).toBeUndefined();
    expect(workflow.ledger.entries.at(-1)).toMatchObject({
      type: 'unfrozen',
      cause: `${WISH.by}: ${WISH.reason}`,
    });
    expect(workflow.world.actions).toHaveLength(actions);
    expect(await unfreeze(WISH, workflow)).toMatchObject({ outcome: 'refused', sentence: `${TARGET} is not frozen.` });
  });

  test('stays so while a deployment holds the lock', async () => {
    const workflow = await frozen();
    const lock = workflow.ledger.locks.get(TARGET);
    workflow.ledger.locks.set(TARGET, { token: 9, at: workflow.clock.now(), ...lock, deployment: 'another' });
    expect(await unfreeze(WISH, workflow)).toMatchObject({ outcome: 'refused' });
    expect(workflow.ledger.heads.get(TARGET)?.frozen).toBeDefined();
  });

  test.each([
    ['without a reason', { ...WISH, reason: '' }, 'reason'],
    ['by nobody', { target: TARGET, reason: 'done' }, 'by'],
    ['of what is no target', { ...WISH, target: 'production' }, 'target'],
  ])('is not opened by a wish %s', async (_what, wish, field) => {
    const workflow = await frozen();
    const { outcome, sentence } = await unfreeze(wish, workflow);
    expect(outcome).toBe('refused');
    expect(sentence).toContain(field);
    expect(workflow.ledger.heads.get(TARGET)?.frozen).toBeDefined();
  });
});
