import {
  CreateActivityCommand,
  CreateStateMachineCommand,
  GetActivityTaskCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { beforeAll, expect, test } from 'vitest';
import { StepFunctionsExecutions } from '#aws/step-functions-executions.ts';
import { cloud } from '../../../../packages/local-aws/test/fixtures/cloud.ts';
import { fakeUpstream } from '../../../../packages/local-aws/test/fixtures/gateway.ts';
import { eventually } from '../../../e2e/eventually.ts';
import { request } from './releases.ts';

const started = cloud();
const sfn = (endpoint = started().client.endpoint) => new SFNClient({ ...started().client, endpoint });
let machine = '';

beforeAll(async () => {
  const definition = { StartAt: 'Wait', States: { Wait: { Type: 'Wait', Seconds: 600, End: true } } };
  const made = await sfn().send(
    new CreateStateMachineCommand({
      name: 'release',
      definition: JSON.stringify(definition),
      roleArn: 'arn:aws:iam::000000000000:role/release',
    }),
  );
  machine = made.stateMachineArn ?? '';
});

const executions = (endpoint?: string) => new StepFunctionsExecutions(sfn(endpoint), machine);

test('an execution is started under the name of its deployment, and runs until it ends', async () => {
  const push = request('web/production', 'v1.0.0');
  expect(await executions().start(push)).toBe('started');
  const arn = executions().arn(push.deployment);
  expect(await executions().status(arn)).toEqual({ running: true, status: 'RUNNING' });
  await sfn().send(new StopExecutionCommand({ executionArn: arn, cause: 'a person' }));
  expect(await executions().status(arn)).toEqual({
    running: false,
    status: 'ABORTED',
    stopped: expect.stringMatching(/^\d{4}-.*Z$/),
  });
});

test('a name that was used stays used', async () => {
  const push = request('web/production', 'v1.1.0');
  await executions().start(push);
  await sfn().send(new StopExecutionCommand({ executionArn: executions().arn(push.deployment) }));
  expect(await executions().start(push)).toBe('exists');
  expect(await executions().start({ ...push, cause: 'another' })).toBe('exists');
});

test('an answer that got lost starts nothing twice', async () => {
  const push = request('web/production', 'v1.2.0');
  started().gateway.faults.add({ operation: 'StartExecution', effect: { kind: 'fail-after' } });
  // AWS answers the same name and input as before while the execution runs; a start that came through is told either way.
  expect(['started', 'exists']).toContain(await executions().start(push));
  expect(await executions().status(executions().arn(push.deployment))).toMatchObject({ running: true });
});

test('a task token wakes the execution that waits with it, and no other', async () => {
  // An activity's worker is given a task token as a function is, and the test can be the worker.
  const { activityArn } = await sfn().send(new CreateActivityCommand({ name: 'asks' }));
  const definition = { StartAt: 'Ask', States: { Ask: { Type: 'Task', Resource: activityArn, End: true } } };
  const { stateMachineArn } = await sfn().send(
    new CreateStateMachineCommand({
      name: 'asks',
      definition: JSON.stringify(definition),
      roleArn: 'arn:aws:iam::000000000000:role/release',
    }),
  );
  const { executionArn = '' } = await sfn().send(new StartExecutionCommand({ stateMachineArn }));
  const { taskToken = '' } = await sfn().send(new GetActivityTaskCommand({ activityArn }));
  expect(await executions().wake('nobody waits with this')).toBe(false);
  expect(await executions().wake(taskToken)).toBe(true);
  await eventually('the end of the execution', 10, async () => {
    const status = await executions().status(executionArn);
    return status?.status === 'SUCCEEDED' ? { found: status } : { saw: status };
  });
  expect(await executions().wake(taskToken)).toBe(false);
});

test('no such execution is undefined; an answer that says so is no error', async () => {
  expect(await executions().status(executions().arn('never-started'))).toBeUndefined();
});

test('an error that is not about the name is one', async () => {
  const url = await fakeUpstream((_request, _body, response) => {
    response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(JSON.stringify({ __type: 'StateMachineDoesNotExist', message: 'State Machine Does Not Exist' }));
  });
  const push = request('web/production', 'v1.3.0');
  await expect(executions(url.origin).start(push)).rejects.toMatchObject({ name: 'StateMachineDoesNotExist' });
});
