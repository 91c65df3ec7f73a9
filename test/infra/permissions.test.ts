import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { LedgerPart } from '#core/contract/ledger.ts';
import { targetNames } from '#core/contract/target-names.ts';
import { TARGET_ROLE_KINDS, targetRoleName } from '#core/contract/target-roles.ts';
import { FUNCTIONS, type FunctionName, functionName, ORCHESTRATOR } from '../../infra/names.ts';
import { takersOf } from '../../infra/permissions/functions.ts';
import { ACCOUNT, resources, Statement, synthesized, templateOf } from './synthesized.ts';

const template = templateOf(synthesized(), ORCHESTRATOR.stack);
const Role = z.looseObject({
  Policies: z.array(
    z.looseObject({ PolicyName: z.string(), PolicyDocument: z.looseObject({ Statement: z.unknown() }) }),
  ),
  Description: z.string().optional(),
  RoleName: z.unknown().optional(),
});
const roles = Object.values(resources(template, 'AWS::IAM::Role')).map(({ Properties }) => Role.parse(Properties));

const service = templateOf(synthesized(), targetNames('web', 'production').stack);
const targetRoles = Object.values(resources(service, 'AWS::IAM::Role')).map(({ Properties }) => Role.parse(Properties));

/** The statements of a function's policy, its own log and traces apart, and of the role that it takes of a target. */
function statementsOf(name: FunctionName): Statement[] {
  const [kind] = TARGET_ROLE_KINDS.filter((one) => takersOf(one).includes(name));
  const has = [
    roles.find(({ Description }) => Description === `What ${functionName(name)} may do`),
    targetRoles.find(
      ({ RoleName }) => kind !== undefined && RoleName === targetRoleName('web/production', kind, 'us-east-1'),
    ),
  ];
  return has.flatMap((role) =>
    z
      .array(Statement)
      .parse(role?.Policies.find(({ PolicyName }) => PolicyName === 'work')?.PolicyDocument.Statement ?? []),
  );
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
      ['execution', 'migration', 'plan-execution', 'plan'].map((kind) => `${role}-${kind}-us-east-1`),
    );
    expect(resourcesOf('converge', 'iam:PassRole')).toEqual([`${role}-execution-us-east-1`, `${role}-task-us-east-1`]);
    for (const name of ['start-task', 'converge'] as const)
      expect(statementsOf(name).find(({ Action }) => Action.includes('iam:PassRole'))?.Condition).toEqual({
        StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' },
      });
  });

  test('nobody takes away the task definition of a release that was deployed', () => {
    expect(whoMay(/^ecs:(Deregister|Delete)TaskDefinitions?$/)).toEqual([]);
  });

  test('deployments are started by the receivers of its event, and by those that recover one that did not end', () => {
    expect(whoMay(/^states:StartExecution$/)).toEqual([
      'receive-push',
      'receive-settings',
      'start-deployment',
      'finish',
      'reconcile',
      'unfreeze',
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
    `arn:aws:codepipeline:us-east-1:${ACCOUNT}:*-release/Deployment/Farol`,
  ]);
  expect(whoMay(/^dynamodb:(Put|Update)Item$/)).not.toContain('answer-pipeline');
});

/** Functions that may write so to a part of the ledger. */
function writersOf(part: LedgerPart, action: RegExp): FunctionName[] {
  const table = `arn:aws:dynamodb:us-east-1:${ACCOUNT}:table/farol-ledger-${part}`;
  return FUNCTIONS.filter((name) =>
    statementsOf(name).some(
      ({ Action, Resource }) => Resource.includes(table) && Action.some((one) => action.test(one)),
    ),
  );
}

describe('the ledger', () => {
  test('nobody changes or deletes an entry, and nobody deletes anything', () => {
    expect(writersOf('entries', /^dynamodb:(?!Query$|PutItem$)/)).toEqual([]);
    expect(whoMay(/^dynamodb:(DeleteItem|BatchWriteItem)$/)).toEqual([]);
  });

  test('each part is written by those alone whose work it is', () => {
    const write = /^dynamodb:(Put|Update)Item$/;
    const approval: FunctionName[] = ['ask-approval', 'read-approval', 'answer-approval'];
    expect(writersOf('locks', write)).toEqual(['acquire-lock', 'finish']);
    expect(writersOf('heads', write)).toEqual(['converge', 'start-deployment', 'freeze', 'unfreeze']);
    expect(writersOf('approvals', write)).toEqual(approval);
    expect(writersOf('changes', write)).toEqual(['converge']);
    expect(writersOf('facts', write)).not.toContainEqual(
      expect.stringMatching(/approval|reconcile|receive|finish|unfreeze/),
    );
    expect(writersOf('records', write)).toEqual([
      'receive-push',
      'receive-settings',
      'acquire-lock',
      'preflight',
      'start-deployment',
      'finish',
      'reconcile',
    ]);
  });

  test('rights are on whole tables, by name: none rests on a condition', () => {
    for (const name of FUNCTIONS)
      for (const { Action, Resource, Condition } of statementsOf(name)) {
        // What the table of entries tells of is heard by its stream, by one function (below).
        if (name === 'anchor-entries' || !Action.some((one) => one.startsWith('dynamodb:'))) continue;
        expect(Condition, name).toBeUndefined();
        for (const one of Resource) expect(one, name).toMatch(/:table\/farol-ledger-[a-z]+$/);
      }
  });

  test('one function reads the stream of entries, it alone anchors them, and no function deletes an anchor', () => {
    const reads = /^dynamodb:(DescribeStream|GetRecords|GetShardIterator|ListStreams)$/;
    expect(whoMay(reads)).toEqual(['anchor-entries']);
    const anchors = `arn:aws:logs:us-east-1:${ACCOUNT}:log-group:/farol/ledger:*`;
    const writers = FUNCTIONS.filter((name) => statementsOf(name).some(({ Resource }) => Resource.includes(anchors)));
    expect(writers).toEqual(['anchor-entries']);
    expect(whoMay(/^logs:(?!CreateLogStream$|PutLogEvents$|GetLogEvents$)/)).toEqual([]);
    expect(
      statementsOf('anchor-entries')
        .flatMap(({ Action }) => Action)
        .filter((one) => one.startsWith('dynamodb:')),
    ).toEqual(expect.not.arrayContaining([expect.not.stringMatching(reads)]));
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
