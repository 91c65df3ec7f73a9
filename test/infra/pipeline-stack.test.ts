import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { buildProject } from '#core/contract/pipeline.ts';
import { APPROVAL, BUILD_VARIABLES, NO_VERSION, pipelineName } from '../../functions/core/contract/pipeline.ts';
import { buildspecText } from '../../infra/build/buildspec.ts';
import { functionName, ORCHESTRATOR } from '../../infra/names.ts';
import { ROOT } from '../../local/setup.mjs';
import { evaluate } from '../iam/evaluate.ts';
import { parsePolicy } from '../iam/policy.ts';
import { ACCOUNT, environmentsIn, resources, synthesized, templateOf } from './synthesized.ts';

const templates = synthesized();
const template = templateOf(templates, 'web-pipeline');

const Stage = z.looseObject({
  Name: z.string(),
  Actions: z.array(
    z.looseObject({
      Name: z.string(),
      ActionTypeId: z.looseObject({ Category: z.string(), Provider: z.string() }),
      Configuration: z.record(z.string(), z.unknown()),
      RoleArn: z.unknown().optional(),
    }),
  ),
  BeforeEntry: z.unknown().optional(),
});
const [pipeline] = Object.values(resources(template, 'AWS::CodePipeline::Pipeline'));
const stages = z.array(Stage).parse(pipeline?.Properties['Stages']);

describe('the pipeline', () => {
  test('starts when a version tag is pushed, and for several at once', () => {
    expect(pipeline?.Properties).toMatchObject({
      Name: pipelineName('web'),
      PipelineType: 'V2',
      ExecutionMode: 'PARALLEL',
      Triggers: [
        {
          ProviderType: 'CodeStarSourceConnection',
          GitConfiguration: { SourceActionName: 'Source', Push: [{ Tags: { Includes: ['v*'] } }] },
        },
      ],
    });
  });

  test('hands the build a clone, so that it sees which tags name the commit', () => {
    expect(stages[0]?.Actions[0]).toMatchObject({
      ActionTypeId: { Provider: 'CodeStarSourceConnection' },
      Configuration: { FullRepositoryId: 'your-organisation/farol', OutputArtifactFormat: 'CODEBUILD_CLONE_REF' },
    });
  });

  test('ends in the action that Farol answers, skipped by a run without a version', () => {
    const last = stages.at(-1);
    expect(last).toMatchObject({
      Name: APPROVAL.stage,
      Actions: [{ Name: APPROVAL.action, ActionTypeId: { Category: 'Approval', Provider: 'Manual' } }],
      BeforeEntry: {
        Conditions: [
          {
            Result: 'SKIP',
            Rules: [
              {
                RuleTypeId: { Category: 'Rule', Owner: 'AWS', Provider: 'VariableCheck', Version: '1' },
                Configuration: {
                  Variable: `#{Build.${BUILD_VARIABLES.version}}`,
                  Value: NO_VERSION,
                  Operator: 'NE',
                },
              },
            ],
          },
        ],
      },
    });
  });

  test('acts by its own role, which no other action takes', () => {
    for (const { Actions } of stages) for (const action of Actions) expect(action.RoleArn).toBeUndefined();
    expect(Object.keys(resources(template, 'AWS::IAM::Role'))).toHaveLength(2);
    template.resourceCountIs('AWS::IAM::Policy', 0);
  });

  test('keeps what it hands over private, encrypted, and for a month', () => {
    template.hasResourceProperties('AWS::S3::Bucket', {
      PublicAccessBlockConfiguration: { BlockPublicAcls: true, RestrictPublicBuckets: true },
      BucketEncryption: Match.anyValue(),
      LifecycleConfiguration: { Rules: [Match.objectLike({ ExpirationInDays: 30, Status: 'Enabled' })] },
    });
  });

  test('makes a connection', () => {
    template.hasResourceProperties('AWS::CodeConnections::Connection', { ProviderType: 'GitHub' });
    template.hasOutput('ConnectionToConfirm', {});
  });

  test.each(['codeconnections', 'codestar-connections'])('takes one that exists, of %s, and may use it', (service) => {
    const environments = environmentsIn();
    const connection = `arn:aws:${service}:us-east-1:${ACCOUNT}:connection/1234`;
    const pipelines = environments.pipelines.map((one) => ({ ...one, source: { ...one.source, connection } }));
    const given = templateOf(synthesized({ ...environments, pipelines }), 'web-pipeline');
    given.resourceCountIs('AWS::CodeConnections::Connection', 0);
    given.hasResourceProperties('AWS::IAM::Role', {
      Policies: [
        {
          PolicyDocument: {
            Statement: Match.arrayWith([
              Match.objectLike({
                Action: `${service}:UseConnection`,
                Resource: connection,
                Condition: {
                  'ForAllValues:StringEquals': {
                    [`${service}:FullRepositoryId`]: 'your-organisation/farol',
                    [`${service}:ProviderPermissionsRequired`]: 'read_only',
                  },
                },
              }),
            ]),
          },
        },
      ],
    });
  });
});

describe('the build', () => {
  test('has the name that provenance is checked by, and builds on the processor that the service runs on', () => {
    template.hasResourceProperties('AWS::CodeBuild::Project', {
      Name: buildProject('web'),
      Environment: { Type: 'ARM_CONTAINER', PrivilegedMode: true },
      Source: { BuildSpec: buildspecText('buildspec.yml'), Type: 'CODEPIPELINE' },
      Cache: { Type: 'NO_CACHE' },
    });
  });

  test('takes machine and images from the settings', () => {
    const { pipelines, ...rest } = environmentsIn();
    const [pipeline] = pipelines;
    const image = 'aws/codebuild/amazonlinux-aarch64-standard:2.0';
    const environment = { BASE: 'example.com/python@sha256:0' };
    const changed = synthesized({
      ...rest,
      pipelines: [{ ...pipeline, build: { ...pipeline?.build, image, environment } }],
    });
    const [project] = Object.values(resources(templateOf(changed, 'web-pipeline'), 'AWS::CodeBuild::Project'));
    expect(project?.Properties['Environment']).toMatchObject({
      Image: image,
      Type: 'ARM_CONTAINER',
      EnvironmentVariables: [
        { Name: 'BASE', Type: 'PLAINTEXT', Value: environment.BASE },
        { Name: 'FAROL_REPOSITORY_URI' },
        { Name: 'FAROL_PIPELINE', Value: pipelineName('web') },
        { Name: 'FAROL_BRANCHES_ASKED', Value: '' },
        {
          Name: 'FAROL_TARGETS',
          Value: environmentsIn()
            .targets.map(({ app, environment: of }) => `${app}/${of}`)
            .join(' '),
        },
        { Name: 'FAROL_HEADS', Value: 'farol-ledger-heads' },
      ],
    });
  });

  test('is given the words of its file, with Farol’s own script in the place that asks for it', () => {
    const own = readFileSync(join(ROOT, 'buildspec.yml'), 'utf8').split('- farol:script release-tag\n');
    const given = buildspecText('buildspec.yml');
    expect(own).toHaveLength(2);
    expect(given.startsWith(own[0] ?? '')).toBe(true);
    expect(given.endsWith(own[1] ?? '')).toBe(true);
    expect(given).not.toContain('farol:script');
    // An S3 or CodeBuild bound is not documented for inline buildspecs; CloudFormation takes a template of 1 MB.
    expect(given.length).toBeLessThan(40_000);
  });

  test('knows its run and the branches that its targets ask for, each once', () => {
    const { targets, ...rest } = environmentsIn();
    const [first] = targets;
    if (first === undefined) throw new TypeError('no target');
    const asking = (environment: string, branch: string) => ({
      ...first,
      environment,
      provenance: { ...first.provenance, branch },
    });
    const three = [asking('one', 'main'), asking('two', 'stable/1.x'), asking('three', 'main')];
    const given = templateOf(synthesized({ ...rest, targets: three }), 'web-pipeline');
    const [project] = Object.values(resources(given, 'AWS::CodeBuild::Project'));
    expect(project?.Properties['Environment']).toMatchObject({
      EnvironmentVariables: expect.arrayContaining([
        { Name: 'FAROL_BRANCHES_ASKED', Type: 'PLAINTEXT', Value: 'main stable/1.x' },
        { Name: 'FAROL_TARGETS', Type: 'PLAINTEXT', Value: 'web/one web/two web/three' },
      ]),
    });
    const role = JSON.stringify(resources(given, 'AWS::IAM::Role'));
    expect(role).toContain('"dynamodb:LeadingKeys":["TARGET#web/one","TARGET#web/two","TARGET#web/three"]');
    expect(JSON.stringify(stages[1]?.Actions[0]?.Configuration)).toContain('#{codepipeline.PipelineExecutionId}');
  });

  test('is built on the base that the application’s Dockerfile names, by its digest', () => {
    const base = /^ARG BASE=(.+)$/m.exec(readFileSync(join(ROOT, 'django/Dockerfile'), 'utf8'))?.[1] ?? '';
    expect(base).toMatch(/@sha256:[0-9a-f]{64}$/);
    expect(readFileSync(join(ROOT, 'buildspec.yml'), 'utf8')).toContain(`    BASE: ${base}\n`);
  });

  test('only its project may take its role', () => {
    template.hasResourceProperties('AWS::IAM::Role', {
      AssumeRolePolicyDocument: {
        Statement: [
          {
            Principal: { Service: 'codebuild.amazonaws.com' },
            Condition: {
              StringEquals: { 'aws:SourceAccount': ACCOUNT },
              ArnLike: { 'aws:SourceArn': `arn:aws:codebuild:us-east-1:${ACCOUNT}:project/web-build` },
            },
          },
        ],
      },
    });
  });

  test('pushes to its own repository and may delete nothing', () => {
    const text = JSON.stringify(resources(template, 'AWS::IAM::Role'));
    expect(text).toContain(`arn:aws:ecr:us-east-1:${ACCOUNT}:repository/web`);
    expect(text).not.toMatch(/"(ecr|s3):[^"]*(Delete|\*)/);
  });
});

describe('who puts images into the repository', () => {
  const [repository] = Object.values(resources(templateOf(templates, 'web-repository'), 'AWS::ECR::Repository'));
  const Policy = z.object({
    Version: z.string(),
    Statement: z.array(
      // A repository's policy names no resource: it is of the repository.
      z.looseObject({ Principal: z.unknown() }).transform(({ Principal, ...statement }) => ({
        Principal,
        statement: { ...statement, Resource: '*' },
      })),
    ),
  });
  const { Version, Statement } = Policy.parse(repository?.Properties['RepositoryPolicyText']);
  const policy = parsePolicy({ Version, Statement: Statement.map(({ statement }) => statement) });
  /** What IAM says to somebody who has every right on ECR. */
  const mayPut = (principal: string, action: string): boolean =>
    evaluate([{ effect: 'Allow', actions: ['*'], resources: ['*'], conditions: {} }, ...policy], {
      action,
      resource: `arn:aws:ecr:us-east-1:${ACCOUNT}:repository/web`,
      context: { 'aws:PrincipalArn': principal },
    }).allowed;
  const role = (name: string) => `arn:aws:iam::${ACCOUNT}:role/${name}`;
  const PUSH = ['ecr:PutImage', 'ecr:InitiateLayerUpload', 'ecr:UploadLayerPart', 'ecr:CompleteLayerUpload'];

  test('everybody is meant', () => {
    expect(Statement.map(({ Principal }) => Principal)).toEqual([{ AWS: '*' }]);
  });

  test('the role that the build has', () => {
    const [name] = Object.values(resources(template, 'AWS::IAM::Role')).flatMap(({ Properties }) =>
      JSON.stringify(Properties['AssumeRolePolicyDocument']).includes('codebuild') ? [Properties['RoleName']] : [],
    );
    for (const action of PUSH) expect(mayPut(role(String(name)), action), action).toBe(true);
  });

  test.each([
    ['an administrator', role('Admin')],
    ['the root user', `arn:aws:iam::${ACCOUNT}:root`],
    ['a user', `arn:aws:iam::${ACCOUNT}:user/ana`],
    ['the build of another application', role('farol-shop-build-us-east-1')],
    ['a role whose name goes on', role('farol-web-build-us-east-1-2')],
    ['that role in another account', 'arn:aws:iam::999999999999:role/farol-web-build-us-east-1'],
    ['the pipeline', role('web-pipeline-ReleaseRole')],
  ])('not %s, who may still read', (_who, principal) => {
    for (const action of PUSH) expect(mayPut(principal, action), action).toBe(false);
    for (const action of ['ecr:BatchGetImage', 'ecr:DescribeImages', 'ecr:BatchDeleteImage'])
      expect(mayPut(principal, action), action).toBe(true);
  });

  test('and a tag keeps its image', () => {
    expect(repository?.Properties).toMatchObject({
      ImageTagMutability: 'IMMUTABLE',
      ImageScanningConfiguration: { ScanOnPush: true },
    });
  });
});

describe('an environment without pipelines', () => {
  const without = synthesized({ ...environmentsIn(), pipelines: [] });

  test('has neither pipeline nor anybody who answers one', () => {
    expect(Object.keys(without)).not.toContain('web-pipeline');
    const names = Object.values(resources(templateOf(without, ORCHESTRATOR.stack), 'AWS::Lambda::Function')).map(
      ({ Properties }) => Properties['FunctionName'],
    );
    expect(names).not.toContain(functionName('answer-pipeline'));
    expect(names).toContain(functionName('reconcile'));
  });
});

test('the pipeline is told by the event of its waiting and by the deployment’s end', () => {
  const orchestrator = templateOf(templates, ORCHESTRATOR.stack);
  orchestrator.hasResourceProperties('AWS::Events::Rule', {
    EventPattern: {
      source: ['aws.codepipeline'],
      'detail-type': ['CodePipeline Action Execution State Change'],
      detail: { pipeline: [pipelineName('web')], state: ['STARTED'], type: { category: ['Approval'] } },
    },
  });
  orchestrator.hasResourceProperties('AWS::Events::Rule', {
    EventPattern: {
      source: ['aws.states'],
      detail: { status: ['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED'] },
    },
  });
});
