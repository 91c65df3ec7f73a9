import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { targetNames } from '#core/contract/target-names.ts';
import { promotion } from '../../infra/environments/environments.ts';
import { EnvironmentsError, parseEnvironments } from '../../infra/environments/schema.ts';
import { ORCHESTRATOR } from '../../infra/names.ts';
import { ACCOUNT, resources, synthesized, templateOf } from './synthesized.ts';

const [staging, production] = promotion.targets;

function problems(change: { staging?: object; production?: object }): string[] {
  const targets = [
    { ...staging, ...change.staging },
    { ...production, ...change.production },
  ];
  try {
    parseEnvironments({ ...promotion, targets, pipelines: [] });
    return [];
  } catch (error) {
    if (!(error instanceof EnvironmentsError)) throw error;
    return error.message.split('\n');
  }
}

describe('a target that is promoted', () => {
  test('comes from one that is there, and asks people', () => {
    expect(problems({})).toEqual([]);
  });

  test.each([
    [
      'without an approval',
      { production: { approval: undefined } },
      "targets.1.approval: what is promoted needs an approval here, as in approval: { timeout: '1d' }",
    ],
    [
      'from nowhere',
      { production: { source: 'promotion of web/stagin' } },
      'targets.1.source: there is no target web/stagin; did you mean "promotion of web/staging"?',
    ],
    [
      'from another application',
      { staging: { app: 'shop' }, production: { source: 'promotion of shop/staging' } },
      "targets.1.source: shop/staging runs another application's images than web",
    ],
    [
      'from itself',
      { production: { source: 'promotion of web/production' } },
      'targets.1.source: promotion goes in a circle, and no push ever comes in',
    ],
    [
      'in an unknown word',
      { production: { source: 'promotion from web/staging' } },
      'targets.1.source: push, or promotion of <app>/<environment>, as in promotion of web/staging',
    ],
    [
      'with a rule about authors, whom nobody proves',
      { production: { approval: { timeout: '1d', notTheAuthor: true } } },
      'targets.1.approval.notTheAuthor: who wrote a release is what its commits say of themselves',
    ],
    [
      'with an approver who is a role, whose session anybody may name',
      { production: { approval: { timeout: '1d', approvers: ['arn:aws:iam::111122223333:role/release'] } } },
      'targets.1.approval.approvers.0: an IAM user’s ARN, as in arn:aws:iam::123456789012:user/ana, or a user name in IAM Identity Center',
    ],
    [
      'with nobody who may answer',
      { production: { approval: { timeout: '1d', approvers: [] } } },
      'targets.1.approval.approvers: ',
    ],
    [
      'with an approval that is over at once',
      { production: { approval: { timeout: '30s' } } },
      'targets.1.approval.timeout: at least 5m: people must have read the question',
    ],
    [
      'with one that outlasts the state machine',
      { production: { approval: { timeout: '7d' } } },
      'targets.1.approval.timeout: at most 6d',
    ],
    [
      'with a misspelt setting',
      { production: { approval: { timout: '1d', timeout: '1d' } } },
      'targets.1.approval: unknown key "timout"; did you mean "timeout"?',
    ],
  ])('%s is refused in one line', (_what, change, line) => {
    expect(problems(change)).toEqual([expect.stringContaining(line)]);
  });

  test('in a circle is refused at each target of it', () => {
    const circle = problems({ staging: { source: 'promotion of web/production', approval: { timeout: '1d' } } });
    expect(circle).toEqual([
      expect.stringContaining('targets.0.source: promotion goes in a circle'),
      expect.stringContaining('targets.1.source: promotion goes in a circle'),
    ]);
  });
});

describe('the templates of two targets', () => {
  const templates = synthesized({ ...promotion, orchestrator: { ...promotion.orchestrator, account: ACCOUNT } });

  test('publish where each is deployed from, and what it asks', () => {
    const published = (environment: string) => {
      const { stack, settingsParameter } = targetNames('web', environment);
      const [parameter] = Object.values(resources(templateOf(templates, stack), 'AWS::SSM::Parameter'));
      expect(parameter?.Properties['Name']).toBe(settingsParameter);
      return JSON.stringify(parameter?.Properties['Value']);
    };
    expect(published('staging')).toContain(String.raw`\"source\":\"push\"`);
    expect(published('staging')).not.toContain('approval');
    expect(published('production')).toContain(String.raw`\"source\":\"promotion of web/staging\"`);
    expect(published('production')).toContain(String.raw`\"approval\":{\"timeout\":\"1d\"}`);
  });

  test('name nothing twice', () => {
    const names = Object.values(templates).flatMap((template) =>
      Object.values(Resources.parse(template.toJSON()).Resources).flatMap(({ Type, Properties }) =>
        Object.entries(Properties).flatMap(([key, value]) =>
          !NAMES_OF_OTHERS.includes(key) &&
          /(?:Name|DBInstanceIdentifier)$/.test(key) &&
          OWN_NAME.test(Type) &&
          typeof value === 'string'
            ? [`${Type} ${value}`]
            : [],
        ),
      ),
    );
    expect(names.length).toBeGreaterThan(40);
    expect(names.filter((name, i) => names.indexOf(name) < i)).toEqual([]);
  });

  test('give each its own roles, and the application one build', () => {
    const orchestrator = templateOf(templates, ORCHESTRATOR.stack);
    const roles = JSON.stringify(resources(orchestrator, 'AWS::IAM::Role'));
    for (const environment of ['staging', 'production']) {
      expect(roles, 'nothing of one target').not.toContain(`web-${environment}`);
      const own = JSON.stringify(
        resources(templateOf(templates, targetNames('web', environment).stack), 'AWS::IAM::Role'),
      );
      const other = environment === 'staging' ? 'production' : 'staging';
      expect(own).toContain(`farol-web-${environment}-converge`);
      expect(own).not.toContain(`web-${other}`);
    }
    expect(Object.keys(templates).filter((name) => name.endsWith('-pipeline'))).toEqual(['web-pipeline']);
    expect(Object.keys(templates).filter((name) => name.endsWith('-repository'))).toEqual(['web-repository']);
    // IAM and STS quotas: inline policies of a role have 10,240 characters at most, white space apart.
    for (const { Properties } of Object.values(resources(orchestrator, 'AWS::IAM::Role')))
      expect(JSON.stringify(Properties['Policies'] ?? []).length).toBeLessThan(10_240);
  });
});

/** Resources whose name is their own; others name what they belong to. */
const OWN_NAME =
  /^AWS::(?:Lambda::Function|IAM::Role|Logs::LogGroup|ElasticLoadBalancingV2::(?:LoadBalancer|TargetGroup)|ECS::Cluster|SecretsManager::Secret|SSM::Parameter|RDS::DB\w+|CloudFront::\w+|ECR::Repository|CodeBuild::Project|CodePipeline::Pipeline|DynamoDB::GlobalTable|SQS::Queue|SNS::Topic|StepFunctions::StateMachine|CloudWatch::\w+|WAFv2::\w+)$/;

const NAMES_OF_OTHERS = ['DBName', 'MetricName'];

const Resources = z.looseObject({
  Resources: z.record(
    z.string(),
    z.looseObject({ Type: z.string(), Properties: z.record(z.string(), z.unknown()).default({}) }),
  ),
});
