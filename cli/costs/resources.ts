import * as z from 'zod';
import type { EnvironmentTarget } from '../../infra/environments/schema.ts';
import type { PriceName } from './prices.ts';

/** Hours of a month, as AWS's calculator counts. */
export const HOURS = 730;

/** How many of something a month without users and deployments takes. */
export interface Item {
  readonly price: PriceName;
  readonly quantity: number;
}

/** What a resource type costs: nothing, and why; or what, by its properties and the target's settings. */
export type Costing =
  | { readonly free: string }
  | {
      readonly items: (properties: Readonly<Record<string, unknown>>, target: EnvironmentTarget) => readonly Item[];
      readonly note: string;
    };

const each = (price: PriceName, quantity: number, note: string): Costing => ({
  items: () => [{ price, quantity }],
  note,
});
const free = (reason: string): Costing => ({ free: reason });

const WebAcl = z.object({ Rules: z.array(z.unknown()) });
const Endpoint = z.object({ VpcEndpointType: z.string().optional(), SubnetIds: z.array(z.unknown()).optional() });
const Group = z.object({ LogGroupName: z.unknown().optional() });
const Cluster = z.object({ ClusterSettings: z.array(z.object({ Value: z.string() })).optional() });
const Alarm = z.object({ Metrics: z.array(z.object({ MetricStat: z.unknown().optional() })).optional() });
const DATABASE_HOURS: Readonly<Record<string, PriceName>> = {
  't4g.micro': 'databaseMicroHour',
  't4g.small': 'databaseSmallHour',
  't4g.medium': 'databaseMediumHour',
};

/** Every resource type of Farol's templates. A type that is missing here fails the tests: the cost of everything that is deployed is known. */
export const RESOURCES: Readonly<Record<string, Costing>> = {
  'AWS::ElasticLoadBalancingV2::LoadBalancer': each(
    'loadBalancerHour',
    HOURS,
    'requests cost LCUs beside it: a part of one while there are few',
  ),
  'AWS::RDS::DBInstance': {
    items: (_properties, { database }) => {
      const price = DATABASE_HOURS[database.instance];
      if (price === undefined) throw new RangeError(`cli/costs/prices.ts has no price of db.${database.instance}`);
      const copies = database.multiZone ? 2 : 1;
      return [
        { price, quantity: HOURS * copies },
        { price: 'databaseGibMonth', quantity: database.storageGiB * copies },
      ];
    },
    note: 'backups as large as the storage are free; grows with the storage',
  },
  'AWS::EC2::NatGateway': each('natHour', HOURS, 'each GB through it costs too'),
  'AWS::EC2::EIP': each('publicAddressHour', HOURS, 'of the NAT gateways'),
  'AWS::EC2::VPCEndpoint': {
    items: (properties) => {
      const { VpcEndpointType, SubnetIds } = Endpoint.parse(properties);
      return VpcEndpointType === 'Interface'
        ? [{ price: 'endpointHour', quantity: HOURS * (SubnetIds?.length ?? 1) }]
        : [];
    },
    note: 'gateway endpoints (S3) are free',
  },
  'AWS::WAFv2::WebACL': {
    items: (properties) => [
      { price: 'webAclMonth', quantity: 1 },
      { price: 'webAclRuleMonth', quantity: WebAcl.parse(properties).Rules.length },
    ],
    note: 'each million requests costs too',
  },
  'AWS::SecretsManager::Secret': each('secretMonth', 1, ''),
  'AWS::Logs::LogGroup': {
    // Functions that are called every few minutes write a few lines each time; what the application writes grows with its requests.
    items: (properties) =>
      Group.parse(properties).LogGroupName === undefined
        ? [{ price: 'logGib', quantity: 1 }]
        : [{ price: 'logGib', quantity: 0.02 }],
    note: 'estimated: 20 MB a group and month, 1 GB of flow logs; 5 GB of the account are free',
  },
  'AWS::CloudWatch::Alarm': {
    items: (properties) => [
      {
        price: 'alarmMonth',
        quantity: Alarm.parse(properties).Metrics?.filter(({ MetricStat }) => MetricStat !== undefined).length || 1,
      },
    ],
    note: '10 of the account are free',
  },
  'AWS::CloudWatch::CompositeAlarm': each('compositeAlarmMonth', 1, ''),
  'AWS::CloudWatch::Dashboard': each('dashboardMonth', 1, '3 of the account are free'),
  'AWS::Lambda::Function': each(
    'lambdaMillion',
    0.005,
    'some thousand calls a month: within the million that are free for ever',
  ),
  'AWS::StepFunctions::StateMachine': each(
    'transition',
    0,
    'only deployments; 4,000 transitions a month are free for ever',
  ),
  'AWS::DynamoDB::GlobalTable': each('ledgerMillionWrites', 0.01, 'kilobytes; 25 GB are free for ever'),
  'AWS::ECR::Repository': each(
    'imageGibMonth',
    1,
    'estimated: ten images of 0.1 GB; they stay until a person deletes them',
  ),
  'AWS::CodeBuild::Project': each('buildMinute', 0, 'only builds; 100 minutes a month are free for ever'),
  'AWS::CodePipeline::Pipeline': each('pipelineMinute', 0, 'only runs; 100 minutes a month are free for ever'),
  'AWS::S3::Bucket': each('s3GibMonth', 0.1, 'what the pipeline hands over, for 30 days'),
  'AWS::EC2::FlowLog': free('its log group costs'),
  'AWS::CloudFront::Distribution': free('1 TB and 10 million requests a month are free for ever'),
  'AWS::CloudFront::VpcOrigin': free('no price of its own'),
  'AWS::CloudFront::OriginRequestPolicy': free('configuration'),
  'AWS::CloudFront::ResponseHeadersPolicy': free('configuration'),
  'AWS::CloudFront::Function': free('2 million calls a month are free for ever'),
  'AWS::CertificateManager::Certificate': free('certificates for CloudFront cost nothing'),
  'AWS::Route53::RecordSet': free('the hosted zone, which is your own, costs $0.50 a month'),
  'AWS::CodeConnections::Connection': free('no price'),
  'AWS::ECS::Cluster': {
    // What Container Insights keeps of a cluster with two services: about thirty metrics (estimated).
    items: (properties) =>
      Cluster.parse(properties).ClusterSettings?.some(({ Value }) => Value !== 'disabled') === true
        ? [{ price: 'metricMonth', quantity: 30 }]
        : [],
    note: 'Container Insights, where it is on: about 30 metrics (estimated); 10 of the account are free',
  },
  'AWS::SNS::Topic': free('1,000 mails a month are free'),
  'AWS::SNS::Subscription': free('as the topic'),
  'AWS::SNS::TopicPolicy': free('configuration'),
  'AWS::SQS::Queue': free('1 million requests a month are free for ever'),
  'AWS::SQS::QueuePolicy': free('configuration'),
  'AWS::SSM::Parameter': free('standard parameters; one beyond 4 KB costs $0.05 a month'),
  'AWS::Events::Rule': free('events of AWS and schedules cost nothing'),
  'AWS::Scheduler::Schedule': free('14 million calls a month are free for ever'),
  'AWS::Budgets::Budget': free('budgets that only notify cost nothing'),
  'AWS::XRay::Group': free('configuration; 100,000 traces a month are free for ever'),
  'AWS::XRay::SamplingRule': free('configuration'),
  'AWS::ElasticLoadBalancingV2::Listener': free('with the load balancer'),
  'AWS::ElasticLoadBalancingV2::ListenerRule': free('with the load balancer'),
  'AWS::ElasticLoadBalancingV2::TargetGroup': free('with the load balancer'),
  'AWS::Lambda::EventSourceMapping': free('Lambda reads a table’s stream without a price'),
  'AWS::Lambda::EventInvokeConfig': free('configuration'),
  'AWS::Lambda::Permission': free('configuration'),
  'AWS::Lambda::Url': free('its requests are invocations'),
  'AWS::Lambda::Version': free('75 GB of code are free'),
  'AWS::Lambda::Alias': free('configuration'),
  'AWS::Logs::MetricFilter': free('its metrics are counted with the alarms'),
  'AWS::Logs::ResourcePolicy': free('configuration'),
  'AWS::Logs::QueryDefinition': free('configuration; queries cost by what they read'),
  'AWS::RDS::DBParameterGroup': free('configuration'),
  'AWS::RDS::DBSubnetGroup': free('configuration'),
  'AWS::S3::BucketPolicy': free('configuration'),
  'AWS::SecretsManager::ResourcePolicy': free('configuration'),
  'AWS::EC2::VPC': free('networks cost by what goes through'),
  'AWS::EC2::Subnet': free('with the VPC'),
  'AWS::EC2::RouteTable': free('with the VPC'),
  'AWS::EC2::Route': free('with the VPC'),
  'AWS::EC2::SubnetRouteTableAssociation': free('with the VPC'),
  'AWS::EC2::InternetGateway': free('with the VPC'),
  'AWS::EC2::VPCGatewayAttachment': free('with the VPC'),
  'AWS::EC2::SecurityGroup': free('with the VPC'),
  'AWS::EC2::SecurityGroupIngress': free('with the VPC'),
  'AWS::EC2::SecurityGroupEgress': free('with the VPC'),
  'AWS::IAM::Role': free('no price'),
  'AWS::IAM::Policy': free('no price'),
  'AWS::IAM::ManagedPolicy': free('no price'),
  'Custom::FarolSlots': free('a function that runs once'),
};
