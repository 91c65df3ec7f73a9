import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { environmentsIn, resources, synthesized, templateOf } from './synthesized.ts';

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

  test('its target groups check and drain as the settings say', () => {
    const groups = Object.values(resources(template, 'AWS::ElasticLoadBalancingV2::TargetGroup'));
    expect(groups.map(({ Properties }) => Properties['Name'])).toEqual(['web-production-blue', 'web-production-green']);
    for (const { Properties } of groups)
      expect(Properties).toMatchObject({
        TargetType: 'ip',
        HealthCheckPath: target?.health.path,
        HealthCheckIntervalSeconds: 10,
        HealthCheckTimeoutSeconds: 5,
        HealthyThresholdCount: 2,
        UnhealthyThresholdCount: 2,
        Matcher: { HttpCode: '200' },
        TargetGroupAttributes: expect.arrayContaining([
          { Key: 'deregistration_delay.timeout_seconds', Value: '30' },
          { Key: 'stickiness.enabled', Value: 'false' },
        ]),
      });
  });
});

describe('network', () => {
  test('the database has no way out and hears only the application', () => {
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
    expect(toDatabase).toHaveLength(1);
    expect(toDatabase[0]?.Properties).toMatchObject({
      SourceSecurityGroupId: { 'Fn::GetAtt': [expect.stringMatching(/TaskGroup/), 'GroupId'] },
    });
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

  test('nothing lets in the whole world', () => {
    for (const one of Object.values(templates)) {
      const groups = JSON.stringify([
        resources(one, 'AWS::EC2::SecurityGroupIngress'),
        Object.values(resources(one, 'AWS::EC2::SecurityGroup')).map(
          ({ Properties }) => Properties['SecurityGroupIngress'],
        ),
      ]);
      expect(groups).not.toContain('0.0.0.0/0');
    }
  });

  test('lies in the zones of the settings, without asking an account', () => {
    const zones = Object.values(resources(template, 'AWS::EC2::Subnet')).map(
      ({ Properties }) => Properties['AvailabilityZone'],
    );
    expect(new Set(zones)).toEqual(new Set(target?.network.zones));
    expect(zones).toHaveLength(9);
  });

  test('tasks have public addresses only where the settings say so', () => {
    const environments = environmentsIn();
    const cheap = synthesized({
      ...environments,
      targets: environments.targets.map((one) => ({
        ...one,
        network: { ...one.network, egress: { by: 'public address' } },
      })),
    });
    const settings = (given: typeof templates) =>
      JSON.stringify(resources(templateOf(given, 'web-production-service'), 'AWS::SSM::Parameter'));
    expect(settings(templates)).toContain('\\"assignPublicIp\\":false');
    expect(settings(cheap)).toContain('\\"assignPublicIp\\":true');
    templateOf(cheap, 'web-production-service').resourceCountIs('AWS::EC2::NatGateway', 0);
    template.resourceCountIs('AWS::EC2::NatGateway', 3);
  });
});

test('task roles have the names that the orchestrator may pass', () => {
  const names = Object.values(resources(template, 'AWS::IAM::Role')).map(({ Properties }) => Properties['RoleName']);
  expect(new Set(names)).toEqual(
    new Set(['farol-web-production-execution', 'farol-web-production-migration', 'farol-web-production-task']),
  );
});

test('the repository’s tags never move', () => {
  templateOf(templates, 'web-repository').hasResourceProperties('AWS::ECR::Repository', {
    RepositoryName: 'web',
    ImageTagMutability: 'IMMUTABLE',
    ImageScanningConfiguration: { ScanOnPush: true },
  });
});
