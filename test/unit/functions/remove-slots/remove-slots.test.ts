import { describe, expect, test } from 'vitest';
import type { SlotRemoval } from '#core/ports.ts';
import { removeSlots, type StackAnswer } from '../../../../functions/remove-slots/remove-slots.ts';
import { FakeClock } from '../../../fakes/clock.ts';

const EVENT = {
  RequestType: 'Delete',
  ResponseURL: 'https://answers.example/1',
  StackId: 'arn:aws:cloudformation:us-east-1:111122223333:stack/web-production-service/1',
  RequestId: 'request-1',
  LogicalResourceId: 'Slots',
  PhysicalResourceId: 'slots of web-production',
  ResourceProperties: { cluster: 'web-production', listener: 'arn:listener' },
} as const;

/** A place whose tasks end after so many looks; and what was done to it. */
function place(looks: number, change: Partial<SlotRemoval> = {}) {
  const done: string[] = [];
  let left = looks;
  const removal: SlotRemoval = {
    removeRules: async ({ listener }) => void done.push(`rules of ${listener}`),
    removeServices: async ({ cluster }) => void done.push(`services of ${cluster}`),
    tasksLeft: async () => {
      left -= 1;
      return Math.max(0, left);
    },
    ...change,
  };
  const answers: { url: string; answer: StackAnswer }[] = [];
  const ports = {
    removal,
    clock: new FakeClock(),
    respond: async (url: string, answer: StackAnswer) => void answers.push({ url, answer }),
  };
  return { done, answers, ports };
}

describe('slots of a stack', () => {
  test('are emptied and removed when it is deleted: traffic first, and no end before the last task’s', async () => {
    const { done, answers, ports } = place(5);
    const began = ports.clock.now();
    await removeSlots(EVENT, ports);
    expect(done).toEqual(['rules of arn:listener', 'services of web-production']);
    expect(Date.parse(ports.clock.now())).toBeGreaterThan(Date.parse(began));
    const { StackId, RequestId, LogicalResourceId, PhysicalResourceId } = EVENT;
    expect(answers).toEqual([
      {
        url: EVENT.ResponseURL,
        answer: { Status: 'SUCCESS', Reason: 'done', PhysicalResourceId, StackId, RequestId, LogicalResourceId },
      },
    ]);
  });

  test.each(['Create', 'Update'] as const)('are left alone at its %s', async (RequestType) => {
    const { done, answers, ports } = place(5);
    await removeSlots({ ...EVENT, RequestType, PhysicalResourceId: undefined }, ports);
    expect(done).toEqual([]);
    expect(answers).toMatchObject([{ answer: { Status: 'SUCCESS', PhysicalResourceId: 'slots of web-production' } }]);
  });

  test('that do not end in time keep the stack, with what to do', async () => {
    const { answers, ports } = place(10_000);
    await removeSlots(EVENT, ports);
    expect(answers).toMatchObject([{ answer: { Status: 'FAILED', Reason: expect.stringContaining('stop them') } }]);
  });

  test('that cannot be removed are told of: CloudFormation never waits for an answer in vain', async () => {
    const { answers, ports } = place(1, { removeServices: () => Promise.reject(new Error('Access denied')) });
    await removeSlots(EVENT, ports);
    expect(answers).toMatchObject([{ answer: { Status: 'FAILED', Reason: expect.stringContaining('Access denied') } }]);
  });
});
