import { ArnFormat, type Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { ISecurityGroup, IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import { Effect, PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, type Code, Function, type IVersion, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

export interface DeployFunctionProps {
  /** Its folder below functions/. */
  readonly folder: string;
  /** Its name in the account, and in the user agent of its calls. */
  readonly name: string;
  /** Its role's name, where others must name it; left out, CloudFormation draws one. */
  readonly roleName?: string;
  /** The asset that all functions share, see {@link functionCode}. */
  readonly code: Code;
  readonly timeout: Duration;
  /** Everything that the function may do besides writing its log and its traces. */
  readonly permissions: readonly PolicyStatement[];
  readonly environment: Record<string, string>;
  readonly logRetention: RetentionDays;
  /** Where it stands if it must reach what is inside a network. */
  readonly network?: { readonly vpc: IVpc; readonly subnets: SubnetSelection; readonly securityGroup: ISecurityGroup };
}

/** A function of Farol with a role, a log group and published versions of its own. */
export class DeployFunction extends Construct {
  readonly function: Function;

  constructor(scope: Construct, id: string, props: DeployFunctionProps) {
    super(scope, id);
    const { name, network } = props;
    const logGroup = new LogGroup(this, 'Log', {
      logGroupName: `/aws/lambda/${name}`,
      retention: props.logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, 'Role', {
      ...(props.roleName !== undefined && { roleName: props.roleName }),
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `What ${name} may do`,
      inlinePolicies: {
        own: new PolicyDocument({
          statements: [
            new PolicyStatement({
              actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
              resources: [
                Stack.of(this).formatArn({
                  service: 'logs',
                  resource: `log-group:/aws/lambda/${name}:*`,
                  arnFormat: ArnFormat.NO_RESOURCE_NAME,
                }),
              ],
            }),
            new PolicyStatement({
              actions: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'],
              resources: ['*'],
            }),
          ],
        }),
        ...(network && { network: new PolicyDocument({ statements: inNetwork(this, name) }) }),
        ...(props.permissions.length > 0 && { work: new PolicyDocument({ statements: [...props.permissions] }) }),
      },
    });
    this.function = new Function(this, 'Function', {
      functionName: name,
      code: props.code,
      handler: `${props.folder}/handler.handler`,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: 512,
      timeout: props.timeout,
      tracing: Tracing.ACTIVE,
      logGroup,
      ...(network && { vpc: network.vpc, vpcSubnets: network.subnets, securityGroups: [network.securityGroup] }),
      // Nothing is added behind the back of what is written above.
      role: role.withoutPolicyUpdates(),
      environment: {
        ...props.environment,
        // The SDK puts it into the user agent of every call, so that the record of calls names the caller.
        AWS_SDK_UA_APP_ID: name,
        POWERTOOLS_SERVICE_NAME: 'farol',
        NODE_OPTIONS: '--enable-source-maps',
      },
      // A deployment that runs while Farol is upgraded ends on the versions that it began with.
      currentVersionOptions: { removalPolicy: RemovalPolicy.RETAIN },
    });
  }

  /** The published version of the code and configuration as they are now. */
  get version(): IVersion {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- CDK does not tell absent members from undefined ones, the strict types here do
    return this.function.currentVersion as IVersion;
  }
}

/**
 * What Lambda needs of a function's role to put it into a network, denied to the function's own code.
 * Lambda Developer Guide, "Giving Lambda functions access to resources in an Amazon VPC".
 */
function inNetwork(scope: Construct, name: string): PolicyStatement[] {
  const actions = [
    'ec2:CreateNetworkInterface',
    'ec2:DescribeNetworkInterfaces',
    'ec2:DescribeSubnets',
    'ec2:DeleteNetworkInterface',
    'ec2:AssignPrivateIpAddresses',
    'ec2:UnassignPrivateIpAddresses',
  ];
  const functionArn = Stack.of(scope).formatArn({
    service: 'lambda',
    resource: 'function',
    resourceName: name,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
  return [
    new PolicyStatement({ actions, resources: ['*'] }),
    new PolicyStatement({
      effect: Effect.DENY,
      actions,
      resources: ['*'],
      conditions: { ArnEquals: { 'lambda:SourceFunctionArn': functionArn } },
    }),
  ];
}
