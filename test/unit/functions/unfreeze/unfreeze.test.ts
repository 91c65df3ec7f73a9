import { describe, expect, test } from 'vitest';
import { unfreeze } from '../../../../functions/unfreeze/unfreeze.ts';
import { user } from '../../../fixtures/people.ts';
import { Workflow } from '../../../workflow/harness.ts';

const TARGET = 'web/production';
const WISH = { target: TARGET, reason: 'the schema was put right' };
const ANNA = user('anna');
const asked = (input: object, workflow: Workflow) => unfreeze({ input, caller: ANNA }, workflow.ports());

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
    expect(await asked(WISH, workflow)).toMatchObject({ outcome: 'unfrozen' });
    expect(workflow.ledger.heads.get(TARGET)?.frozen).toBeUndefined();
    expect(workflow.ledger.entries.at(-1)).toMatchObject({
      type: 'unfrozen',
      cause: `${ANNA.userArn}: ${WISH.reason}`,
    });
    expect(workflow.world.actions).toHaveLength(actions);
    expect(await asked(WISH, workflow)).toMatchObject({ outcome: 'refused', sentence: `${TARGET} is not frozen.` });
  });

  test('stays so while a deployment holds the lock', async () => {
    const workflow = await frozen();
    const lock = workflow.ledger.locks.get(TARGET);
    workflow.ledger.locks.set(TARGET, { token: 9, at: workflow.clock.now(), ...lock, deployment: 'another' });
    expect(await asked(WISH, workflow)).toMatchObject({ outcome: 'refused' });
    expect(workflow.ledger.heads.get(TARGET)?.frozen).toBeDefined();
  });

  test.each([
    ['without a reason', { ...WISH, reason: '' }, 'reason'],
    ['that says itself who it is by', { ...WISH, by: 'the boss' }, 'by'],
    ['of what is no target', { ...WISH, target: 'production' }, 'target'],
  ])('is not opened by a wish %s', async (_what, wish, field) => {
    const workflow = await frozen();
    const { outcome, sentence } = await asked(wish, workflow);
    expect(outcome).toBe('refused');
    expect(sentence).toContain(field);
    expect(workflow.ledger.heads.get(TARGET)?.frozen).toBeDefined();
  });
});
