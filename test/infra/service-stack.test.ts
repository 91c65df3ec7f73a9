import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
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
  test('the database has no way out and hears only the application, its plans and Farol’s own function', () => {
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

describe('database', () => {
  test('speaks TLS alone, tells of slow statements and locks, and keeps its backups', () => {
    template.hasResourceProperties('AWS::RDS::DBParameterGroup', {
      Parameters: { 'rds.force_ssl': '1', log_lock_waits: '1', log_min_duration_statement: '1000' },
    });
    template.hasResource('AWS::RDS::DBInstance', {
      DeletionPolicy: 'Retain',
      Properties: {
        BackupRetentionPeriod: 14,
        DeleteAutomatedBackups: false,
        CopyTagsToSnapshot: true,
        EnableCloudwatchLogsExports: ['postgresql', 'upgrade'],
        MaxAllocatedStorage: 100,
      },
    });
    template.hasResourceProperties('AWS::Logs::LogGroup', {
      LogGroupName: '/aws/rds/instance/web-production/postgresql',
      RetentionInDays: Match.anyValue(),
    });
  });

  test('has no password, not even its master: IAM says who comes', () => {
    const [instance] = Object.values(resources(template, 'AWS::RDS::DBInstance'));
    expect(instance?.Properties).toMatchObject({
      EnableIAMDatabaseAuthentication: true,
      MasterUserAuthenticationType: 'iam-db-auth',
      MasterUsername: 'farol',
    });
    for (const one of ['MasterUserPassword', 'ManageMasterUserPassword', 'MasterUserSecret'])
      expect(instance?.Properties).not.toHaveProperty(one);
    expect(JSON.stringify(template.toJSON())).not.toContain('{{resolve:');
  });

  test('leaves the smallest class memory to check tokens with', () => {
    template.hasResourceProperties('AWS::RDS::DBParameterGroup', {
      Parameters: Match.objectLike({ shared_buffers: Match.absent() }),
    });
    const environments = environmentsIn();
    const targets = environments.targets.map((one) => ({
      ...one,
      database: { ...one.database, instance: 't4g.micro' },
    }));
    templateOf(synthesized({ ...environments, targets }), 'web-production-service').hasResourceProperties(
      'AWS::RDS::DBParameterGroup',
      { Parameters: Match.objectLike({ shared_buffers: '8192' }) },
    );
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

describe('the function that prepares the database', () => {
  const made = Object.values(resources(template, 'AWS::Lambda::Function')).find(
    ({ Properties }) => Properties['FunctionName'] === 'farol-database-web-production',
  );

  test('stands inside the network, reaches the database alone and knows its users', () => {
    expect(made?.Properties).toMatchObject({
      Handler: 'database/handler.handler',
      VpcConfig: { SecurityGroupIds: [{ 'Fn::GetAtt': [expect.stringMatching(/DatabaseFunctionGroup/), 'GroupId'] }] },
      Environment: {
        Variables: {
          POSTGRES_NAME: 'web',
          POSTGRES_USER: 'farol',
          POSTGRES_OWNER: 'web_owner',
          POSTGRES_MIGRATOR: 'web_migrator',
          POSTGRES_APPLICATION: 'web_application',
          POSTGRES_PLANNER: 'web_planner',
        },
      },
    });
    // By IAM, with the server's certificate verified: neither can be switched off here.
    for (const one of ['POSTGRES_PASSWORDS', 'PGSSLMODE'])
      expect(JSON.stringify(made?.Properties['Environment'])).not.toContain(one);
  });

  test('is the only one that comes to the database as its master, and may do nothing else', () => {
    const asMaster = Object.values(resources(template, 'AWS::IAM::Role')).filter(({ Properties }) =>
      JSON.stringify(Properties['Policies'] ?? []).includes('/farol"'),
    );
    expect(asMaster.map(({ Properties }) => Properties['Description'])).toEqual([
      'What farol-database-web-production may do',
    ]);
    expect(asMaster[0]?.Properties['Policies']).toMatchObject([
      { PolicyName: 'own' },
      { PolicyName: 'network' },
      { PolicyName: 'work', PolicyDocument: { Statement: [{ Effect: 'Allow', Action: 'rds-db:connect' }] } },
    ]);
  });
});

describe('when the stack is deleted', () => {
  const dependencies = z.looseObject({ DependsOn: z.array(z.string()) });
  const [[id, resource] = ['', undefined]] = Object.entries(resources(template, 'Custom::FarolSlots'));
  const [settings] = Object.values(resources(template, 'AWS::SSM::Parameter'));

  test('slots are removed before all that they need, and after what would fill them anew', () => {
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

describe('the edge', () => {
  const Behaviour = z.looseObject({
    CachePolicyId: z.string(),
    ViewerProtocolPolicy: z.string(),
    AllowedMethods: z.array(z.string()),
    OriginRequestPolicyId: z.unknown(),
    PathPattern: z.string().optional(),
  });
  const Distribution = z.looseObject({
    DefaultCacheBehavior: Behaviour,
    CacheBehaviors: z.array(Behaviour),
    CustomErrorResponses: z.array(z.looseObject({ ErrorCode: z.int(), ErrorCachingMinTTL: z.int() })),
    WebACLId: z.unknown().optional(),
    Origins: z.array(z.looseObject({ VpcOriginConfig: z.unknown() })),
  });
  const [made] = Object.values(resources(template, 'AWS::CloudFront::Distribution'));
  const distribution = Distribution.parse(made?.Properties['DistributionConfig']);

  test('reaches the internal load balancer from inside the network', () => {
    expect(distribution.Origins).toHaveLength(1);
    template.hasResourceProperties('AWS::CloudFront::VpcOrigin', {
      VpcOriginEndpointConfig: {
        Arn: { Ref: Match.stringLikeRegexp('^LoadBalancer') },
        OriginProtocolPolicy: 'http-only',
        HTTPPort: 80,
      },
    });
    template.hasResourceProperties('AWS::EC2::SecurityGroupIngress', {
      SourcePrefixListId: 'pl-3b927c52',
      FromPort: 80,
    });
  });

  // CloudFront Developer Guide, "Use managed cache policies".
  const [UNCACHED, OPTIMIZED] = ['4135ea2d-6df8-44a3-9df3-4b5a84be39ad', '658327ea-f89d-4fab-a63d-7e88639e58f6'];

  test('caches no page, and static files as long as they say', () => {
    expect(distribution.DefaultCacheBehavior).toMatchObject({ CachePolicyId: UNCACHED });
    expect(distribution.CacheBehaviors).toMatchObject([{ PathPattern: '/static/*', CachePolicyId: OPTIMIZED }]);
    expect(distribution.DefaultCacheBehavior.AllowedMethods).toContain('POST');
  });

  test('keeps no error, since the other release may have what this one lacks', () => {
    for (const { ErrorCachingMinTTL } of distribution.CustomErrorResponses) expect(ErrorCachingMinTTL).toBe(0);
    expect(distribution.CustomErrorResponses.map(({ ErrorCode }) => ErrorCode)).toEqual(
      expect.arrayContaining([404, 502, 503, 504]),
    );
  });

  test('hands on what the user sent, Host included, and the protocol; and sends HTTP to HTTPS', () => {
    for (const one of [distribution.DefaultCacheBehavior, ...distribution.CacheBehaviors]) {
      expect(one.ViewerProtocolPolicy).toBe('redirect-to-https');
      expect(one.OriginRequestPolicyId).toEqual({ Ref: expect.stringMatching(/AsTheUserAsked/) });
    }
    template.hasResourceProperties('AWS::CloudFront::OriginRequestPolicy', {
      OriginRequestPolicyConfig: {
        HeadersConfig: { HeaderBehavior: 'allViewerAndWhitelistCloudFront', Headers: ['CloudFront-Forwarded-Proto'] },
        CookiesConfig: { CookieBehavior: 'all' },
        QueryStringsConfig: { QueryStringBehavior: 'all' },
      },
    });
  });

  test('has a firewall in production', () => {
    expect(distribution.WebACLId).toEqual({ 'Fn::GetAtt': [expect.stringMatching(/Firewall/), 'Arn'] });
    template.hasResourceProperties('AWS::WAFv2::WebACL', { Scope: 'CLOUDFRONT' });
  });

  test('takes a name of one’s own', () => {
    const environments = environmentsIn();
    const domain = { name: 'www.example.com', zone: { id: 'Z0123456789', name: 'example.com' } };
    const targets = environments.targets.map((one) => ({ ...one, edge: { ...one.edge, domain } }));
    const own = templateOf(synthesized({ ...environments, targets }), 'web-production-service');
    own.hasResourceProperties('AWS::CloudFront::Distribution', {
      DistributionConfig: Match.objectLike({
        Aliases: ['www.example.com'],
        ViewerCertificate: Match.objectLike({ MinimumProtocolVersion: 'TLSv1.2_2021', SslSupportMethod: 'sni-only' }),
      }),
    });
    for (const Type of ['A', 'AAAA'])
      own.hasResourceProperties('AWS::Route53::RecordSet', { Type, Name: 'www.example.com.' });
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
      .parse(roles.find(({ RoleName }) => RoleName === `farol-web-production-${kind}`)?.['Policies'])
      .flatMap(({ PolicyDocument }) => PolicyDocument.Statement);

  test('have the names that the target’s own roles may pass', () => {
    const kinds = ['execution', 'plan-execution', 'plan', 'migration', 'task'];
    expect(new Set(roles.map(({ RoleName }) => RoleName))).toEqual(
      new Set(kinds.map((kind) => `farol-web-production-${kind}`)),
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
