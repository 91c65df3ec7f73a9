import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { FUNCTIONS, type FunctionName, functionName, ORCHESTRATOR } from '../../infra/names.ts';
import { ACCOUNT, resources, Statement, synthesized, templateOf } from './synthesized.ts';

const template = templateOf(synthesized(), ORCHESTRATOR.stack);
const Role = z.looseObject({
  Policies: z.array(
    z.looseObject({ PolicyName: z.string(), PolicyDocument: z.looseObject({ Statement: z.unknown() }) }),
  ),
  Description: z.string(),
});
const roles = Object.values(resources(template, 'AWS::IAM::Role')).map(({ Properties }) => Role.parse(Properties));

/** The statements of a function's policy, its own log and traces apart. */
function statementsOf(name: FunctionName): Statement[] {
  const role = roles.find(({ Description }) => Description === `What ${functionName(name)} may do`);
  const work = role?.Policies.find(({ PolicyName }) => PolicyName === 'work');
  return z.array(Statement).parse(work?.PolicyDocument.Statement ?? []);
}

/** What a function may call an action on. */
function resourcesOf(name: FunctionName, action: string): string[] {
  return statementsOf(name).flatMap(({ Action, Resource }) => (Action.includes(action) ? Resource : []));
}

/** Functions that may call an action, in the order of {@link FUNCTIONS}. */
function whoMay(action: RegExp): FunctionName[] {
  return FUNCTIONS.filter((name) =>
    statementsOf(name).some(({ Effect, Action }) => Effect === 'Allow' && Action.some((one) => action.test(one))),
  );
}

describe('who may do what', () => {
  test('only converge changes slots', () => {
    expect(whoMay(/^ecs:(CreateService|UpdateService|DeleteService)$/)).toEqual(['converge']);
    expect(whoMay(/^elasticloadbalancing:(Create|Modify|Delete|Set|Add|Register|Deregister)/)).toEqual(['converge']);
    expect(whoMay(/^application-autoscaling:(Register|Put|Delete|Deregister|Tag)/)).toEqual(['converge']);
  });

  test('the report on targets only reads', () => {
    expect(statementsOf('report-targets').flatMap(({ Effect, Action }) => (Effect === 'Allow' ? Action : []))).toEqual([
      'dynamodb:GetItem',
      'ssm:GetParametersByPath',
    ]);
  });

  test('only start-task runs tasks', () => {
    expect(whoMay(/^ecs:(RunTask|StartTask)$/)).toEqual(['start-task']);
  });

  test('who registers a task definition registers only their own kinds', () => {
    expect(whoMay(/^ecs:RegisterTaskDefinition$/)).toEqual(['start-task', 'converge']);
    const register = 'ecs:RegisterTaskDefinition';
    const family = `arn:aws:ecs:us-east-1:${ACCOUNT}:task-definition/web-production`;
    expect(resourcesOf('start-task', register)).toEqual(
      ['migrate', 'plan'].flatMap((kind) => [`${family}-${kind}`, `${family}-${kind}:*`]),
    );
    expect(resourcesOf('converge', register)).toEqual([`${family}-web`, `${family}-web:*`]);
  });

  test('roles are passed by name, to ECS tasks alone, and none that serves to a migration', () => {
    expect(whoMay(/^iam:PassRole$/)).toEqual(['start-task', 'converge']);
    const role = `arn:aws:iam::${ACCOUNT}:role/farol-web-production`;
    expect(resourcesOf('start-task', 'iam:PassRole')).toEqual(
      ['execution', 'migration', 'plan', 'plan-execution'].map((kind) => `${role}-${kind}`),
    );
    expect(resourcesOf('converge', 'iam:PassRole')).toEqual([`${role}-execution`, `${role}-task`]);
    for (const name of ['start-task', 'converge'] as const)
      expect(statementsOf(name).find(({ Action }) => Action.includes('iam:PassRole'))?.Condition).toEqual({
        StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' },
      });
  });

  test('nobody takes away the task definition of a release that was deployed', () => {
    expect(whoMay(/^ecs:(Deregister|Delete)TaskDefinitions?$/)).toEqual([]);
  });

  test('deployments are started by those who hear of one', () => {
    expect(whoMay(/^states:StartExecution$/)).toEqual([
      'receive-push',
      'receive-settings',
      'start-deployment',
      'finish',
      'reconcile',
    ]);
    expect(whoMay(/^states:(Stop|Delete|Update|SendTaskFailure|SendTaskHeartbeat)/)).toEqual([]);
  });

  test('deployments that wait for people are woken by those who know the answer', () => {
    expect(whoMay(/^states:SendTaskSuccess$/)).toEqual(['ask-approval', 'answer-approval', 'reconcile']);
  });
});

test('targets’ own functions are called by those that need them, and no other function is', () => {
  expect(whoMay(/^lambda:/)).toEqual(['prepare-database', 'start-task', 'check-task', 'smoke']);
  for (const name of ['prepare-database', 'start-task', 'check-task'] as const)
    expect(resourcesOf(name, 'lambda:InvokeFunction')).toEqual([
      `arn:aws:lambda:us-east-1:${ACCOUNT}:function:farol-database-web-production`,
    ]);
  expect(resourcesOf('smoke', 'lambda:InvokeFunction')).toEqual([
    `arn:aws:lambda:us-east-1:${ACCOUNT}:function:farol-probe-web-production`,
  ]);
});

test('only one function answers pipelines, at the one action that waits for it', () => {
  expect(whoMay(/^codepipeline:/)).toEqual(['answer-pipeline']);
  expect(resourcesOf('answer-pipeline', 'codepipeline:PutApprovalResult')).toEqual([
    `arn:aws:codepipeline:us-east-1:${ACCOUNT}:web-release/Deployment/Farol`,
  ]);
  expect(whoMay(/^dynamodb:(Put|Update)Item$/)).not.toContain('answer-pipeline');
});

describe('the ledger', () => {
  test.each(FUNCTIONS)('%s cannot change or delete an entry of it', (name) => {
    expect(statementsOf(name)).toContainEqual({
      Effect: 'Deny',
      Action: ['dynamodb:DeleteItem', 'dynamodb:UpdateItem'],
      Resource: [`arn:aws:dynamodb:us-east-1:${ACCOUNT}:table/farol-ledger`],
      Condition: { 'ForAnyValue:StringLike': { 'dynamodb:LeadingKeys': ['LEDGER#*'] } },
    });
  });

  test('only what waits in the queue of a target is ever deleted, by those who start it', () => {
    expect(whoMay(/^dynamodb:DeleteItem$/)).toEqual(['finish', 'reconcile']);
    for (const name of ['finish', 'reconcile'] as const)
      expect(statementsOf(name)).toContainEqual(
        expect.objectContaining({
          Effect: 'Allow',
          Action: ['dynamodb:DeleteItem'],
          Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['TARGET#*'] } },
        }),
      );
  });

  test('nobody may write around the conditions', () => {
    expect(whoMay(/^dynamodb:(\*|PartiQL|BatchWrite|DeleteTable|UpdateTable|Import|Restore)/)).toEqual([]);
  });
});

describe.each(FUNCTIONS)('%s', (name) => {
  test('has a policy that IAM takes', () => {
    // IAM and STS quotas: inline policies of a role have 10,240 characters at most, white space apart.
    expect(JSON.stringify(statementsOf(name)).length).toBeLessThan(10_240);
  });
});
