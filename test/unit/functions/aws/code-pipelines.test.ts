import { CodePipelineClient } from '@aws-sdk/client-codepipeline';
import { HttpResponse } from '@smithy/protocol-http';
import { expect, test } from 'vitest';
import { CodePipelines } from '../../../../functions/aws/code-pipelines.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const RUN = { run: 'run-1', version: 'v1.4.0', digest: DIGEST, token: 'external-1' } as const;

/** The adapter over a CodePipeline that answers each operation as given, and what it was asked. */
function over(answers: Record<string, { status?: number; body: object }>) {
  const asked: { operation: string; input: unknown }[] = [];
  const client = new CodePipelineClient({
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    requestHandler: {
      handle: async (request: { headers: Record<string, string>; body: Uint8Array }) => {
        const operation = request.headers['x-amz-target']?.split('.')[1] ?? '';
        asked.push({ operation, input: JSON.parse(new TextDecoder().decode(request.body)) });
        const { status = 200, body } = answers[operation] ?? { status: 500, body: {} };
        return {
          response: new HttpResponse({
            statusCode: status,
            headers: { 'content-type': 'application/x-amz-json-1.1' },
            body: new TextEncoder().encode(JSON.stringify(body)),
          }),
        };
      },
    },
  });
  return { pipelines: new CodePipelines(client), asked };
}

/** What ListActionExecutions tells of a run whose approval is as said. */
function actions(approval: string, variables: object = { FAROL_VERSION: RUN.version, FAROL_DIGEST: DIGEST }) {
  return {
    actionExecutionDetails: [
      {
        stageName: 'Deployment',
        actionName: 'Farol',
        status: approval,
        output: { executionResult: { externalExecutionId: RUN.token } },
      },
      { stageName: 'Build', actionName: 'Build', status: 'Succeeded', output: { outputVariables: variables } },
    ],
  };
}

const executions = {
  pipelineExecutionSummaries: [
    { pipelineExecutionId: RUN.run, status: 'InProgress' },
    { pipelineExecutionId: 'run-0', status: 'Succeeded' },
  ],
};

test('a run that waits is found with its release and the id that answers it in parallel mode', async () => {
  const { pipelines, asked } = over({
    ListPipelineExecutions: { body: executions },
    ListActionExecutions: { body: actions('InProgress') },
  });
  expect(await pipelines.waiting('web')).toEqual([RUN]);
  expect(asked).toEqual([
    { operation: 'ListPipelineExecutions', input: { pipelineName: 'web-release', maxResults: 100 } },
    {
      operation: 'ListActionExecutions',
      input: { pipelineName: 'web-release', filter: { pipelineExecutionId: RUN.run }, maxResults: 100 },
    },
  ]);
});

test.each([
  ['that still builds', actions('Abandoned')],
  ['whose approval was answered', actions('Succeeded')],
])('a run %s does not wait', async (_what, body) => {
  const { pipelines } = over({ ListPipelineExecutions: { body: executions }, ListActionExecutions: { body } });
  expect(await pipelines.waiting('web')).toEqual([]);
});

test.each([
  ['none', 'version: "none" is no version'],
  ['v1.4.0-01', 'version: "v1.4.0-01" is no version'],
])('a run that released %s waits for nothing, and it is said why', async (version, said) => {
  const { pipelines } = over({
    ListPipelineExecutions: { body: executions },
    ListActionExecutions: { body: actions('InProgress', { FAROL_VERSION: version, FAROL_DIGEST: DIGEST }) },
  });
  expect(await pipelines.waiting('web')).toEqual([
    { run: RUN.run, token: RUN.token, problem: expect.stringContaining(said) },
  ]);
});

test('an application without a pipeline has nobody to answer', async () => {
  const { pipelines } = over({
    ListPipelineExecutions: { status: 400, body: { __type: 'PipelineNotFoundException', message: 'no' } },
  });
  expect(await pipelines.waiting('web')).toEqual([]);
});

test('the answer goes to the one action, with as much of the reason as it takes', async () => {
  const { pipelines, asked } = over({ PutApprovalResult: { body: {} } });
  await pipelines.answer('web', RUN, { approved: false, summary: 'x'.repeat(600) });
  expect(asked).toEqual([
    {
      operation: 'PutApprovalResult',
      input: {
        pipelineName: 'web-release',
        stageName: 'Deployment',
        actionName: 'Farol',
        token: RUN.token,
        result: { status: 'Rejected', summary: 'x'.repeat(512) },
      },
    },
  ]);
});

test.each(['ApprovalAlreadyCompletedException', 'InvalidApprovalTokenException'])(
  'an approval that is over already (%s) is left as it is',
  async (__type) => {
    const { pipelines } = over({ PutApprovalResult: { status: 400, body: { __type, message: 'no' } } });
    await expect(pipelines.answer('web', RUN, { approved: true, summary: '' })).resolves.toBeUndefined();
  },
);

test('another failure is one', async () => {
  const { pipelines } = over({ PutApprovalResult: { status: 400, body: { __type: 'ActionNotFoundException' } } });
  await expect(pipelines.answer('web', RUN, { approved: true, summary: '' })).rejects.toMatchObject({
    name: 'ActionNotFoundException',
  });
});
