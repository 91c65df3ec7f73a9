import type { CallRecord } from '@farol/local-aws/gateway/record.ts';
import { describe, expect, test } from 'vitest';
import { targetNames, taskRoleNames } from '#core/contract/target-names.ts';
import { TARGET_ROLE_KINDS, type TargetRole } from '#core/contract/target-roles.ts';
import { type FunctionRoles, judge, rolesIn } from '../iam/recorded.ts';
import type { FunctionRole, TakenRole } from '../iam/roles.ts';
import { readTemplate } from '../iam/template.ts';
import { ACCOUNT, synthesized } from './synthesized.ts';

const PLACE = { account: ACCOUNT, region: 'us-east-1' };
const ROLES: FunctionRoles = rolesIn(
  Object.values(synthesized()).map((template) => readTemplate(template.toJSON(), PLACE)),
);
const NAMES = targetNames('web', 'production');
const TASK_ROLES = taskRoleNames('web', 'production', 'us-east-1');
const arn = (service: string, rest: string): string => `arn:aws:${service}:us-east-1:${ACCOUNT}:${rest}`;
const role = (name: string): string => `arn:aws:iam::${ACCOUNT}:role/${name}`;
const key = (pk: string) => ({ pk: { S: pk }, sk: { S: 'x' } });

type Made = Pick<CallRecord, 'caller' | 'service' | 'operation' | 'params'> & {
  readonly response?: CallRecord['response'];
};
/** Calls that a function makes with its own role, whatever role of a target it takes besides. */
const OWN = ['dynamodb', 'ssm', 'codebuild', 'sts'];
function call(made: Made): CallRecord {
  const kind = TARGET_ROLE_KINDS.find((one) => made.caller === `farol-${one}`);
  return {
    at: '2026-01-01T00:00:00.000Z',
    agent: '',
    ...(kind !== undefined && !OWN.includes(made.service) && { session: session(kind) }),
    status: 200,
    ms: 1,
    response: null,
    ...made,
  };
}

/** The session of a role of the target. */
function session(kind: TargetRole, target = 'web-production'): string {
  return `arn:aws:sts::${ACCOUNT}:assumed-role/farol-${target}-${kind}-us-east-1/farol-${kind}`;
}

/** A task definition as its function registers it, under the revision that ECS drew. */
function registered(caller: string, kind: string, taskRole: string): CallRecord {
  return call({
    caller,
    service: 'ecs',
    operation: 'RegisterTaskDefinition',
    params: {
      family: `${NAMES.slug}-${kind}`,
      executionRoleArn: role(TASK_ROLES.execution),
      taskRoleArn: role(taskRole),
      tags: [{ key: 'a', value: 'b' }],
    },
    response: { taskDefinition: { taskDefinitionArn: arn('ecs', `task-definition/${NAMES.slug}-${kind}:7`) } },
  });
}
const REGISTERED = [
  registered('farol-start-task', 'migrate', TASK_ROLES.migration),
  registered('farol-converge', 'web', TASK_ROLES.task),
];
const LISTENER = arn('elasticloadbalancing', `listener/app/${NAMES.slug}/0123456789abcdef/0123456789abcdef`);
const SCALED = {
  ServiceNamespace: 'ecs',
  ResourceId: `service/${NAMES.slug}/${NAMES.slug}-blue`,
  ScalableDimension: 'ecs:service:DesiredCount',
};

const CALLS = {
  runTask: call({
    caller: 'farol-start-task',
    service: 'ecs',
    operation: 'RunTask',
    params: {
      cluster: NAMES.slug,
      taskDefinition: arn('ecs', `task-definition/${NAMES.slug}-migrate:7`),
      propagateTags: 'TASK_DEFINITION',
    },
  }),
  fillSlot: call({
    caller: 'farol-converge',
    service: 'ecs',
    operation: 'UpdateService',
    params: {
      cluster: NAMES.slug,
      service: `${NAMES.slug}-blue`,
      taskDefinition: arn('ecs', `task-definition/${NAMES.slug}-web:7`),
    },
  }),
  createRule: call({
    caller: 'farol-converge',
    service: 'elbv2',
    operation: 'CreateRule',
    params: { ListenerArn: LISTENER, Tags: [{ Key: 'a', Value: 'b' }] },
    response: { Rules: [{ RuleArn: `${LISTENER.replace('listener', 'listener-rule')}/0123456789abcdef` }] },
  }),
  setBounds: call({
    caller: 'farol-converge',
    service: 'application-autoscaling',
    operation: 'RegisterScalableTarget',
    params: SCALED,
  }),
  putPolicy: call({
    caller: 'farol-converge',
    service: 'application-autoscaling',
    operation: 'PutScalingPolicy',
    params: SCALED,
  }),
  dequeue: call({
    caller: 'farol-finish',
    service: 'dynamodb',
    operation: 'TransactWriteItems',
    params: { TransactItems: [{ Put: { TableName: 'farol-ledger-records', Item: key('TARGET#web/production') } }] },
  }),
  facts: call({
    caller: 'farol-start-task',
    service: 'dynamodb',
    operation: 'Query',
    params: {
      TableName: 'farol-ledger-facts',
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: { ':pk': { S: 'DEPLOYMENT#x' }, ':prefix': { S: 'FACT#' } },
    },
  }),
  targets: call({
    caller: 'farol-receive-push',
    service: 'ssm',
    operation: 'GetParametersByPath',
    params: { Path: '/farol/targets', Recursive: true },
  }),
  role: call({
    caller: 'farol-converge',
    service: 'sts',
    operation: 'AssumeRole',
    params: {
      RoleArn: role('farol/targets/farol-web-production-converge-us-east-1'),
      RoleSessionName: 'farol-converge',
    },
  }),
  builds: call({
    caller: 'farol-preflight',
    service: 'codebuild',
    operation: 'BatchGetBuilds',
    params: { ids: ['web-build:89a055d9'] },
  }),
  taskLogs: call({
    caller: 'farol-check-task',
    service: 'logs',
    operation: 'GetLogEvents',
    params: { logGroupName: NAMES.logGroup, logStreamName: 'farol/app/0123' },
  }),
  probe: call({
    caller: 'farol-smoke',
    service: 'lambda',
    operation: 'Invoke',
    params: { FunctionName: NAMES.probe },
  }),
  answer: call({
    caller: 'farol-answer-pipeline',
    service: 'codepipeline',
    operation: 'PutApprovalResult',
    params: { pipelineName: 'web-release', stageName: 'Deployment', actionName: 'Farol' },
  }),
  deleteService: call({
    caller: NAMES.removeSlots,
    service: 'ecs',
    operation: 'DeleteService',
    params: { cluster: NAMES.slug, service: `${NAMES.slug}-blue` },
  }),
} satisfies Record<string, CallRecord>;

function denied(calls: readonly CallRecord[], roles: FunctionRoles = ROLES): readonly string[] {
  return judge([...REGISTERED, ...calls], roles, PLACE).denied;
}

test('what the functions do is allowed by their synthesized policies', () => {
  expect(denied(Object.values(CALLS))).toEqual([]);
});

/** Roles, of which the one that made a call lacks the statements that allow an action. */
function without({ caller, session: by }: CallRecord, action: string): FunctionRoles {
  const lacking = <R extends FunctionRole | TakenRole>(roles: ReadonlyMap<string, R>, name: string) => {
    const had = roles.get(name);
    if (had === undefined) throw new TypeError(`no role of ${name}`);
    const statements = had.statements.filter(({ effect, actions }) => effect === 'Deny' || !actions.includes(action));
    expect(statements.length, `${name} has ${action}`).toBeLessThan(had.statements.length);
    return new Map([...roles, [name, { ...had, statements }]]);
  };
  return by === undefined
    ? { ...ROLES, functions: lacking(ROLES.functions, caller) }
    : { ...ROLES, taken: lacking(ROLES.taken, by.split('/')[1] ?? '') };
}

describe('each right is needed: without its statement the call is denied', () => {
  test.each([
    ['runTask', 'ecs:RunTask'],
    ['runTask', 'ecs:TagResource'],
    ['runTask', 'iam:PassRole'],
    ['fillSlot', 'ecs:UpdateService'],
    ['fillSlot', 'iam:PassRole'],
    ['createRule', 'elasticloadbalancing:CreateRule'],
    ['createRule', 'elasticloadbalancing:AddTags'],
    ['setBounds', 'application-autoscaling:RegisterScalableTarget'],
    ['setBounds', 'iam:CreateServiceLinkedRole'],
    ['setBounds', 'ecs:DescribeServices'],
    ['putPolicy', 'application-autoscaling:PutScalingPolicy'],
    ['putPolicy', 'cloudwatch:PutMetricAlarm'],
    ['dequeue', 'dynamodb:PutItem'],
    ['facts', 'dynamodb:Query'],
    ['targets', 'ssm:GetParametersByPath'],
    ['role', 'sts:AssumeRole'],
    ['builds', 'codebuild:BatchGetBuilds'],
    ['taskLogs', 'logs:GetLogEvents'],
    ['probe', 'lambda:InvokeFunction'],
    ['answer', 'codepipeline:PutApprovalResult'],
    ['deleteService', 'ecs:DeleteService'],
  ] as const)('%s without %s', (name, action) => {
    const made = CALLS[name];
    expect(denied([made], without(made, action))).toContainEqual(
      expect.stringContaining(`${made.caller} called ${made.service} ${made.operation}, which asks for ${action} on `),
    );
  });
});

describe('what no function may do is denied', () => {
  const changed = (made: CallRecord, params: CallRecord['params']): CallRecord => ({
    ...made,
    params: { ...made.params, ...params },
  });

  const ownRole = ({
    at,
    caller,
    agent,
    service,
    operation,
    params,
    status,
    response,
    ms,
  }: CallRecord): CallRecord => ({ at, caller, agent, service, operation, params, status, response, ms });

  test.each<[string, CallRecord]>([
    ['smoke moves traffic', { ...CALLS.createRule, caller: 'farol-smoke', session: session('smoke') }],
    ['smoke moves traffic by the role of another function', { ...CALLS.createRule, caller: 'farol-smoke' }],
    ['converge moves traffic by its own role', ownRole(CALLS.createRule)],
    ['converge runs a task', { ...CALLS.runTask, caller: 'farol-converge', session: session('converge') }],
    ['smoke asks for the role of another function', { ...CALLS.role, caller: 'farol-smoke' }],
    [
      'converge asks for the role of a target that nobody has made',
      changed(CALLS.role, { RoleArn: role('farol/targets/farol-api-production-converge-us-east-1') }),
    ],
    [
      'converge asks for a role that is no target’s',
      changed(CALLS.role, { RoleArn: role('farol-web-production-converge-us-east-1') }),
    ],
    ['converge asks for the role of an administrator', changed(CALLS.role, { RoleArn: role('Admin') })],
    [
      'a role of a target that nobody has made is used',
      { ...CALLS.fillSlot, session: session('converge', 'api-production') },
    ],
    ['start-task runs one in another cluster', changed(CALLS.runTask, { cluster: 'api-production' })],
    ['start-task registers what serves', registered('farol-start-task', 'web', TASK_ROLES.migration)],
    ['start-task passes the role that serves', registered('farol-start-task', 'migrate', TASK_ROLES.task)],
    [
      'converge fills the slot of another target',
      changed(CALLS.fillSlot, { service: arn('ecs', 'service/api-production/api-production-blue') }),
    ],
    [
      'converge changes another load balancer',
      changed(CALLS.createRule, { ListenerArn: LISTENER.replace(`app/${NAMES.slug}`, 'app/api-production') }),
    ],
    ...(['Delete', 'Update'] as const).map((kind): [string, CallRecord] => [
      `finish makes an entry of the ledger undone: ${kind}`,
      changed(CALLS.dequeue, {
        TransactItems: [{ [kind]: { TableName: 'farol-ledger-entries', Key: key('LEDGER#web/production') } }],
      }),
    ]),
    [
      'finish deletes a record',
      changed(CALLS.dequeue, {
        TransactItems: [{ Delete: { TableName: 'farol-ledger-records', Key: key('DEPLOYMENT#x') } }],
      }),
    ],
    ...(
      [
        ['smoke proves an approval', 'farol-smoke', 'approvals'],
        ['smoke makes itself the holder of a lock', 'farol-smoke', 'locks'],
        ['smoke says what is live', 'farol-smoke', 'heads'],
        ['start-task writes an intent', 'farol-start-task', 'changes'],
        ['an answer proves something else', 'farol-answer-approval', 'facts'],
      ] as const
    ).map(([what, caller, part]): [string, CallRecord] => [
      what,
      {
        ...changed(CALLS.dequeue, { TransactItems: [{ Put: { TableName: `farol-ledger-${part}`, Item: key('x') } }] }),
        caller,
      },
    ]),
    ['another table is read', changed(CALLS.facts, { TableName: 'another' })],
    ['a log of something else is read', changed(CALLS.taskLogs, { logGroupName: '/aws/lambda/farol-smoke' })],
    ['a caller that is no function', { ...CALLS.probe, caller: 'farol-nobody' }],
  ])('%s', (_what, made) => {
    expect(denied([made])).not.toEqual([]);
  });
});

describe('what nobody has looked up is an error', () => {
  test('an operation', () => {
    const made = { ...CALLS.runTask, operation: 'StartTask' };
    expect(() => denied([made])).toThrow('what ecs StartTask asks IAM for is not in test/iam/requests');
  });

  test('a task definition that no such task definition was registered', () => {
    expect(() => judge([CALLS.runTask], ROLES, PLACE)).toThrow('no such task definition was registered');
  });
});

test('rights that no call needs are listed', () => {
  const { unused } = judge([...REGISTERED, CALLS.runTask], ROLES, PLACE);
  expect(unused).toContainEqual(
    expect.stringMatching(/^farol-web-production-converge-us-east-1: elasticloadbalancing:CreateRule on /),
  );
  expect(unused).not.toContainEqual(
    expect.stringMatching(/^farol-web-production-start-task-us-east-1: ecs:RunTask on /),
  );
});
