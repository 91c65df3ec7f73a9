import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { environmentsIn, resources, synthesized, templateOf } from './synthesized.ts';

const template = templateOf(synthesized(), 'web-production-service');

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
