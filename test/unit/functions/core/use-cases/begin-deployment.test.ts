import { describe, expect, test } from 'vitest';
import { beginDeployment } from '#core/use-cases/begin-deployment.ts';
import { Workflow } from '../../../../workflow/harness.ts';

function order(workflow: Workflow) {
  const { target, version, digest } = workflow.request(workflow.world.push('v1.3.0'));
  return { target, version, digest, cause: 'asked for by somebody' };
}

describe('a deployment that is begun', () => {
  test('has the next attempt after one that ended, one that was refused and one whose execution alone is left', async () => {
    const workflow = new Workflow();
    const wanted = order(workflow);
    await workflow.deploy(wanted);
    const request = workflow.request(wanted);
    await workflow.ledger.refuse({ ...request, deployment: request.deployment.replace(/1$/, '2') }, 'refused', 'test');
    workflow.end(request.deployment.replace(/1$/, '3'), {
      status: 'SUCCEEDED',
      last: 'Queued',
      output: {},
      visited: [],
    });
    expect(await beginDeployment(wanted, workflow)).toEqual({
      outcome: 'started',
      deployment: 'web-production-v1_3_0-76312e33-4',
    });
    expect(workflow.started()).toMatchObject([{ attempt: 4, cause: 'asked for by somebody', kind: 'release' }]);
  });

  test('waits behind the lock, and the next one after what waits already', async () => {
    const workflow = new Workflow();
    const wanted = order(workflow);
    const other = workflow.request(workflow.world.push('v1.2.0'));
    await workflow.ledger.takeLock(other, workflow.executions.arn(other.deployment), undefined);
    expect(await beginDeployment(wanted, workflow)).toMatchObject({ outcome: 'queued' });
    const second = await beginDeployment(wanted, workflow);
    expect(second).toMatchObject({ outcome: 'queued', deployment: expect.stringMatching(/-2$/) });
    expect(await workflow.ledger.waiting(wanted.target)).toMatchObject({ deployment: second.deployment });
    expect(await beginDeployment({ ...wanted, version: 'v1.1.0' }, workflow)).toMatchObject({ outcome: 'older' });
    expect(workflow.started()).toEqual([]);
  });

  test('goes on to the next attempt when somebody else was faster with this one', async () => {
    const workflow = new Workflow();
    const { executions } = workflow;
    let faster = 1;
    const raced = {
      ...executions,
      start: async (request: Parameters<typeof executions.start>[0]) => {
        if (faster-- > 0) await executions.start(request);
        return executions.start(request);
      },
    };
    const begun = await beginDeployment(order(workflow), { ledger: workflow.ledger, executions: raced });
    expect(begun.deployment).toMatch(/-2$/);
    expect(workflow.started().map(({ attempt }) => attempt)).toEqual([1, 2]);
  });
});
