import { CodeBuildClient, CreateProjectCommand, StartBuildCommand } from '@aws-sdk/client-codebuild';
import { expect, test } from 'vitest';
import { CodeBuildRecords } from '#aws/codebuild-records.ts';
import { cloud } from './cloud.ts';

const started = cloud();
const records = () => new CodeBuildRecords(new CodeBuildClient(started().client));

test('a build is told by its status and source', async () => {
  const client = new CodeBuildClient(started().client);
  await client.send(
    new CreateProjectCommand({
      name: 'web',
      source: { type: 'NO_SOURCE', buildspec: 'version: 0.2' },
      artifacts: { type: 'NO_ARTIFACTS' },
      environment: {
        type: 'LINUX_CONTAINER',
        image: 'aws/codebuild/standard:7.0',
        computeType: 'BUILD_GENERAL1_SMALL',
      },
      serviceRole: 'arn:aws:iam::000000000000:role/build',
    }),
  );
  const { build } = await client.send(new StartBuildCommand({ projectName: 'web', sourceVersion: 'c0ffee' }));
  expect(await records().build(build?.id ?? '')).toEqual({ status: 'SUCCEEDED', source: 'c0ffee' });
});

test('an id that names no build, or is none, names no build', async () => {
  expect(await records().build('web:00000000-0000-0000-0000-000000000000')).toBeUndefined();
  started().gateway.faults.add({
    operation: 'BatchGetBuilds',
    effect: { kind: 'fail-before', status: 400, code: 'InvalidInputException', message: 'Invalid build ID given' },
  });
  expect(await records().build('whatever a label says')).toBeUndefined();
});

test('CodeBuild being out of reach is a surprise, not a missing build', async () => {
  started().gateway.faults.add({
    operation: 'BatchGetBuilds',
    times: 2,
    effect: { kind: 'fail-before', message: 'out of order' },
  });
  await expect(records().build('web:1')).rejects.toThrow('out of order');
});
