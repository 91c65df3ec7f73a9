import { CreateFunctionCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { zipSync } from 'fflate';
import { expect, test } from 'vitest';
import { cloud } from '../fixtures/cloud.ts';
import { until } from '../fixtures/data-plane.ts';

const started = cloud();
const role = 'arn:aws:iam::000000000000:role/test';

/** Starts a state machine that gives a function a token and waits `seconds` for it. */
async function wait(name: string, code: string, seconds: string | number) {
  const { client } = started();
  const sfn = new SFNClient(client);
  await new LambdaClient(client).send(
    new CreateFunctionCommand({
      FunctionName: name,
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      Role: role,
      Code: { ZipFile: zipSync({ 'index.mjs': Buffer.from(code) }) },
    }),
  );
  const { stateMachineArn } = await sfn.send(
    new CreateStateMachineCommand({
      name,
      roleArn: role,
      definition: JSON.stringify({
        QueryLanguage: 'JSONata',
        StartAt: 'Ask',
        States: {
          Ask: {
            Type: 'Task',
            Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
            Arguments: { FunctionName: name, Payload: { taskToken: '{% $states.context.Task.Token %}' } },
            TimeoutSeconds: seconds,
            End: true,
          },
        },
      }),
    }),
  );
  const { executionArn } = await sfn.send(new StartExecutionCommand({ stateMachineArn, input: '{"patience": 1}' }));
  return { sfn, executionArn };
}

function ended({ sfn, executionArn }: Awaited<ReturnType<typeof wait>>) {
  return until('the end of the execution', async () => {
    const { status, error } = await sfn.send(new DescribeExecutionCommand({ executionArn }));
    return status === 'RUNNING' ? undefined : { status, error };
  });
}

test('a time-out in JSONata ends the wait for a task token', async () => {
  const execution = await wait('silent', 'export const handler = async () => "asked";', '{% $states.input.patience %}');
  expect(await ended(execution)).toEqual({ status: 'FAILED', error: 'States.Timeout' });
});

test('a function that fails ends the wait for its token', async () => {
  const code = 'export const handler = async () => { throw new TypeError("broken"); };';
  const execution = await wait('broken', code, 600);
  expect(await ended(execution)).toMatchObject({ status: 'FAILED', error: expect.not.stringContaining('Timeout') });
});
