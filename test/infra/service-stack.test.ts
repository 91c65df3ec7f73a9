import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { ROLES_OF_A_TARGET } from '../../cli/deploy/quotas.ts';
import { ACCOUNT, environmentsIn, resources, Statement, synthesized, templateOf } from './synthesized.ts';

const templates = synthesized();
const template = templateOf(templates, 'web-production-service');
const [target] = environmentsIn().targets;

describe('slots belong to Farol', () => {
  test.each([
    'AWS::ECS::Service',
    'AWS::ECS::TaskSet',
    'AWS::ECS::TaskDefinition',
    'AWS::ElasticLoadBalancingV2::ListenerRule',
    'AWS::ApplicationAutoScaling::ScalableTarget',
    'AWS::ApplicationAutoScaling::ScalingPolicy',
  ])('no template holds %s', (type) => {
    for (const one of Object.values(templates)) one.resourceCountIs(type, 0);
  });
});

describe('load balancer', () => {
  test('is not open to the world', () => {
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::LoadBalancer', { Scheme: 'internal' });
  });

  test('answers 503 in production until Farol adds its rule', () => {
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::Listener', {
      Port: 80,
      DefaultActions: [
        Match.objectLike({ Type: 'fixed-response', FixedResponseConfig: Match.objectLike({ StatusCode: '503' }) }),
      ],
    });
  });

  test('has a preview listener for each slot', () => {
    const forwarding = Object.values(resources(template, 'AWS::ElasticLoadBalancingV2::Listener')).filter(
      ({ Properties }) => JSON.stringify(Properties).includes('"forward"'),
    );
    expect(new Set(forwarding.map(({ Properties }) => Properties['Port']))).toEqual(new Set([8081, 8082]));
  });

  test('its target groups leave to converge what settings say of health and drain', () => {
    const groups = Object.values(resources(template, 'AWS::ElasticLoadBalancingV2::TargetGroup'));
    expect(groups.map(({ Properties }) => Properties['Name'])).toEqual(['web-production-blue', 'web-production-green']);
    for (const { Properties } of groups)
      expect(Properties).toMatchObject({
        TargetType: 'ip',
        Port: 80,
        HealthCheckPath: '/',
        Matcher: { HttpCode: '200' },
        TargetGroupAttributes: [{ Key: 'stickiness.enabled', Value: 'false' }],
      });
  });
});

describe('network', () => {
  test('the database has no way out and accepts connections only from the application, its plans and Farol’s own function', () => {
    template.hasResourceProperties('AWS::RDS::DBInstance', {
      PubliclyAccessible: false,
      StorageEncrypted: true,
      DeletionProtection: true,
      MultiAZ: true,
    });
    const ingress = Object.values(resources(template, 'AWS::EC2::SecurityGroupIngress'));
    const toDatabase = ingress.filter(
      ({ Properties }) => Properties['ToPort'] === 5432 || Properties['Description'] === 'PostgreSQL',
    );
    const sources = toDatabase.map(({ Properties }) => JSON.stringify(Properties['SourceSecurityGroupId']));
    expect(sources.toSorted()).toEqual([
      expect.stringMatching(/DatabaseFunctionGroup/),
      expect.stringMatching(/PlanGroup/),
      expect.stringMatching(/TaskGroup/),
    ]);
  });

  test('only smoke checks reach the previews', () => {
    const ingress = Object.values(resources(template, 'AWS::EC2::SecurityGroupIngress')).filter(({ Properties }) =>
      [8081, 8082].includes(Number(Properties['FromPort'])),
    );
    expect(ingress).toHaveLength(2);
    for (const { Properties } of ingress)
      expect(Properties).toMatchObject({
        SourceSecurityGroupId: { 'Fn::GetAtt': [expect.stringMatching(/SmokeGroup/), 'GroupId'] },
      });
  });

  test('lies in the zones of the settings, without asking an account', () => {
    const zones = Object.values(resources(template, 'AWS::EC2::Subnet')).map(
      ({ Properties }) => Properties['AvailabilityZone'],
    );
    expect(new Set(zones)).toEqual(new Set(target?.network.zones));
    expect(zones).toHaveLength(9);
  });
});

describe('the probe', () => {
  test('stands inside the network, and the settings name it', () => {
    const inside = Object.values(resources(template, 'AWS::Lambda::Function')).filter(
      ({ Properties }) => Properties['VpcConfig'] !== undefined,
    );
    expect(inside.map(({ Properties }) => Properties['FunctionName'])).toEqual([
      'farol-probe-web-production',
      'farol-database-web-production',
    ]);
    expect(inside[0]?.Properties).toMatchObject({
      FunctionName: 'farol-probe-web-production',
      Handler: 'probe/handler.handler',
      VpcConfig: { SecurityGroupIds: [{ 'Fn::GetAtt': [expect.stringMatching(/SmokeGroup/), 'GroupId'] }] },
    });
    expect(JSON.stringify(resources(template, 'AWS::SSM::Parameter'))).toContain(
      '\\"prober\\":\\"farol-probe-web-production\\"',
    );
  });

  test('may call nothing of AWS itself', () => {
    const role = Object.values(resources(template, 'AWS::IAM::Role')).find(
      ({ Properties }) => Properties['Description'] === 'What farol-probe-web-production may do',
    );
    const policies = z
      .array(
        z.looseObject({ PolicyName: z.string(), PolicyDocument: z.looseObject({ Statement: z.array(Statement) }) }),
      )
      .parse(role?.Properties['Policies']);
    expect(policies.map(({ PolicyName }) => PolicyName)).toEqual(['own', 'network']);
    const [allowed, denied] = policies[1]?.PolicyDocument.Statement ?? [];
    expect(denied).toMatchObject({ Effect: 'Deny', Action: allowed?.Action, Resource: ['*'] });
    expect(denied?.Condition).toEqual({
      ArnEquals: {
        'lambda:SourceFunctionArn': `arn:aws:lambda:us-east-1:${ACCOUNT}:function:farol-probe-web-production`,
      },
    });
  });
});

describe('when the stack is deleted', () => {
  const dependencies = z.looseObject({ DependsOn: z.array(z.string()) });
  const [[id, resource] = ['', undefined]] = Object.entries(resources(template, 'Custom::FarolSlots'));
  const [settings] = Object.values(resources(template, 'AWS::SSM::Parameter'));

  test('slots are removed before all that they need, and after what would fill them again', () => {
    const after = dependencies.parse(resource).DependsOn;
    for (const type of [
      'AWS::ECS::Cluster',
      'AWS::ElasticLoadBalancingV2::TargetGroup',
      'AWS::EC2::Subnet',
      'AWS::EC2::SecurityGroup',
      'AWS::EC2::Route',
    ])
      expect(after, type).toEqual(expect.arrayContaining(Object.keys(resources(template, type))));
    expect(dependencies.parse(settings).DependsOn).toContain(id);
  });

  test('CloudFormation waits longer than the function works', () => {
    const remove = Object.values(resources(template, 'AWS::Lambda::Function')).find(
      ({ Properties }) => Properties['FunctionName'] === 'farol-remove-slots-web-production',
    );
    expect(remove?.Properties['Timeout']).toBe(840);
    expect(Number(resource?.Properties['ServiceTimeout'])).toBeGreaterThan(840);
  });
});

describe('tasks reach AWS', () => {
  const by = (egress: object) => {
    const environments = environmentsIn();
    const targets = environments.targets.map((one) => ({ ...one, network: { ...one.network, egress } }));
    return templateOf(synthesized({ ...environments, targets }), 'web-production-service');
  };
  const settings = (one: typeof template) => JSON.stringify(resources(one, 'AWS::SSM::Parameter'));

  test('by NAT gateways', () => {
    template.resourceCountIs('AWS::EC2::NatGateway', 3);
    expect(settings(template)).toContain('\\"assignPublicIp\\":false');
  });

  test('by an address of their own', () => {
    const cheap = by({ by: 'public address' });
    cheap.resourceCountIs('AWS::EC2::NatGateway', 0);
    expect(settings(cheap)).toContain('\\"assignPublicIp\\":true');
  });

  test('by endpoints, and then nothing else', () => {
    const closed = by({ by: 'endpoints' });
    closed.resourceCountIs('AWS::EC2::NatGateway', 0);
    expect(settings(closed)).toContain('\\"assignPublicIp\\":false');
    const endpoints = Object.values(resources(closed, 'AWS::EC2::VPCEndpoint')).map(({ Properties }) => Properties);
    expect(endpoints.map(({ VpcEndpointType }) => VpcEndpointType)).toEqual([
      'Gateway',
      'Interface',
      'Interface',
      'Interface',
      'Interface',
    ]);
    const routes = Object.values(resources(closed, 'AWS::EC2::Route')).map(({ Properties }) => Properties);
    for (const { RouteTableId } of routes) expect(JSON.stringify(RouteTableId)).toContain('public');
  });
});

describe('task roles', () => {
  const roles = Object.values(resources(template, 'AWS::IAM::Role'))
    .filter(({ Properties }) =>
      JSON.stringify(Properties['AssumeRolePolicyDocument']).includes('ecs-tasks.amazonaws.com'),
    )
    .map(({ Properties }) => Properties);
  const policies = z.array(z.object({ PolicyDocument: z.object({ Statement: z.array(z.unknown()) }) }));
  const statements = (kind: string) =>
    policies
      .parse(roles.find(({ RoleName }) => RoleName === `farol-web-production-${kind}-us-east-1`)?.['Policies'])
      .flatMap(({ PolicyDocument }) => PolicyDocument.Statement);

  test('have the names that the target’s own roles may pass', () => {
    const kinds = ['execution', 'plan-execution', 'plan', 'migration', 'task'];
    expect(new Set(roles.map(({ RoleName }) => RoleName))).toEqual(
      new Set(kinds.map((kind) => `farol-web-production-${kind}-us-east-1`)),
    );
  });

  test.each([
    ['task', 'web_application'],
    ['migration', 'web_migrator'],
    ['plan', 'web_planner'],
  ])('%s comes to this database as %s, and may do nothing else', (kind, user) => {
    const instance = { 'Fn::GetAtt': [expect.stringMatching(/^DatabaseInstance/), 'DbiResourceId'] };
    expect(statements(kind)).toEqual([
      {
        Effect: 'Allow',
        Action: 'rds-db:connect',
        Resource: {
          'Fn::Join': ['', [`arn:aws:rds-db:us-east-1:${ACCOUNT}:dbuser:`, instance, `/${user}`]],
        },
      },
    ]);
  });

  test('no secret of the database is left for who starts tasks', () => {
    const read = JSON.stringify(statements('execution'));
    expect(read).toContain('SecretKey');
    expect(read).not.toContain('Database');
  });

  test('who starts a plan reads no secret at all', () => {
    const may = JSON.stringify(statements('plan-execution'));
    expect(may).toContain('ecr:BatchGetImage');
    expect(may).not.toContain('secretsmanager');
    expect(may).not.toContain('ssm');
  });
});

test('a target takes as many of the account’s roles as the checks before a deployment count', () => {
  const { length } = Object.keys(resources(template, 'AWS::IAM::Role'));
  expect(length).toBeLessThanOrEqual(ROLES_OF_A_TARGET);
  expect(length).toBeGreaterThan(ROLES_OF_A_TARGET - 6);
});

test('what stands in the network is invoked every day, so that Lambda keeps it ready', () => {
  const rules = Object.values(resources(template, 'AWS::Events::Rule'));
  expect(rules).toMatchObject([{ Properties: { ScheduleExpression: 'rate(1 day)', State: 'ENABLED' } }]);
  const text = JSON.stringify(rules);
  for (const id of ['Probe', 'DatabaseFunction']) expect(text).toMatch(new RegExp(`"Fn::GetAtt":\\["${id}`));
  expect(text).toContain('{\\"wake\\":true}');
});
