import { describe, expect, test } from 'vitest';
import production, { starter } from '../../infra/environments.ts';
import local from '../../local/environments.ts';
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
  ...['bootstrap', 'migrate', 'plan', 'web'].flatMap((kind) =>
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
const ROLES = Object.entries({ production, starter, local }).flatMap(([profile, environments]) =>
  Object.entries(synthesized(inAccount(environments))).flatMap(([stack, template]) =>
    rolesOf(readTemplate(template.toJSON(), PLACE)).map((role) => ({ name: `${profile}: ${stack}/${role.id}`, role })),
  ),
);

describe('by the Service Authorization Reference', () => {
  test.each(ROLES)(
    '$name names existing actions, what they are done to, and conditions that they know',
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
