import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { InstanceType } from 'aws-cdk-lib/aws-ec2';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import {
  CaCertificate,
  Credentials,
  DatabaseInstance,
  DatabaseInstanceEngine,
  PostgresEngineVersion,
  StorageType,
} from 'aws-cdk-lib/aws-rds';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { EnvironmentTarget } from '../environment-schema.ts';
import type { Network } from './network.ts';

export interface DatabaseProps extends Readonly<EnvironmentTarget['database']> {
  /** Its name in the account. */
  readonly identifier: string;
  readonly logRetention: RetentionDays;
  readonly secretName: string;
  readonly network: Network;
  readonly deletionProtection: boolean;
}

/** RDS User Guide, "Publishing PostgreSQL logs to Amazon CloudWatch Logs". */
const LOGS = ['postgresql', 'upgrade'] as const;

/** PostgreSQL on RDS in subnets without a way out, with a generated password that only its secret knows. */
export class Database extends Construct {
  readonly secret: ISecret;
  /** Where the application finds it. */
  readonly environment: Record<'POSTGRES_HOST' | 'POSTGRES_PORT' | 'POSTGRES_NAME', string>;
  /** The application's credentials, as ECS writes a member of a secret: `<ARN>:<member>::`. */
  readonly secrets: Record<'POSTGRES_USER' | 'POSTGRES_PASSWORD', string>;

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
      credentials: Credentials.fromGeneratedSecret('farol', { secretName: props.secretName }),
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
      },
      deletionProtection: props.deletionProtection,
      removalPolicy: props.deletionProtection ? RemovalPolicy.RETAIN : RemovalPolicy.SNAPSHOT,
    });
    // RDS would make them itself, and they would be kept for ever.
    instance.node.addDependency(...logGroups);
    if (instance.secret === undefined) throw new TypeError('the database has no secret');
    this.secret = instance.secret;
    this.environment = {
      POSTGRES_HOST: instance.dbInstanceEndpointAddress,
      POSTGRES_PORT: instance.dbInstanceEndpointPort,
      POSTGRES_NAME: props.name,
    };
    const member = (name: string) => `${this.secret.secretArn}:${name}::`;
    this.secrets = { POSTGRES_USER: member('username'), POSTGRES_PASSWORD: member('password') };
  }
}
