import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { DATABASE, PROBE, REMOVE_SLOTS, targetNames } from '#core/contract/target-names.ts';
import { LEDGER_PARTS } from '../../functions/core/contract/ledger.ts';
import { STATE_FUNCTIONS } from '../../functions/core/contract/states.ts';
import { parseEnvironments } from '../../infra/environments/schema.ts';
import { FUNCTIONS, functionName, ORCHESTRATOR, substitutionName } from '../../infra/names.ts';
import { OrchestratorStack } from '../../infra/stacks/orchestrator-stack.ts';
import { inApp } from './in-app.ts';
import { ACCOUNT, context, environmentsIn, resources, sources, synthesized, templateOf } from './synthesized.ts';

const template = templateOf(synthesized(), ORCHESTRATOR.stack);
const stateMachineArn = `arn:aws:states:us-east-1:${ACCOUNT}:stateMachine:farol-release`;
const { definition } = sources;

const Reference = z.strictObject({ Ref: z.string() });
const LambdaFunction = z.looseObject({
  FunctionName: z.string(),
  Handler: z.string(),
  Role: z.strictObject({ 'Fn::GetAtt': z.tuple([z.string(), z.literal('Arn')]) }),
  Timeout: z.int(),
  Code: z.unknown(),
  Environment: z.strictObject({ Variables: z.record(z.string(), z.unknown()) }),
});

const functions = Object.values(resources(template, 'AWS::Lambda::Function')).map(({ Properties }) =>
  LambdaFunction.parse(Properties),
);
const logicalIds = Object.entries(resources(template, 'AWS::Lambda::Function')).map(
  ([id, { Properties }]): [string, string] => [id, LambdaFunction.parse(Properties).FunctionName],
);

describe('functions', () => {
  test('each folder with a handler is one function, apart from those that each target has', () => {
    const folders = readdirSync(sources.functionsDirectory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .filter(({ name }) => readdirSync(join(sources.functionsDirectory, name)).includes('handler.ts'))
      .map(({ name }) => name);
    expect(folders.toSorted()).toEqual([...FUNCTIONS, DATABASE, PROBE, REMOVE_SLOTS].toSorted());
    expect(functions.map(({ FunctionName }) => FunctionName).toSorted()).toEqual(
      FUNCTIONS.map(functionName).toSorted(),
    );
  });

  test('share one asset, and have each a handler and a role of their own', () => {
    expect(new Set(functions.map(({ Code }) => JSON.stringify(Code))).size).toBe(1);
    expect(new Set(functions.map(({ Role }) => Role['Fn::GetAtt'][0])).size).toBe(functions.length);
    for (const { FunctionName, Handler } of functions)
      expect(Handler).toBe(`${FunctionName.slice('farol-'.length)}/handler.handler`);
  });

  test('sign their calls with their name', () => {
    for (const { FunctionName, Environment } of functions)
      expect(Environment.Variables).toMatchObject({
        AWS_SDK_UA_APP_ID: FunctionName,
        POWERTOOLS_SERVICE_NAME: 'farol',
      });
  });

  test('have a log group that forgets', () => {
    for (const { FunctionName } of functions)
      template.hasResourceProperties('AWS::Logs::LogGroup', {
        LogGroupName: `/aws/lambda/${FunctionName}`,
        RetentionInDays: environmentsIn().orchestrator.logRetention,
      });
  });

  test('give up before their state does', () => {
    const State = z.looseObject({
      TimeoutSeconds: z.int().optional(),
      Arguments: z.looseObject({ FunctionName: z.string() }).optional().catch(undefined),
    });
    const states: z.infer<typeof State>[] = [];
    JSON.parse(definition, (_key, value: unknown) => {
      const state = State.safeParse(value);
      if (state.success && state.data.Arguments !== undefined) states.push(state.data);
      return value;
    });
    expect(states.length).toBeGreaterThan(Object.keys(STATE_FUNCTIONS).length);
    for (const { Arguments, TimeoutSeconds = 0 } of states) {
      const called = FUNCTIONS.find((name) => Arguments?.FunctionName === `\${${substitutionName(name)}}`);
      const made = functions.find(({ FunctionName }) => called && FunctionName === functionName(called));
      expect(made?.Timeout, Arguments?.FunctionName).toBeLessThan(TimeoutSeconds);
    }
  });
});

describe('state machine', () => {
  const [machine] = Object.values(resources(template, 'AWS::StepFunctions::StateMachine'));
  const substitutions = z.record(z.string(), Reference).parse(machine?.Properties['DefinitionSubstitutions']);

  test('is the file, word for word', () => {
    expect(machine?.Properties['DefinitionString']).toBe(definition);
  });

  test('every ${X} stands for a published version of the function of that name', () => {
    const used = new Set([...definition.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name));
    expect(new Set(Object.keys(substitutions))).toEqual(used);
    const versions = resources(template, 'AWS::Lambda::Version');
    for (const name of FUNCTIONS.filter((one) => one in STATE_FUNCTIONS)) {
      const version = versions[substitutions[substitutionName(name)]?.Ref ?? ''];
      const { Ref } = Reference.parse(version?.Properties['FunctionName']);
      expect(new Map(logicalIds).get(Ref)).toBe(functionName(name));
      expect(version).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
    }
  });

  test('its role may call every version of what it names, and nothing else', () => {
    const role = template.findResources('AWS::IAM::Role', {
      Properties: { AssumeRolePolicyDocument: { Statement: [{ Principal: { Service: 'states.amazonaws.com' } }] } },
    });
    const text = JSON.stringify(role);
    const called = [...text.matchAll(/"Fn::GetAtt":\["(\w+)","Arn"\]\},":\*"/g)].map(([, id]) => id);
    const expected = Object.keys(STATE_FUNCTIONS).map((name) => `farol-${name}`);
    expect(new Set(called.map((id) => new Map(logicalIds).get(id ?? '')))).toEqual(new Set(expected));
  });

  test('only itself may take its role', () => {
    template.hasResourceProperties('AWS::IAM::Role', {
      AssumeRolePolicyDocument: {
        Statement: [
          {
            Principal: { Service: 'states.amazonaws.com' },
            Condition: {
              StringEquals: { 'aws:SourceAccount': ACCOUNT },
              ArnLike: { 'aws:SourceArn': stateMachineArn },
            },
          },
        ],
      },
    });
  });

  test('is logged without data, and traced', () => {
    template.hasResourceProperties('AWS::StepFunctions::StateMachine', {
      StateMachineName: 'farol-release',
      StateMachineType: 'STANDARD',
      LoggingConfiguration: { IncludeExecutionData: false, Level: 'ALL' },
      TracingConfiguration: { Enabled: true },
    });
  });
});

describe('events', () => {
  test('each rule tries for a day and keeps what it could not hand over', () => {
    const rules = Object.values(resources(template, 'AWS::Events::Rule'));
    expect(rules).toHaveLength(8);
    for (const { Properties } of rules)
      expect(Properties['Targets']).toEqual([
        expect.objectContaining({
          RetryPolicy: { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 },
          DeadLetterConfig: { Arn: { 'Fn::GetAtt': [expect.stringMatching(/^DeadLetters/), 'Arn'] } },
        }),
      ]);
  });

  test('pushes to the registry, changes of settings and ends of executions are heard', () => {
    template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: { source: ['aws.ecr'], 'detail-type': ['ECR Image Action'], detail: { 'action-type': ['PUSH'] } },
    });
    template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: {
        source: ['aws.states'],
        detail: { stateMachineArn: [stateMachineArn], status: ['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED'] },
      },
    });
    template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: {
        source: ['aws.ssm'],
        'detail-type': ['Parameter Store Change'],
        detail: { name: [{ prefix: '/farol/targets/' }], operation: ['Create', 'Update'] },
      },
    });
    template.hasResourceProperties('AWS::Events::Rule', { ScheduleExpression: 'rate(5 minutes)' });
  });

  test('what a function fails at is kept', () => {
    const configs = Object.values(resources(template, 'AWS::Lambda::EventInvokeConfig'));
    // The next report is a minute away: none is repeated, and none is kept.
    const kept = configs.filter(({ Properties }) => Properties['MaximumRetryAttempts'] !== 0);
    expect(configs).toHaveLength(5);
    expect(kept).toHaveLength(4);
    for (const { Properties } of kept)
      expect(Properties).toMatchObject({
        DestinationConfig: {
          OnFailure: { Destination: { 'Fn::GetAtt': [expect.stringMatching(/^DeadLetters/), 'Arn'] } },
        },
      });
  });
});

describe('ledger', () => {
  test.each(LEDGER_PARTS)('%s can be restored, and are not deleted by mistake', (part) => {
    template.hasResource('AWS::DynamoDB::GlobalTable', {
      DeletionPolicy: 'Retain',
      Properties: {
        TableName: `farol-ledger-${part}`,
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
        // A caller that may put an item could have it deleted.
        TimeToLiveSpecification: Match.absent(),
        Replicas: [
          {
            DeletionProtectionEnabled: true,
            PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
          },
        ],
      },
    });
  });

  test('can be given up where the setting says so', () => {
    const environments = environmentsIn();
    const given = synthesized({
      ...environments,
      orchestrator: { ...environments.orchestrator, deletionProtection: false },
    });
    const tables = Object.values(resources(templateOf(given, ORCHESTRATOR.stack), 'AWS::DynamoDB::GlobalTable'));
    expect(tables).toHaveLength(LEDGER_PARTS.length);
    for (const table of tables)
      expect(table).toMatchObject({
        DeletionPolicy: 'Delete',
        Properties: { Replicas: [expect.objectContaining({ DeletionProtectionEnabled: false })] },
      });
  });
});

/** The orchestrator's template for so many targets, each of an application of its own. */
function servingTargets(count: number): Template {
  const { targets, pipelines, ...rest } = environmentsIn();
  const [target] = targets;
  const [pipeline] = pipelines;
  if (target === undefined || pipeline === undefined) throw new TypeError('no target, or no pipeline');
  const apps = Array.from({ length: count }, (_, i) => `app-${i}`);
  const environments = parseEnvironments({
    ...rest,
    targets: apps.map((app) => ({ ...target, app })),
    pipelines: apps.map((app) => ({ ...pipeline, app })),
  });
  const env = { account: ACCOUNT, region: 'us-east-1' };
  return inApp(context, (app) =>
    Template.fromStack(new OrchestratorStack(app, ORCHESTRATOR.stack, { env, environments, ...sources })),
  );
}

describe('with 300 targets of 300 applications', () => {
  const [one, many] = [servingTargets(1), servingTargets(300)];

  test('the orchestrator has the rights that it has with one', () => {
    expect(resources(many, 'AWS::IAM::Role')).toEqual(resources(one, 'AWS::IAM::Role'));
    expect(resources(many, 'AWS::IAM::ManagedPolicy')).toEqual(resources(one, 'AWS::IAM::ManagedPolicy'));
  });

  test('its template stays within the bounds of CloudFormation, and its policies within those of IAM', () => {
    // CloudFormation User Guide, "Understand CloudFormation quotas": 500 resources, a template of 1 MB.
    expect(Object.keys(resources(many)).length).toBeLessThan(500);
    expect(JSON.stringify(many.toJSON()).length).toBeLessThan(1_000_000);
    // IAM User Guide, "IAM and AWS STS quotas": all inline policies of a role together, white space apart.
    for (const { Properties } of Object.values(resources(many, 'AWS::IAM::Role')))
      expect(JSON.stringify(Properties['Policies'] ?? []).length).toBeLessThan(10_240);
  });
});

test('a target’s own roles are within the bounds of IAM, with the longest names', () => {
  const { targets, orchestrator } = environmentsIn();
  const longest = { ...targets[0], app: 'a'.repeat(20), environment: 'b'.repeat(5) };
  const template = templateOf(
    synthesized({ orchestrator, pipelines: [], targets: [longest] }),
    targetNames(longest.app, longest.environment).stack,
  );
  for (const { Properties } of Object.values(resources(template, 'AWS::IAM::Role'))) {
    expect(JSON.stringify(Properties['Policies'] ?? []).length).toBeLessThan(10_240);
    // IAM API Reference, CreateRole.
    expect(z.string().default('').parse(Properties['RoleName']).length).toBeLessThanOrEqual(64);
  }
});
