import { describe, expect, test } from 'vitest';
import { Settings } from '../../functions/core/contract/settings.ts';
import { settingsParameter, Target } from '../../functions/core/contract/target.ts';
import type { Environments } from '../../infra/environments/schema.ts';
import { type Created, resolveObject } from '../../local/service-stack/intrinsics.ts';
import { ACCOUNT, environmentsIn, resources, synthesized, templateOf } from './synthesized.ts';

const balancing = (resource: string) => `arn:aws:elasticloadbalancing:us-east-1:${ACCOUNT}:${resource}`;

/** What CloudFormation would put in for each type: enough of its form to be checked by the settings' schema. */
const FORMS: Record<string, (id: string, properties: Readonly<Record<string, unknown>>) => Created> = {
  'AWS::ElasticLoadBalancingV2::LoadBalancer': (_id, { Name }) => ({
    ref: balancing(`loadbalancer/app/${String(Name)}/1`),
    attributes: { DNSName: 'internal-web.us-east-1.elb.amazonaws.com' },
  }),
  // A listener is named by its load balancer, of which the stack has one.
  'AWS::ElasticLoadBalancingV2::Listener': (id) => ({ ref: balancing(`listener/app/web-production/1/${id}`) }),
  'AWS::ElasticLoadBalancingV2::TargetGroup': (_id, { Name }) => ({ ref: balancing(`targetgroup/${String(Name)}/1`) }),
  'AWS::ECS::Cluster': (_id, { ClusterName }) => ({ ref: String(ClusterName) }),
  'AWS::Logs::LogGroup': (_id, { LogGroupName }) => ({ ref: String(LogGroupName) }),
  'AWS::SecretsManager::Secret': (_id, { Name }) => ({
    ref: `arn:aws:secretsmanager:us-east-1:${ACCOUNT}:secret:${String(Name)}-AbCdEf`,
  }),
  'AWS::RDS::DBInstance': (id) => ({
    ref: id,
    attributes: { 'Endpoint.Address': 'db.example.com', 'Endpoint.Port': '5432', DbiResourceId: 'db-ABC' },
  }),
  'AWS::CloudFront::Distribution': (id) => ({ ref: id, attributes: { DomainName: 'd111111abcdef8.cloudfront.net' } }),
  'AWS::IAM::Role': (id, { RoleName }) => ({
    ref: id,
    attributes: { Arn: `arn:aws:iam::${ACCOUNT}:role/${String(RoleName)}` },
  }),
  'AWS::EC2::SecurityGroup': (id) => ({ ref: id, attributes: { GroupId: `sg-${id}` } }),
};

/** The settings parameter that an environments module leads to, as CloudFormation would publish it. */
function published(environments: Environments): { name: unknown; settings: unknown } {
  const template = templateOf(synthesized(environments), 'web-production-service');
  const known = new Map<string, Created>([['AWS::URLSuffix', { ref: 'amazonaws.com' }]]);
  for (const [id, { Type, Properties }] of Object.entries(resources(template)))
    known.set(id, FORMS[Type]?.(id, Properties) ?? { ref: `arn:aws:any:us-east-1:${ACCOUNT}:${id}` });
  const [parameter] = Object.values(resources(template, 'AWS::SSM::Parameter'));
  const { Name, Value } = resolveObject(parameter?.Properties ?? {}, known);
  return { name: Name, settings: JSON.parse(String(Value)) };
}

describe('the settings that the service stack publishes', () => {
  const { name, settings } = published(environmentsIn());
  const parsed = Settings.parse(settings);

  test('are what the functions read, where they look for them', () => {
    expect(name).toBe(settingsParameter(Target.parse('web/production')));
    const [target] = environmentsIn().targets;
    for (const member of [
      'capacity',
      'health',
      'drain',
      'migrate',
      'candidate',
      'traffic',
      'analysis',
      'warm',
      'poll',
    ] as const)
      expect(parsed[member]).toEqual(target?.[member]);
  });

  test('tell the application where its database is, and hand it secrets by reference alone', () => {
    const [service] = parsed.services;
    expect(service?.environment).toEqual({
      POSTGRES_HOST: 'db.example.com',
      POSTGRES_PORT: '5432',
      POSTGRES_NAME: 'web',
      POSTGRES_USER: 'web_application',
      POSTGRES_AUTH: 'iam',
      AWS_REGION: 'us-east-1',
      ALLOWED_HOSTS: 'd111111abcdef8.cloudfront.net',
    });
    expect(parsed.protocolHeader).toBe('CloudFront-Forwarded-Proto');
    expect(parsed.address).toBe('https://d111111abcdef8.cloudfront.net');
    expect(service?.secrets).toEqual({ SECRET_KEY: expect.stringMatching(/^arn:/) });
  });

  test('let each kind of task come to the database as another user, without a password', () => {
    const { migrate, plan } = parsed.tasks;
    expect(migrate).toMatchObject({ environment: { POSTGRES_USER: 'web_migrator' }, secrets: {} });
    expect(plan).toMatchObject({ environment: { POSTGRES_USER: 'web_planner' }, secrets: {} });
    const roles = [
      parsed.infrastructure.taskRole,
      migrate.taskRole,
      plan.taskRole,
      plan.executionRole,
      parsed.infrastructure.executionRole,
    ];
    expect(new Set(roles).size).toBe(5);
    expect(plan.securityGroups).not.toEqual(parsed.infrastructure.securityGroups);
  });

  test('fit into a parameter with room for an environment’s own variables', () => {
    // SSM API, PutParameter: 8 KB in the advanced tier.
    expect(JSON.stringify(settings).length).toBeLessThan(5000);
  });

  test('name the image’s repository without a tag', () => {
    expect(parsed.infrastructure.repositoryUri).toBe(`${ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/web`);
  });

  /** The settings of the project's first target with some of its members changed. */
  function changed(change: object): Settings {
    const environments = environmentsIn();
    const targets = environments.targets.map((target) => ({ ...target, ...change }));
    return Settings.parse(published({ ...environments, targets }).settings);
  }

  test('a name of one’s own is allowed by the application beside CloudFront’s', () => {
    const zone = { id: 'Z0123456789', name: 'example.com' };
    const [target] = environmentsIn().targets;
    const own = changed({ edge: { ...target?.edge, domain: { name: 'www.example.com', zone } } });
    expect(own.address).toBe('https://www.example.com');
    expect(own.services[0]?.environment['ALLOWED_HOSTS']).toBe('www.example.com,d111111abcdef8.cloudfront.net');
  });

  test('without an edge the application believes the load balancer', () => {
    const inside = changed({ edge: undefined });
    expect(inside.address).toBe('http://internal-web.us-east-1.elb.amazonaws.com');
    expect(inside.protocolHeader).toBe('X-Forwarded-Proto');
    expect(changed({ edge: undefined, protocolHeader: 'X-Proto' }).protocolHeader).toBe('X-Proto');
    const own = changed({ edge: undefined, address: 'https://www.example.com/' });
    expect(own.services[0]?.environment['ALLOWED_HOSTS']).toBe('www.example.com');
  });

  test('what an environment gives the application wins over what is made up here', () => {
    const [target] = environmentsIn().targets;
    const own = changed({ service: { ...target?.service, environment: { ALLOWED_HOSTS: '.example.com' } } });
    expect(own.services[0]?.environment['ALLOWED_HOSTS']).toBe('.example.com');
  });
});
