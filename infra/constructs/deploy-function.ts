import { ArnFormat, type Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, type Code, Function, type IVersion, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { type FunctionName, functionName } from '../names.ts';

export interface DeployFunctionProps {
  readonly name: FunctionName;
  /** The asset that all functions share, see {@link functionCode}. */
  readonly code: Code;
  readonly timeout: Duration;
  /** Everything that the function may do besides writing its log and its traces. */
  readonly permissions: readonly PolicyStatement[];
  readonly environment: Record<string, string>;
  readonly logRetention: RetentionDays;
}

/** A function of Farol with a role, a log group and published versions of its own. */
export class DeployFunction extends Construct {
  readonly function: Function;

  constructor(scope: Construct, id: string, props: DeployFunctionProps) {
    super(scope, id);
    const name = functionName(props.name);
    const logGroup = new LogGroup(this, 'Log', {
      logGroupName: `/aws/lambda/${name}`,
      retention: props.logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, 'Role', {
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
        ...(props.permissions.length > 0 && { work: new PolicyDocument({ statements: [...props.permissions] }) }),
      },
    });
    this.function = new Function(this, 'Function', {
      functionName: name,
      code: props.code,
      handler: `${props.name}/handler.handler`,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: 512,
      timeout: props.timeout,
      tracing: Tracing.ACTIVE,
      logGroup,
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
