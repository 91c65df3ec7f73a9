import { CodeBuildClient, StartBuildCommand } from '@aws-sdk/client-codebuild';
import { PLACE } from '@farol/local-aws/aws-side.ts';
import { CodeBuild } from '@farol/local-aws/codebuild/service.ts';
import { expect, test } from 'vitest';
import { CodeBuildRecords } from '#aws/codebuild-records.ts';
import { cloud } from '../../../../packages/local-aws/test/fixtures/cloud.ts';

const codebuild = new CodeBuild(PLACE, { name: 'web-build', pipeline: 'web-release' });
const started = cloud(() => [codebuild.service]);
const records = () => new CodeBuildRecords(new CodeBuildClient(started().client));

test('a build is told by who started it, of what, how it stands, and what it exported in the end', async () => {
  const id = codebuild.begin('c0ffee');
  const begun = { project: 'web-build', initiator: 'codepipeline/web-release', commit: 'c0ffee' };
  expect(await records().build(id)).toEqual({ ...begun, status: 'IN_PROGRESS', exported: {} });
  codebuild.end(id, 'SUCCEEDED', { FAROL_VERSION: 'v1.0.0' });
  expect(await records().build(id)).toEqual({
    ...begun,
    status: 'SUCCEEDED',
    exported: { FAROL_VERSION: 'v1.0.0' },
  });
});

test('a build that somebody starts has them as its initiator', async () => {
  const client = new CodeBuildClient(started().client);
  const { build } = await client.send(new StartBuildCommand({ projectName: 'web-build', sourceVersion: 'c0ffee' }));
  expect(await records().build(build?.id ?? '')).toMatchObject({ initiator: 'local-aws-test' });
});

test('an unknown or invalid id names no build', async () => {
  expect(await records().build('web-build:00000000-0000-0000-0000-000000000000')).toBeUndefined();
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
