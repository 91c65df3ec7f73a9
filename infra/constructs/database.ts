import { ArnFormat, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { InstanceType } from 'aws-cdk-lib/aws-ec2';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import {
  CaCertificate,
  CfnDBInstance,
  Credentials,
  DatabaseInstance,
  DatabaseInstanceEngine,
  PostgresEngineVersion,
  StorageType,
} from 'aws-cdk-lib/aws-rds';
import { Construct } from 'constructs';
import type { EnvironmentTarget } from '../environments/schema.ts';
import { DATABASE_MASTER, databaseRoles } from '../names.ts';
import type { Network } from './network.ts';

export interface DatabaseProps extends Readonly<EnvironmentTarget['database']> {
  /** Its name in the account. */
  readonly identifier: string;
  readonly logRetention: RetentionDays;
  readonly network: Network;
  readonly deletionProtection: boolean;
}

/** RDS User Guide, "Publishing PostgreSQL logs to Amazon CloudWatch Logs". */
const LOGS = ['postgresql', 'upgrade'] as const;

/**
 * Checking tokens takes 300 to 1000 MiB beside the database; where that is not there, its buffers are to be smaller (RDS User
 * Guide, "IAM database authentication", Limitations). In blocks of 8 KiB: 64 MiB instead of a quarter of the memory.
 */
const SMALL_BUFFERS = { shared_buffers: '8192' };

/** Who a task is in the database, and what its role must allow for that. */
interface DatabaseUser {
  readonly environment: Readonly<Record<string, string>>;
  readonly mayConnect: PolicyStatement;
}

/**
 * PostgreSQL on RDS in subnets without a way out, and without a password: clients prove by IAM who they are
 * (docs/adr/0018-a-database-without-passwords.md).
 */
export class Database extends Construct {
  /** Where it is, and how one is let in. */
  readonly environment: Readonly<Record<string, string>>;
  readonly users: Readonly<Record<'application' | 'migrator' | 'planner' | 'master', DatabaseUser>>;

  constructor(scope: Construct, id: string, props: DatabaseProps) {
    super(scope, id);
    const logGroups = LOGS.map(
      (log) =>
        new LogGroup(this, `${log}Log`, {
          logGroupName: `/aws/rds/instance/${props.identifier}/${log}`,
          retention: props.logRetention,
          removalPolicy: RemovalPolicy.DESTROY,
        }),
    );
    const instance = new DatabaseInstance(this, 'Instance', {
      instanceIdentifier: props.identifier,
      engine: DatabaseInstanceEngine.postgres({
        version: PostgresEngineVersion.of(props.version, props.version),
      }),
      instanceType: new InstanceType(props.instance),
      vpc: props.network.vpc,
      vpcSubnets: props.network.databaseSubnets,
      securityGroups: [props.network.databaseGroup],
      publiclyAccessible: false,
      credentials: Credentials.fromUsername(DATABASE_MASTER),
      // Keeps CDK from making a password; that RDS makes none either stands below.
      manageMasterUserPassword: true,
      iamAuthentication: true,
      databaseName: props.name,
      port: 5432,
      multiAz: props.multiZone,
      allocatedStorage: props.storageGiB,
      maxAllocatedStorage: props.storageMaxGiB,
      storageType: StorageType.GP3,
      storageEncrypted: true,
      backupRetention: Duration.days(props.backupDays),
      copyTagsToSnapshot: true,
      autoMinorVersionUpgrade: true,
      deleteAutomatedBackups: !props.deletionProtection,
      caCertificate: CaCertificate.RDS_CA_RSA2048_G1,
      cloudwatchLogsExports: [...LOGS],
      parameters: {
        // Nobody talks to it in clear. RDS User Guide, "Requiring an SSL connection to a PostgreSQL DB instance".
        'rds.force_ssl': '1',
        // What a slow release is asked about first: who waited for a lock, and what took longer than a second.
        log_lock_waits: '1',
        log_min_duration_statement: '1000',
        ...(props.instance.endsWith('.micro') && SMALL_BUFFERS),
      },
      deletionProtection: props.deletionProtection,
      removalPolicy: props.deletionProtection ? RemovalPolicy.RETAIN : RemovalPolicy.SNAPSHOT,
    });
    // RDS would make them itself, and they would be kept for ever.
    instance.node.addDependency(...logGroups);
    // RDS API, CreateDBInstance: for PostgreSQL, instead of a password of any kind. CDK's construct does not know it yet.
    const resource = instance.node.defaultChild;
    if (!(resource instanceof CfnDBInstance)) throw new TypeError('the database has no AWS::RDS::DBInstance');
    resource.manageMasterUserPassword = undefined;
    resource.masterUserAuthenticationType = 'iam-db-auth';

    const stack = Stack.of(this);
    const instanceId = instance.instanceResourceId ?? '';
    const roles = databaseRoles(props.name);
    const user = (name: string, more: Record<string, string> = {}): DatabaseUser => ({
      environment: { POSTGRES_USER: name, ...more },
      mayConnect: new PolicyStatement({
        actions: ['rds-db:connect'],
        resources: [
          // RDS User Guide, "Creating and using an IAM policy for IAM database access".
          stack.formatArn({
            service: 'rds-db',
            resource: 'dbuser',
            resourceName: `${instanceId}/${name}`,
            arnFormat: ArnFormat.COLON_RESOURCE_NAME,
          }),
        ],
      }),
    });
    this.environment = {
      POSTGRES_HOST: instance.dbInstanceEndpointAddress,
      POSTGRES_PORT: instance.dbInstanceEndpointPort,
      POSTGRES_NAME: props.name,
      POSTGRES_AUTH: 'iam',
      AWS_REGION: stack.region,
    };
    this.users = {
      application: user(roles.application),
      migrator: user(roles.migrator),
      planner: user(roles.planner),
      master: user(DATABASE_MASTER, {
        POSTGRES_OWNER: roles.owner,
        POSTGRES_MIGRATOR: roles.migrator,
        POSTGRES_APPLICATION: roles.application,
        POSTGRES_PLANNER: roles.planner,
      }),
    };
  }
}
