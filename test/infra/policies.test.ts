import { describe, expect, test } from 'vitest';
import production, { starter } from '../../infra/environments/environments.ts';
import local from '../../local/environments.ts';
import { evaluate } from '../iam/evaluate.ts';
import type { Statement } from '../iam/policy.ts';
import { complaintsAbout, type Exception } from '../iam/reference.ts';
import { rolesOf } from '../iam/roles.ts';
import { readTemplate } from '../iam/template.ts';
import { ACCOUNT, synthesized } from './synthesized.ts';

/** Rights that are wider than what they are for. Each must be needed. */
const EXCEPTIONS: readonly Exception[] = [
  ...['PutMetricAlarm', 'DescribeAlarms', 'DeleteAlarms'].map((action) => ({
    action: `cloudwatch:${action}`,
    resource: '*',
    reason:
      'Application Auto Scaling makes the call without an alarm’s name, to see whether who sets up a scaling policy may ("Permissions validation for Application Auto Scaling API calls on target resources").',
  })),
  {
    action: 'cloudwatch:GetMetricData',
    resource: '*',
    reason: 'The one resource that it takes is a dataset of OTLP metrics; metrics of AWS services are in none.',
  },
  {
    action: 'ecs:ListTasks',
    resource: '*',
    reason: 'What it takes is a container instance, of which Fargate has none; ecs:cluster limits it.',
  },
  ...['RegisterScalableTarget', 'PutScalingPolicy', 'DeregisterScalableTarget'].map((action) => ({
    action: `application-autoscaling:${action}`,
    resource: 'scalable-target/*',
    reason: 'A scalable target’s ARN ends in an id that AWS draws; the service namespace limits it to ECS services.',
  })),
  ...['CreateNetworkInterface', 'DeleteNetworkInterface', 'AssignPrivateIpAddresses', 'UnassignPrivateIpAddresses'].map(
    (action) => ({
      action: `ec2:${action}`,
      resource: '*',
      reason:
        'Lambda puts a function into a network with its role, by interfaces that do not exist yet; the function’s own code is denied it ("Giving Lambda functions access to resources in an Amazon VPC").',
    }),
  ),
  ...['BatchGetImage', 'GetDownloadUrlForLayer', 'DescribeImageScanFindings', 'DescribeImages'].map((action) => ({
    action: `ecr:${action}`,
    resource: 'repository/*',
    reason:
      'Repositories have the names of applications, of which there may be hundreds; the tag of what Farol’s stacks make limits it.',
  })),
  ...['migrate', 'plan', 'web'].flatMap((kind) =>
    ['RegisterTaskDefinition', 'TagResource'].flatMap((action) =>
      ['starter', 'production'].map((environment) => ({
        action: `ecs:${action}`,
        resource: `task-definition/web-${environment}-${kind}`,
        reason:
          'The revision is drawn by the call itself, and the reference does not say what is asked for in its place.',
      })),
    ),
  ),
];

const needed = new Set<Exception>();
const PLACE = { account: ACCOUNT, region: 'us-east-1' };
const inAccount = <T extends { orchestrator: object }>(environments: T) => ({
  ...environments,
  orchestrator: { ...environments.orchestrator, account: ACCOUNT },
});
const TEMPLATES = Object.entries({ production, starter, local }).flatMap(([profile, environments]) =>
  Object.entries(synthesized(inAccount(environments))).map(([stack, template]) => ({
    profile,
    stack,
    template: readTemplate(template.toJSON(), PLACE),
  })),
);
const ROLES = TEMPLATES.flatMap(({ profile, stack, template }) =>
  rolesOf(template).map((role) => ({
    profile,
    // Without the hash that CDK puts behind a logical id.
    name: `${stack}/${role.id.replace(/[0-9A-F]{8}$/, '')}`,
    role,
  })),
);

describe('by the Service Authorization Reference', () => {
  test.each(ROLES)(
    '$profile: $name names existing actions, what they are done to, and conditions that they know',
    async ({ role }) => {
      const complaints = await Promise.all(
        role.statements.map((statement) => complaintsAbout(statement, EXCEPTIONS, (each) => needed.add(each))),
      );
      expect(complaints.flat()).toEqual([]);
    },
  );

  test('there are roles at all', () => {
    expect(ROLES.length).toBeGreaterThan(50);
  });

  test('no exception stands without need', () => {
    expect(EXCEPTIONS.filter((each) => !needed.has(each))).toEqual([]);
  });
});

/** Statements that allow an action, by role. */
function allowing(profile: string, action: RegExp): { name: string; statement: Statement }[] {
  return ROLES.filter((each) => each.profile === profile).flatMap(({ name, role }) =>
    role.statements
      .filter(({ effect, actions }) => effect === 'Allow' && actions.some((each) => action.test(each)))
      .map((statement) => ({ name, statement })),
  );
}

const orchestrator = (name: string): string => `farol-orchestrator/${name}FunctionRole`;

describe.each([
  ['production', 'web-production'],
  ['starter', 'web-starter'],
  ['local', 'web-production'],
])('of all roles of %s', (profile, slug) => {
  const whoMay = (action: RegExp): string[] =>
    [...new Set(allowing(profile, action).map(({ name }) => name))].toSorted();
  const removal = `${slug}-service/SlotRemovalRemoveRole`;
  /** A role of the target’s own, which functions take. */
  const ofTarget = (kind: string): string => `${slug}-service/FarolRoles${kind}`;

  test('only converge changes slots, and only their removal with the stack takes them away', () => {
    expect(whoMay(/^ecs:(Create|Update|Put|Deregister|Submit|Execute)/)).toEqual([ofTarget('Converge')]);
    expect(whoMay(/^elasticloadbalancing:(Create|Modify|Set|Add|Register|Deregister|Remove)/)).toEqual([
      ofTarget('Converge'),
    ]);
    expect(whoMay(/^application-autoscaling:(Register|Put|Tag)/)).toEqual([ofTarget('Converge')]);
    expect(whoMay(/^(ecs|elasticloadbalancing|application-autoscaling):(Delete|Deregister)/)).toEqual([
      ofTarget('Converge'),
      removal,
    ]);
  });

  test('only start-task runs tasks, and only who waits for them stops them', () => {
    expect(whoMay(/^ecs:(RunTask|StartTask)$/)).toEqual([ofTarget('StartTask')]);
    expect(whoMay(/^ecs:StopTask$/)).toEqual([ofTarget('CheckTask')]);
  });

  test('only who takes or finds an answer wakes a deployment that waits for people', () => {
    expect(whoMay(/^states:SendTask/)).toEqual(['AnswerApproval', 'AskApproval', 'Reconcile'].map(orchestrator));
  });

  test('roles are passed one by one, to ECS tasks', () => {
    expect(whoMay(/^iam:PassRole$/)).toEqual([ofTarget('Converge'), ofTarget('StartTask')]);
    for (const { statement } of allowing(profile, /^iam:PassRole$/)) {
      expect(statement.actions).toEqual(['iam:PassRole']);
      for (const resource of statement.resources) expect(resource).toMatch(/^arn:aws:iam::\d{12}:role\/farol-[\w-]+$/);
      expect(statement.conditions).toEqual({ StringEquals: { 'iam:PassedToService': ['ecs-tasks.amazonaws.com'] } });
    }
  });

  test('nobody changes rights, and nobody takes another role than a target’s, each its own kind', () => {
    const changing = /^iam:(?!PassRole$|GetRole$)/;
    expect(whoMay(changing)).toEqual([ofTarget('Converge')]);
    expect(allowing(profile, changing).flatMap(({ statement }) => statement.actions)).toEqual([
      'iam:CreateServiceLinkedRole',
    ]);
    expect(whoMay(/^iam:GetRole$/)).toEqual([orchestrator('AnswerApproval')]);
    expect(allowing(profile, /^iam:GetRole$/).flatMap(({ statement }) => statement.resources)).toEqual([
      `arn:aws:iam::${ACCOUNT}:role/aws-reserved/sso.amazonaws.com/*`,
    ]);
    expect(whoMay(/^(organizations|kms):/)).toEqual([]);
    expect(
      allowing(profile, /^sts:/).map(({ name, statement }) => [name, statement.actions, statement.resources]),
    ).toEqual(
      [
        ['Preflight', 'look'],
        ['PrepareDatabase', 'prepare-database'],
        ['StartTask', 'start-task'],
        ['CheckTask', 'check-task'],
        ['Converge', 'converge'],
        ['Smoke', 'smoke'],
        ['CheckStep', 'look'],
      ].map(([name = '', kind]) => [
        orchestrator(name),
        ['sts:AssumeRole'],
        [`arn:aws:iam::${ACCOUNT}:role/farol/targets/farol-*-${kind}-us-east-1`],
      ]),
    );
  });

  test('nobody silences an alarm', () => {
    const alarms = TEMPLATES.filter((each) => each.profile === profile).flatMap(({ template }) =>
      Object.entries(template.resources)
        .filter(([, { Type }]) => Type === 'AWS::CloudWatch::Alarm')
        .map(([id]) => String(template.resolve({ 'Fn::GetAtt': [id, 'Arn'] }))),
    );
    expect(alarms.length).toBeGreaterThan(0);
    const silenced = ROLES.filter((each) => each.profile === profile).flatMap(({ name, role }) =>
      ['PutMetricAlarm', 'DeleteAlarms', 'DisableAlarmActions', 'SetAlarmState'].flatMap((action) =>
        alarms
          .filter(
            (resource) => evaluate(role.statements, { action: `cloudwatch:${action}`, resource, context: {} }).allowed,
          )
          .map((alarm) => `${name}: ${action} of ${alarm}`),
      ),
    );
    expect(silenced).toEqual([]);
  });

  test('nobody at all changes or deletes an entry of the ledger', () => {
    const touched =
      /^dynamodb:(?!Query$|GetItem$|PutItem$|ConditionCheckItem$|\w+Streams?$|GetRecords$|GetShardIterator$)/;
    const able = allowing(profile, touched).filter(({ statement }) =>
      statement.resources.some((resource) => resource === '*' || resource.endsWith('-entries')),
    );
    expect(able).toEqual([]);
  });
});
