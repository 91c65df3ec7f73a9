import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { TARGET_ROLES } from '#core/contract/target-roles.ts';
import production, { starter } from '../../infra/environments/environments.ts';
import { ASKED_BY_PEOPLE, FUNCTIONS, functionName, ORCHESTRATOR } from '../../infra/names.ts';
import { arnParts } from '../iam/pattern.ts';
import { rolesOf, targetRoles } from '../iam/roles.ts';
import { readTemplate } from '../iam/template.ts';
import { ACCOUNT, synthesized } from './synthesized.ts';

/** Services that say for whose resource they take a role, and where AWS writes so. */
const SAY_FOR_WHOM: Readonly<Record<string, string>> = {
  'states.amazonaws.com': 'Step Functions Developer Guide, "Creating an IAM role for your state machine"',
  'codebuild.amazonaws.com': 'CodeBuild User Guide, "Cross-service confused deputy prevention"',
  'ecs-tasks.amazonaws.com': 'ECS Developer Guide, "Amazon ECS task IAM role": any cluster of the account',
  'vpc-flow-logs.amazonaws.com': 'VPC User Guide, "IAM role for publishing flow logs to CloudWatch Logs"',
};
/** Those of which AWS does not write it: with the condition, they could not take the role at all. */
const SAY_NOTHING: Readonly<Record<string, string>> = {
  'lambda.amazonaws.com':
    'Lambda Developer Guide, "Using source function ARN": aws:SourceArn is only for policies of functions that are called.',
  'codepipeline.amazonaws.com':
    'CodePipeline User Guide, "Create the CodePipeline service role": the trust policy has no condition.',
};

const PLACE = { account: ACCOUNT, region: 'us-east-1' };
const inAccount = (environments: typeof starter) => ({
  ...environments,
  orchestrator: { ...environments.orchestrator, account: ACCOUNT },
});
const TEMPLATES = Object.entries({ production, starter }).flatMap(([profile, environments]) =>
  Object.entries(synthesized(inAccount(environments))).map(([stack, template]) => ({
    where: `${profile}: ${stack}`,
    template: readTemplate(template.toJSON(), PLACE),
  })),
);

describe('who may take a role', () => {
  const ofTargets = new Set(
    TEMPLATES.flatMap(({ template }) => [...targetRoles(template).values()].map(({ arn }) => arn)),
  );
  const trusts = TEMPLATES.flatMap(({ where, template }) =>
    rolesOf(template)
      .filter(({ id }) => !ofTargets.has(String(template.resolve({ 'Fn::GetAtt': [id, 'Arn'] }))))
      .flatMap(({ id, trust }) =>
        trust.map(({ Action, Principal, Condition }) => ({
          name: `${where}/${id}`,
          actions: Action,
          service: z.strictObject({ Service: z.tuple([z.string()]) }).parse(Principal).Service[0],
          condition: Condition,
        })),
      ),
  );

  test.each(trusts)('$name: one service that was looked up', ({ actions, service }) => {
    expect(actions).toEqual(['sts:AssumeRole']);
    expect(Object.keys({ ...SAY_FOR_WHOM, ...SAY_NOTHING }), 'does it send aws:SourceArn?').toContain(service);
  });

  test.each(trusts.filter(({ service }) => service in SAY_FOR_WHOM))(
    '$name: for a resource of this account',
    ({ condition }) => {
      expect(Object.keys(condition).toSorted()).toEqual(['ArnLike', 'StringEquals']);
      expect(condition['StringEquals']).toEqual({ 'aws:SourceAccount': [ACCOUNT] });
      const [source = ''] = condition['ArnLike']?.['aws:SourceArn'] ?? [];
      expect(arnParts(source).slice(3, 5)).toEqual(['us-east-1', ACCOUNT]);
    },
  );

  test.each(trusts.filter(({ service }) => service in SAY_NOTHING))(
    '$name: under no condition that is never met',
    ({ condition }) => {
      expect(condition).toEqual({});
    },
  );

  test.each(
    TEMPLATES.flatMap(({ where, template }) =>
      [...targetRoles(template)].map(([name, role]) => ({ name: `${where}/${name}`, role, template })),
    ),
  )('$name: the functions that it is for, by their roles, and nobody else', ({ name, role: { arn }, template }) => {
    const trust = rolesOf(template).find(({ id }) => template.resolve({ 'Fn::GetAtt': [id, 'Arn'] }) === arn)?.trust;
    const [, takers = []] = Object.entries(TARGET_ROLES).find(([kind]) => name.endsWith(`-${kind}-us-east-1`)) ?? [];
    expect(takers).not.toEqual([]);
    expect(trust).toEqual([
      {
        Effect: 'Allow',
        Action: ['sts:AssumeRole'],
        Principal: { AWS: [`arn:aws:iam::${ACCOUNT}:root`] },
        Condition: {
          ArnEquals: {
            'aws:PrincipalArn': takers.map((taker) => `arn:aws:iam::${ACCOUNT}:role/farol-${taker}-us-east-1`),
          },
        },
      },
    ]);
  });

  test('no service is listed without need', () => {
    const services = new Set(trusts.map(({ service }) => service));
    expect([...Object.keys(SAY_FOR_WHOM), ...Object.keys(SAY_NOTHING)].filter((each) => !services.has(each))).toEqual(
      [],
    );
  });
});

const Policy = z.looseObject({
  Statement: z.array(
    z.looseObject({
      Effect: z.enum(['Allow', 'Deny']),
      Principal: z.unknown(),
      Condition: z.record(z.string(), z.record(z.string(), z.unknown())).default({}),
    }),
  ),
});

describe('what a service may do to a resource', () => {
  const statements = TEMPLATES.flatMap(({ where, template }) =>
    Object.entries(template.resources).flatMap(([id, { Type, Properties }]) => {
      const document = Properties['PolicyDocument'] ?? Properties['KeyPolicy'] ?? Properties['ResourcePolicy'];
      if (document === undefined || Type.startsWith('AWS::IAM::')) return [];
      return Policy.parse(template.resolve(document)).Statement.map((statement, index) => ({
        name: `${where}/${id} ${index}`,
        statement,
      }));
    }),
  );

  const allowing = statements.filter(({ statement }) => statement.Effect === 'Allow');
  test.each(allowing)('$name: nobody but a service for this account’s own resources', ({ statement }) => {
    expect(statement.Principal).toEqual({ Service: expect.any(String) });
    const keys = Object.values(statement.Condition).flatMap((condition) => Object.keys(condition));
    expect(keys.filter((key) => ['aws:SourceArn', 'aws:SourceAccount'].includes(key))).not.toEqual([]);
  });

  test.each(['AWS::SNS::TopicPolicy', 'AWS::SQS::QueuePolicy', 'AWS::S3::BucketPolicy'])(
    '%s refuses what is not encrypted on its way',
    (type) => {
      const policies = TEMPLATES.flatMap(({ template }) =>
        Object.values(template.resources).filter(({ Type }) => Type === type),
      );
      expect(policies.length).toBeGreaterThan(0);
      for (const { Properties } of policies)
        expect(Policy.parse(Properties['PolicyDocument']).Statement).toContainEqual(
          expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
        );
    },
  );

  const permissions = TEMPLATES.flatMap(({ where, template }) =>
    Object.entries(template.resources)
      .filter(([, { Type }]) => Type === 'AWS::Lambda::Permission')
      .map(([id, { Properties }]) => ({ name: `${where}/${id}`, permission: template.resolve(Properties) })),
  );

  test.each(permissions)('$name: one resource of one service calls the function', ({ permission }) => {
    const { Action, Principal, SourceArn } = z
      .looseObject({ Action: z.string(), Principal: z.string(), SourceArn: z.string() })
      .parse(permission);
    expect(Action).toBe('lambda:InvokeFunction');
    expect(Principal).toMatch(/^[\w-]+\.amazonaws\.com$/);
    expect(arnParts(SourceArn)[4]).toBe(ACCOUNT);
    expect(SourceArn).not.toContain('*');
  });

  test('only what people ask is reached from outside, and only with a signature that AWS verifies', () => {
    const asked = FUNCTIONS.filter((name) => name in ASKED_BY_PEOPLE).map(functionName);
    for (const { where, template } of TEMPLATES) {
      const urls = Object.values(template.resources).filter(({ Type }) => Type === 'AWS::Lambda::Url');
      const reached = urls.map(({ Properties }) => {
        expect(Properties, where).toMatchObject({ AuthType: 'AWS_IAM' });
        expect(Properties['Cors'], 'no page of another site may ask').toBeUndefined();
        return arnParts(String(template.resolve(Properties['TargetFunctionArn'])))
          .at(-1)
          ?.replace(/^function:/, '');
      });
      expect(reached, where).toEqual(where.includes(ORCHESTRATOR.stack) ? asked : []);
    }
  });
});
