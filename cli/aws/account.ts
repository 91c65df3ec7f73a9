import { CloudControlClient, GetResourceCommand } from '@aws-sdk/client-cloudcontrol';
import {
  CloudFormationClient,
  GetTemplateCommand,
  paginateDescribeStacks,
  SetStackPolicyCommand,
} from '@aws-sdk/client-cloudformation';
import {
  DescribeAddressesCommand,
  DescribeAvailabilityZonesCommand,
  DescribeManagedPrefixListsCommand,
  DescribeRegionsCommand,
  EC2Client,
  paginateDescribeVpcs,
} from '@aws-sdk/client-ec2';
import { ElasticLoadBalancingV2Client, paginateDescribeLoadBalancers } from '@aws-sdk/client-elastic-load-balancing-v2';
import {
  CreateServiceLinkedRoleCommand,
  GetAccountSummaryCommand,
  GetRoleCommand,
  IAMClient,
} from '@aws-sdk/client-iam';
import { GetAccountSettingsCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  paginateDescribeDBEngineVersions,
  paginateDescribeDBInstances,
  paginateDescribeOrderableDBInstanceOptions,
  RDSClient,
} from '@aws-sdk/client-rds';
import {
  GetAWSDefaultServiceQuotaCommand,
  GetServiceQuotaCommand,
  ServiceQuotasClient,
} from '@aws-sdk/client-service-quotas';
import { paginateListExecutions, SFNClient } from '@aws-sdk/client-sfn';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import * as z from 'zod';
import { MADE_BY, ORCHESTRATOR } from '../../infra/names.ts';
import type { Account, AccountChanges, DeployedStack, Used } from '../deploy/account.ts';
import { Template } from '../deploy/assembly.ts';
import { clientConfig } from './clients.ts';

/** What CDK's bootstrap stack says of its version (CDK's default qualifier). */
const BOOTSTRAP_VERSION = '/cdk-bootstrap/hnb659fds/version';

const Connection = z.looseObject({ ConnectionName: z.string(), ConnectionStatus: z.string() });

type ClientConfig = ReturnType<typeof clientConfig>;

/** What is asked of an account, in a region. */
export function accountOf(region: string): Account & AccountChanges {
  const config = clientConfig(region);
  // A region that is not enabled, or does not exist, does not answer: such questions go to another one.
  const home = clientConfig(/^(cn|us-gov|us-iso)/.test(region) ? region : 'us-east-1');
  return {
    ...identityOf(home),
    ...rolesOf(config),
    ...limitsOf(config, home),
    ...networkOf(config),
    ...databasesOf(config),
    ...stacksOf(config),
    ...deploymentsOf(config, home, region),
  };
}

/** Who asks, and which regions the account has. */
function identityOf(home: ClientConfig): Pick<Account, 'identity' | 'regionStatus'> {
  return {
    identity: () => identity(home),
    async regionStatus(name) {
      const { Regions } = await new EC2Client(home).send(new DescribeRegionsCommand({ AllRegions: true }));
      return Regions?.find(({ RegionName }) => RegionName === name)?.OptInStatus;
    },
  };
}

async function identity(home: ClientConfig): ReturnType<Account['identity']> {
  const { Account = '', Arn = '' } = await new STSClient(home).send(new GetCallerIdentityCommand({}));
  return { account: Account, arn: Arn };
}

/** Roles that AWS's services need in an account. */
function rolesOf(config: ClientConfig): Pick<Account & AccountChanges, 'hasRole' | 'makeServiceLinkedRole'> {
  const iam = new IAMClient(config);
  return {
    async hasRole(name) {
      return (await unless(['NoSuchEntityException'], iam.send(new GetRoleCommand({ RoleName: name })))) !== undefined;
    },
    async makeServiceLinkedRole(service) {
      try {
        await iam.send(new CreateServiceLinkedRoleCommand({ AWSServiceName: service }));
      } catch (error) {
        // Somebody else made it meanwhile: "has been taken in this account".
        if (
          !isNamed(error, ['InvalidInputException', 'EntityAlreadyExistsException']) ||
          !/taken|exists/.test(String(error))
        )
          throw error;
      }
    },
  };
}

/** How much the account may have, and how much of it is used. */
function limitsOf(config: ClientConfig, home: ClientConfig): Pick<Account, 'quota' | 'used' | 'concurrentExecutions'> {
  const ec2 = new EC2Client(config);
  const rds = new RDSClient(config);
  const loadBalancing = new ElasticLoadBalancingV2Client(config);
  const used: Record<Used, () => Promise<number>> = {
    vpcs: () => count(paginateDescribeVpcs({ client: ec2 }, {}), ({ Vpcs }) => Vpcs),
    addresses: async () => (await ec2.send(new DescribeAddressesCommand({}))).Addresses?.length ?? 0,
    'load balancers': () =>
      count(paginateDescribeLoadBalancers({ client: loadBalancing }, {}), ({ LoadBalancers }) =>
        LoadBalancers?.filter(({ Type }) => Type === 'application'),
      ),
    roles: async () => (await new IAMClient(config).send(new GetAccountSummaryCommand({}))).SummaryMap?.['Roles'] ?? 0,
    databases: () => count(paginateDescribeDBInstances({ client: rds }, {}), ({ DBInstances }) => DBInstances),
  };

  return {
    async quota(service, code) {
      // CloudFront and IAM, of which there is one for all regions, count in us-east-1.
      const client = new ServiceQuotasClient(service === 'cloudfront' || service === 'iam' ? home : config);
      const input = { ServiceCode: service, QuotaCode: code };
      // Applied values are only kept of quotas that were ever changed or told; the others have their default.
      const applied = await unless(['NoSuchResourceException'], client.send(new GetServiceQuotaCommand(input)));
      if (applied?.Quota?.Value !== undefined) return applied.Quota.Value;
      const standard = await unless(
        ['NoSuchResourceException'],
        client.send(new GetAWSDefaultServiceQuotaCommand(input)),
      );
      return standard?.Quota?.Value;
    },
    used: (what) => used[what](),
    async concurrentExecutions() {
      const { AccountLimit } = await new LambdaClient(config).send(new GetAccountSettingsCommand({}));
      return AccountLimit?.ConcurrentExecutions ?? 0;
    },
  };
}

function networkOf(config: ClientConfig): Pick<Account, 'zones' | 'prefixListName'> {
  const ec2 = new EC2Client(config);
  return {
    async zones() {
      const { AvailabilityZones } = await ec2.send(
        new DescribeAvailabilityZonesCommand({ Filters: [{ Name: 'zone-type', Values: ['availability-zone'] }] }),
      );
      return (AvailabilityZones ?? []).map(({ ZoneName = '', ZoneId = '', State = '' }) => ({
        name: ZoneName,
        id: ZoneId,
        state: State,
      }));
    },
    async prefixListName(id) {
      const { PrefixLists } = await ec2.send(
        new DescribeManagedPrefixListsCommand({ Filters: [{ Name: 'prefix-list-id', Values: [id] }] }),
      );
      return PrefixLists?.[0]?.PrefixListName;
    },
  };
}

function databasesOf(config: ClientConfig): Pick<Account, 'databaseZones'> {
  const rds = new RDSClient(config);
  return {
    async databaseZones(major, instanceClass) {
      const versions: string[] = [];
      const engine = { Engine: 'postgres', DBParameterGroupFamily: `postgres${major}` };
      for await (const { DBEngineVersions } of paginateDescribeDBEngineVersions({ client: rds }, engine))
        versions.push(...(DBEngineVersions ?? []).flatMap(({ EngineVersion }) => EngineVersion ?? []));
      const version = versions.toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1);
      if (version === undefined) return undefined;
      const zones = new Set<string>();
      const options = { Engine: 'postgres', EngineVersion: version, DBInstanceClass: instanceClass, Vpc: true };
      for await (const page of paginateDescribeOrderableDBInstanceOptions({ client: rds }, options))
        for (const { AvailabilityZones } of page.OrderableDBInstanceOptions ?? [])
          for (const { Name } of AvailabilityZones ?? []) if (Name !== undefined) zones.add(Name);
      return { version, zones: [...zones] };
    },
  };
}

/** What CloudFormation has of Farol, and what it needs. */
function stacksOf(
  config: ClientConfig,
): Pick<Account & AccountChanges, 'bootstrapVersion' | 'stacks' | 'template' | 'connection' | 'setStackPolicy'> {
  const cloudFormation = new CloudFormationClient(config);
  return {
    async bootstrapVersion() {
      const found = await unless(
        ['ParameterNotFound'],
        new SSMClient(config).send(new GetParameterCommand({ Name: BOOTSTRAP_VERSION })),
      );
      return found?.Parameter?.Value === undefined ? undefined : Number(found.Parameter.Value);
    },
    async stacks() {
      const found = new Map<string, DeployedStack>();
      for await (const { Stacks } of paginateDescribeStacks({ client: cloudFormation }, {}))
        for (const { StackName = '', StackStatus = '', Outputs, Tags } of Stacks ?? []) {
          if (!Tags?.some(({ Key, Value }) => Key === MADE_BY.key && Value === MADE_BY.value)) continue;
          const outputs = (Outputs ?? []).map(
            ({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue] as const,
          );
          found.set(StackName, { status: StackStatus, outputs: Object.fromEntries(outputs) });
        }
      return found;
    },
    async template(stack) {
      const { TemplateBody } = await cloudFormation.send(
        new GetTemplateCommand({ StackName: stack, TemplateStage: 'Original' }),
      );
      return Template.parse(JSON.parse(TemplateBody ?? ''));
    },
    async connection(arn) {
      const found = await unless(
        ['ResourceNotFoundException'],
        new CloudControlClient(config).send(
          new GetResourceCommand({ TypeName: 'AWS::CodeConnections::Connection', Identifier: arn }),
        ),
      );
      if (found?.ResourceDescription?.Properties === undefined) return undefined;
      const { ConnectionName, ConnectionStatus } = Connection.parse(JSON.parse(found.ResourceDescription.Properties));
      return { name: ConnectionName, status: ConnectionStatus };
    },
    async setStackPolicy(stack, policy) {
      await cloudFormation.send(new SetStackPolicyCommand({ StackName: stack, StackPolicyBody: policy }));
    },
  };
}

function deploymentsOf(config: ClientConfig, home: ClientConfig, region: string): Pick<Account, 'runningDeployments'> {
  return {
    async runningDeployments() {
      const { account, arn } = await identity(home);
      const stateMachineArn = `arn:${arn.split(':')[1]}:states:${region}:${account}:stateMachine:${ORCHESTRATOR.stateMachine}`;
      const names: string[] = [];
      const pages = paginateListExecutions(
        { client: new SFNClient(config) },
        { stateMachineArn, statusFilter: 'RUNNING' },
      );
      try {
        for await (const { executions } of pages) names.push(...(executions ?? []).flatMap(({ name }) => name ?? []));
      } catch (error) {
        if (!isNamed(error, ['StateMachineDoesNotExist'])) throw error;
      }
      return names;
    },
  };
}

async function count<T>(pages: AsyncIterable<T>, items: (page: T) => readonly unknown[] | undefined): Promise<number> {
  let sum = 0;
  for await (const page of pages) sum += items(page)?.length ?? 0;
  return sum;
}

/** What AWS answers; undefined when an error of one of these names says that it does not exist. */
async function unless<T>(names: readonly string[], answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isNamed(error, names)) return undefined;
    throw error;
  }
}

function isNamed(error: unknown, names: readonly string[]): boolean {
  return error instanceof Error && names.includes(error.name);
}
