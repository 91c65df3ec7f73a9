import * as z from 'zod';
import { type Created, type Known, resolve } from '../../local/service-stack/intrinsics.ts';
import { Template } from '../../local/service-stack/template.ts';

/** Where a template is deployed to. */
export interface Destination {
  readonly account: string;
  readonly region: string;
}

type Resource = z.infer<typeof Template>['Resources'][string];

interface Named {
  /** The property with its physical name. */
  readonly property?: string;
  readonly arn: string;
  /** What `Ref` is, if not the name. */
  readonly ref?: 'arn';
  /** Attributes beside `Arn` that policies are made of. */
  readonly attributes?: Readonly<Record<string, string>>;
}

/** What CloudFormation calls a resource by, with the physical name that the template gives it, else its logical id. */
const NAMED: Readonly<Record<string, Named>> = {
  'AWS::CloudFront::Distribution': { arn: 'cloudfront::@:distribution/NAME' },
  'AWS::CloudWatch::Alarm': { property: 'AlarmName', arn: 'cloudwatch:#:@:alarm:NAME' },
  'AWS::CodeBuild::Project': { property: 'Name', arn: 'codebuild:#:@:project/NAME' },
  'AWS::CodeConnections::Connection': {
    property: 'ConnectionName',
    arn: 'codeconnections:#:@:connection/NAME',
    ref: 'arn',
  },
  'AWS::CodePipeline::Pipeline': { property: 'Name', arn: 'codepipeline:#:@:NAME' },
  'AWS::DynamoDB::GlobalTable': { property: 'TableName', arn: 'dynamodb:#:@:table/NAME' },
  'AWS::EC2::SecurityGroup': { arn: 'ec2:#:@:security-group/NAME' },
  'AWS::EC2::Subnet': { arn: 'ec2:#:@:subnet/NAME' },
  'AWS::EC2::VPC': { arn: 'ec2:#:@:vpc/NAME' },
  'AWS::ECR::Repository': { property: 'RepositoryName', arn: 'ecr:#:@:repository/NAME' },
  'AWS::ECS::Cluster': { property: 'ClusterName', arn: 'ecs:#:@:cluster/NAME' },
  'AWS::Events::Rule': { property: 'Name', arn: 'events:#:@:rule/NAME' },
  'AWS::IAM::Role': { property: 'RoleName', arn: 'iam::@:role/NAME' },
  'AWS::KMS::Key': { arn: 'kms:#:@:key/NAME' },
  'AWS::Lambda::Function': { property: 'FunctionName', arn: 'lambda:#:@:function:NAME' },
  'AWS::Logs::LogGroup': { property: 'LogGroupName', arn: 'logs:#:@:log-group:NAME:*' },
  'AWS::RDS::DBInstance': {
    property: 'DBInstanceIdentifier',
    arn: 'rds:#:@:db:NAME',
    attributes: { DbiResourceId: 'db-ABCDEFGHIJKLMNOPQRSTUVWXYZ' },
  },
  'AWS::S3::Bucket': { property: 'BucketName', arn: 's3:::NAME' },
  'AWS::SecretsManager::Secret': { property: 'Name', arn: 'secretsmanager:#:@:secret:NAME-AbCdEf', ref: 'arn' },
  'AWS::SNS::Topic': { property: 'TopicName', arn: 'sns:#:@:NAME', ref: 'arn' },
  'AWS::SQS::Queue': { property: 'QueueName', arn: 'sqs:#:@:NAME' },
  'AWS::SSM::Parameter': { property: 'Name', arn: 'ssm:#:@:parameter/NAME' },
  'AWS::StepFunctions::StateMachine': { property: 'StateMachineName', arn: 'states:#:@:stateMachine:NAME', ref: 'arn' },
};

function created(id: string, { Type, Properties }: Resource, { account, region }: Destination): Created {
  const named = NAMED[Type];
  if (named === undefined) return { ref: id };
  const given = named.property === undefined ? undefined : Properties[named.property];
  const name = typeof given === 'string' ? given : id;
  // The path of a role stands in its ARN, not in its name.
  const path = Type === 'AWS::IAM::Role' && typeof Properties['Path'] === 'string' ? Properties['Path'].slice(1) : '';
  const arn = `arn:aws:${named.arn.replace('#', region).replace('@', account).replace('NAME', `${path}${name}`)}`;
  return { ref: named.ref === 'arn' ? arn : name, attributes: { ...named.attributes, Arn: arn } };
}

/** A template whose policies can be read as texts: every resource has the ARN that it would be given. */
export interface ReadTemplate {
  readonly resources: Readonly<Record<string, Resource>>;
  /** Carries out the intrinsic functions of a part of it. @throws {TypeError} at what has no ARN here */
  readonly resolve: (part: unknown) => unknown;
}

/** Reads a synthesized template. */
export function readTemplate(json: unknown, destination: Destination): ReadTemplate {
  const { Resources } = Template.parse(json);
  const known: Known = new Map([
    ...Object.entries({
      'AWS::AccountId': destination.account,
      'AWS::Region': destination.region,
      'AWS::Partition': 'aws',
      'AWS::URLSuffix': 'amazonaws.com',
    }).map(([name, ref]): [string, Created] => [name, { ref }]),
    ...Object.entries(Resources).map(([id, resource]): [string, Created] => [id, created(id, resource, destination)]),
  ]);
  return { resources: Resources, resolve: (part) => resolve(part, known) };
}
