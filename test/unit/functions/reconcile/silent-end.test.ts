import { expect, test } from 'vitest';
import type { DeploymentRecord } from '#core/ports.ts';
import { notifySilentEnd } from '../../../../functions/reconcile/silent-end.ts';

const NAME = 'web-production-v1_4_0-3f9a2c1b-1';
const RECORD: DeploymentRecord = {
  request: {
    kind: 'release',
    target: 'web/production',
    deployment: NAME,
    version: 'v1.4.0',
    digest: `sha256:${'a'.repeat(64)}`,
    attempt: 1,
    cause: 'push of web:v1.4.0',
  },
};

/** What people are told of an event, with what the ledger has of the deployment. */
async function told(event: unknown, record?: DeploymentRecord): Promise<{ subject: string; text: string }[]> {
  const notices: { subject: string; text: string }[] = [];
  await notifySilentEnd(event, {
    ledger: { deployment: async () => record },
    notifier: { publish: async (subject, text) => void notices.push({ subject, text }) },
  });
  return notices;
}

const ended = (status: string) => ({
  source: 'aws.states',
  'detail-type': 'Step Functions Execution Status Change',
  detail: { name: NAME, status, stateMachineArn: 'arn' },
});

test.each([
  ['ABORTED', RECORD, 'was stopped by somebody'],
  ['TIMED_OUT', RECORD, 'ran out of time'],
  ['FAILED', undefined, 'failed before it could take the lock'],
])('an execution that ended %s is told, since it could not itself', async (status, record, how) => {
  const [notice, ...more] = await told(ended(status), record);
  expect(more).toEqual([]);
  expect(notice?.subject).toBe(`${NAME} was cut off`);
  expect(notice?.text).toContain(`The deployment ${NAME} ${how}`);
  expect(notice?.text).toContain('farol redeploy');
});

test.each([
  ['that failed and told why', ended('FAILED'), RECORD],
  ['that succeeded', ended('SUCCEEDED'), undefined],
  ['of the schedule', { source: 'aws.events', 'detail-type': 'Scheduled Event', detail: {} }, undefined],
  ['of nothing', undefined, undefined],
])('an event %s tells nobody', async (_what, event, record) => {
  expect(await told(event, record)).toEqual([]);
});
