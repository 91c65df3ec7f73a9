import { createHash, randomBytes } from 'node:crypto';
import { basename, join } from 'node:path';
import {
  CloudWatchLogsClient,
  type CloudWatchLogsClientConfig,
  CreateLogGroupCommand,
  PutRetentionPolicyCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { CreateClusterCommand, ECSClient } from '@aws-sdk/client-ecs';
import {
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  CreateTargetGroupCommand,
  ElasticLoadBalancingV2Client,
  ModifyLoadBalancerAttributesCommand,
  ModifyTargetGroupAttributesCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { CreateFunctionCommand, LambdaClient, waitUntilFunctionActiveV2 } from '@aws-sdk/client-lambda';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { DATABASE } from '#core/contract/target-names.ts';
import type { Database } from '../parts/postgres.ts';
import type { DatabasePasswords } from './database-passwords.ts';
import type { Created } from './intrinsics.ts';
import { Properties } from './template.ts';
import { zippedFolder } from './zipped-folder.ts';

type PropertyBag = Readonly<Record<string, unknown>>;

/** One resource of a template; `resolved` carries out the intrinsic functions in its properties. */
interface Declared {
  readonly id: string;
  readonly properties: PropertyBag;
  readonly resolved: () => PropertyBag;
}

/** Makes one resource, or stands for it. */
type Maker = (declared: Declared) => Promise<Created> | Created;

/** How each type of resource is made, in an order in which everything that is referred to exists already. */
export function makers(options: {
  /** For every client of the SDK. */
  client: Pick<CloudWatchLogsClientConfig, 'endpoint' | 'region' | 'credentials' | 'userAgentAppId'>;
  accountId: string;
  /** A database that runs already. */
  database: Pick<Database, 'host' | 'port'>;
  passwords: DatabasePasswords;
  /** The folder that the template was synthesized into, with its assets. */
  assembly: string;
  /** What becomes of a parameter's value before it is published. */
  publish: (value: string) => Promise<string>;
}): [type: string, make: Maker][] {
  const { client } = options;
  const [clusters, loadBalancing] = [new ECSClient(client), new ElasticLoadBalancingV2Client(client)];
  const [logs, secrets, parameters] = [
    new CloudWatchLogsClient(client),
    new SecretsManagerClient(client),
    new SSMClient(client),
  ];
  return [
    ['AWS::EC2::VPC', standIn('vpc', 'VpcId')],
    ['AWS::EC2::Subnet', standIn('subnet', 'SubnetId')],
    ['AWS::EC2::SecurityGroup', standIn('sg', 'GroupId')],
    ['AWS::IAM::Role', role(options.accountId)],
    ['AWS::RDS::DBInstance', instance(options.database)],
    ['AWS::Logs::LogGroup', logGroup(logs)],
    ['AWS::SecretsManager::Secret', secret(secrets)],
    ['AWS::ECS::Cluster', cluster(clusters)],
    ['AWS::ElasticLoadBalancingV2::LoadBalancer', loadBalancer(loadBalancing)],
    ['AWS::ElasticLoadBalancingV2::TargetGroup', targetGroup(loadBalancing)],
    ['AWS::ElasticLoadBalancingV2::Listener', listener(loadBalancing)],
    ['AWS::Lambda::Function', databaseFunction(new LambdaClient(client), options)],
    ['AWS::SSM::Parameter', parameter(parameters, options.publish)],
  ];
}

/** For what one machine has no counterpart of: an id that is always the same for the same template. */
function standIn(prefix: string, attribute: string): Maker {
  return ({ id }) => {
    const ref = `${prefix}-${createHash('sha256').update(id).digest('hex').slice(0, 17)}`;
    return { ref, attributes: { [attribute]: ref } };
  };
}

function role(accountId: string): Maker {
  return ({ id, properties }) => {
    const { RoleName = id } = Properties.role.parse(properties);
    return { ref: RoleName, attributes: { Arn: `arn:aws:iam::${accountId}:role/${RoleName}` } };
  };
}

function instance({ host, port }: Pick<Database, 'host' | 'port'>): Maker {
  return ({ id }) => ({
    ref: id.toLowerCase(),
    attributes: { 'Endpoint.Address': host, 'Endpoint.Port': String(port), DbiResourceId: `db-${id.toUpperCase()}` },
  });
}

function logGroup(client: CloudWatchLogsClient): Maker {
  return async ({ resolved }) => {
    const { LogGroupName: logGroupName, RetentionInDays: retentionInDays } = Properties.logGroup.parse(resolved());
    await client.send(new CreateLogGroupCommand({ logGroupName }));
    await client.send(new PutRetentionPolicyCommand({ logGroupName, retentionInDays }));
    return { ref: logGroupName };
  };
}

function secret(client: SecretsManagerClient): Maker {
  return async ({ resolved }) => {
    const { Name, GenerateSecretString } = Properties.secret.parse(resolved());
    const { PasswordLength } = GenerateSecretString;
    const SecretString = randomBytes(PasswordLength).toString('base64url').slice(0, PasswordLength);
    const { ARN } = await client.send(new CreateSecretCommand({ Name, SecretString }));
    return { ref: given(ARN, `ARN of ${Name}`) };
  };
}

function cluster(client: ECSClient): Maker {
  return async ({ resolved }) => {
    const { ClusterName, ClusterSettings = [] } = Properties.cluster.parse(resolved());
    await client.send(
      new CreateClusterCommand({
        clusterName: ClusterName,
        settings: ClusterSettings.map(({ Name: name, Value: value }) => ({ name, value })),
      }),
    );
    return { ref: ClusterName };
  };
}

function loadBalancer(client: ElasticLoadBalancingV2Client): Maker {
  return async ({ resolved }) => {
    const { LoadBalancerAttributes: Attributes, ...input } = Properties.loadBalancer.parse(resolved());
    const { LoadBalancers } = await client.send(new CreateLoadBalancerCommand(input));
    const LoadBalancerArn = given(LoadBalancers?.[0]?.LoadBalancerArn, `ARN of ${input.Name}`);
    await client.send(new ModifyLoadBalancerAttributesCommand({ LoadBalancerArn, Attributes }));
    return {
      ref: LoadBalancerArn,
      attributes: { DNSName: given(LoadBalancers?.[0]?.DNSName, `DNS name of ${input.Name}`) },
    };
  };
}

function targetGroup(client: ElasticLoadBalancingV2Client): Maker {
  return async ({ resolved }) => {
    const { TargetGroupAttributes: Attributes, ...input } = Properties.targetGroup.parse(resolved());
    const { TargetGroups } = await client.send(new CreateTargetGroupCommand(input));
    const TargetGroupArn = given(TargetGroups?.[0]?.TargetGroupArn, `ARN of ${input.Name}`);
    await client.send(new ModifyTargetGroupAttributesCommand({ TargetGroupArn, Attributes }));
    return { ref: TargetGroupArn };
  };
}

function listener(client: ElasticLoadBalancingV2Client): Maker {
  return async ({ resolved }) => {
    const input = Properties.listener.parse(resolved());
    const { Listeners } = await client.send(new CreateListenerCommand(input));
    return { ref: given(Listeners?.[0]?.ListenerArn, `ARN of the listener on ${input.Port}`) };
  };
}

/**
 * The function that works in the database. The others of a target stand for what is not here: a network of its own to be
 * asked from, and CloudFormation, which calls one when the stack is deleted.
 */
function databaseFunction(
  client: LambdaClient,
  { assembly, passwords }: { readonly assembly: string; readonly passwords: DatabasePasswords },
): Maker {
  return async ({ id, properties, resolved }) => {
    if (properties['Handler'] !== `${DATABASE}/handler.handler`) return { ref: id };
    const made = Properties.function.parse(resolved());
    const { FunctionName, Handler, Runtime, Role, Timeout, MemorySize } = made;
    // CDK names an asset's folder and its object in the bucket by the same hash.
    const folder = join(assembly, `asset.${basename(made.Code.S3Key, '.zip')}`);
    await client.send(
      new CreateFunctionCommand({
        FunctionName,
        Handler,
        Runtime,
        Role,
        Timeout,
        MemorySize,
        Code: { ZipFile: await zippedFolder(folder) },
        Environment: { Variables: { ...(await passwords.function(made.Environment.Variables)) } },
      }),
    );
    await waitUntilFunctionActiveV2({ client, maxWaitTime: 60 }, { FunctionName });
    return { ref: FunctionName };
  };
}

function parameter(client: SSMClient, publish: (value: string) => Promise<string>): Maker {
  return async ({ resolved }) => {
    const { Name, Value } = Properties.parameter.parse(resolved());
    await client.send(new PutParameterCommand({ Name, Value: await publish(Value), Type: 'String', Overwrite: true }));
    return { ref: Name };
  };
}

function given(value: string | undefined, what: string): string {
  if (value === undefined) throw new TypeError(`no ${what} was answered`);
  return value;
}
