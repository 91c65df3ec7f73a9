import { CloudFormationClient, paginateListStackResources } from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient, paginateDescribeLogGroups } from '@aws-sdk/client-cloudwatch-logs';
import {
  DeleteNetworkInterfaceCommand,
  DeleteSecurityGroupCommand,
  EC2Client,
  paginateDescribeNetworkInterfaces,
  paginateDescribeSecurityGroups,
} from '@aws-sdk/client-ec2';
import {
  paginateDescribeDBInstanceAutomatedBackups,
  paginateDescribeDBSnapshots,
  RDSClient,
} from '@aws-sdk/client-rds';
import { DeleteObjectsCommand, ListObjectVersionsCommand, S3Client } from '@aws-sdk/client-s3';
import { DeleteSecretCommand, paginateListSecrets, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { LogGroup, NetworkInterface, RetainedResources, Snapshot } from '../destroy/ports.ts';
import { Problem } from '../problem.ts';
import { clientConfig } from './clients.ts';

/** How the group begins that CloudFront makes in a network for its VPC origins, and manages itself. */
const CLOUDFRONT_GROUP = 'CloudFront-VPCOrigins-Service-SG';

/** What an environment leaves in an account. */
export function retainedResources(region: string): RetainedResources {
  const config = clientConfig(region);
  const cloudFormation = new CloudFormationClient(config);
  const ec2 = new EC2Client(config);
  const rds = new RDSClient(config);
  const s3 = new S3Client(config);
  const secretsManager = new SecretsManagerClient(config);

  /** Physical ids of a stack's resources of a type that are still there. */
  async function resources(stack: string, type: string): Promise<string[]> {
    const found: string[] = [];
    for await (const page of paginateListStackResources({ client: cloudFormation }, { StackName: stack }))
      for (const { ResourceType, ResourceStatus, PhysicalResourceId } of page.StackResourceSummaries ?? [])
        if (ResourceType === type && ResourceStatus !== 'DELETE_COMPLETE' && PhysicalResourceId !== undefined)
          found.push(PhysicalResourceId);
    return found;
  }

  return {
    async emptyBuckets(stack) {
      const buckets = await resources(stack, 'AWS::S3::Bucket');
      for (const Bucket of buckets)
        for (;;) {
          // Always the first page: what was on it is gone when it is asked for again.
          const { Versions, DeleteMarkers } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
          const Objects = [...(Versions ?? []), ...(DeleteMarkers ?? [])].map(({ Key, VersionId }) => ({
            Key,
            VersionId,
          }));
          if (Objects.length === 0) break;
          const { Errors } = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }));
          const [refused] = Errors ?? [];
          if (refused !== undefined)
            throw new Problem(
              `S3 does not delete ${refused.Key} in ${Bucket}: ${refused.Message}`,
              'Delete it in the S3 console, then repeat the command.',
            );
        }
      return buckets;
    },
    async inNetwork(stack) {
      const networks = await resources(stack, 'AWS::EC2::VPC');
      if (networks.length === 0) return { interfaces: [], groups: [] };
      const own = new Set(await resources(stack, 'AWS::EC2::SecurityGroup'));
      const Filters = [{ Name: 'vpc-id', Values: networks }];
      const interfaces: NetworkInterface[] = [];
      for await (const page of paginateDescribeNetworkInterfaces({ client: ec2 }, { Filters }))
        for (const { NetworkInterfaceId: id = '', Description: description = '', Status } of page.NetworkInterfaces ??
          [])
          interfaces.push({ id, description, inUse: Status !== 'available' });
      const groups: { id: string; name: string }[] = [];
      for await (const page of paginateDescribeSecurityGroups({ client: ec2 }, { Filters }))
        for (const { GroupId: id = '', GroupName: name = '' } of page.SecurityGroups ?? [])
          if (name.startsWith(CLOUDFRONT_GROUP) && !own.has(id)) groups.push({ id, name });
      return { interfaces, groups };
    },
    async clearNetwork({ interfaces, groups }) {
      for (const { id } of interfaces) await ec2.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId: id }));
      for (const { id } of groups) await ec2.send(new DeleteSecurityGroupCommand({ GroupId: id }));
    },
    async snapshots(database) {
      const found: Snapshot[] = [];
      // Those that RDS makes day by day go with the database, or stay as its automated backups.
      const input = { DBInstanceIdentifier: database, SnapshotType: 'manual' };
      for await (const page of paginateDescribeDBSnapshots({ client: rds }, input))
        for (const { DBSnapshotIdentifier: id = '', AllocatedStorage: gibibytes = 0 } of page.DBSnapshots ?? [])
          found.push({ id, gibibytes });
      return found;
    },
    async automatedBackups(database) {
      const found: Snapshot[] = [];
      const input = { DBInstanceIdentifier: database };
      for await (const page of paginateDescribeDBInstanceAutomatedBackups({ client: rds }, input))
        for (const { DbiResourceId: id = '', AllocatedStorage: gibibytes = 0 } of page.DBInstanceAutomatedBackups ?? [])
          found.push({ id, gibibytes });
      return found;
    },
    async logGroups(prefix) {
      const found: LogGroup[] = [];
      const pages = paginateDescribeLogGroups(
        { client: new CloudWatchLogsClient(config) },
        { logGroupNamePrefix: prefix },
      );
      for await (const { logGroups } of pages)
        found.push(
          ...(logGroups ?? []).map(({ logGroupName: name = '', storedBytes: bytes = 0 }) => ({ name, bytes })),
        );
      return found;
    },
    async secrets(prefix) {
      const found: string[] = [];
      const Filters = [{ Key: 'name' as const, Values: [prefix] }];
      for await (const { SecretList } of paginateListSecrets({ client: secretsManager }, { Filters }))
        found.push(...(SecretList ?? []).flatMap(({ ARN }) => ARN ?? []));
      return found;
    },
    async removeSecret(name) {
      await secretsManager.send(new DeleteSecretCommand({ SecretId: name, ForceDeleteWithoutRecovery: true }));
    },
  };
}
