import { ArnFormat, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IVersion } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { DefinitionBody, LogLevel, StateMachine, StateMachineType } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import * as z from 'zod';
import { ORCHESTRATOR } from '../names.ts';

export interface ReleaseWorkflowProps {
  /** Text of the state machine in Amazon States Language; `${Name}` stands for the version of a function. */
  readonly definition: string;
  /** The version that stands for each `${Name}`. */
  readonly functions: Readonly<Record<string, IVersion>>;
  readonly logRetention: RetentionDays;
}

const PROPS: readonly string[] = ['definition', 'functions', 'logRetention'] satisfies (keyof ReleaseWorkflowProps)[];
const Definition = z.looseObject({ Comment: z.string().min(1), TimeoutSeconds: z.int().positive() });

/**
 * The state machine, as written in a file. It is refused when it has no comment or timeout of its own: those of CDK's
 * StateMachine are dropped without a word when the definition is text.
 */
export class ReleaseWorkflow extends Construct {
  readonly stateMachine: StateMachine;

  constructor(scope: Construct, id: string, props: ReleaseWorkflowProps) {
    super(scope, id);
    refuseUnknownProps(props);
    const definition = Definition.safeParse(JSON.parse(props.definition));
    if (!definition.success) throw new TypeError(`state machine: ${z.prettifyError(definition.error)}`);
    refuseLooseEnds(props.definition, Object.keys(props.functions));

    const stack = Stack.of(this);
    const name = ORCHESTRATOR.stateMachine;
    const logGroup = new LogGroup(this, 'Log', {
      logGroupName: ORCHESTRATOR.stateMachineLogGroup,
      retention: props.logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const arn = stack.formatArn({
      service: 'states',
      resource: 'stateMachine',
      resourceName: name,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    const role = new Role(this, 'Role', {
      // Against the confused deputy: only this state machine may use the role. Step Functions Developer Guide, "Creating an IAM role for your state machine".
      assumedBy: new ServicePrincipal('states.amazonaws.com', {
        conditions: {
          StringEquals: { 'aws:SourceAccount': stack.account },
          ArnLike: { 'aws:SourceArn': arn },
        },
      }),
      description: `What ${name} may do`,
      inlinePolicies: {
        work: new PolicyDocument({
          statements: [
            new PolicyStatement({
              actions: ['lambda:InvokeFunction'],
              // Every version: an execution that began before an upgrade goes on with those it began with.
              resources: Object.values(props.functions).map((version) => `${version.lambda.functionArn}:*`),
            }),
            // Neither takes a resource. Step Functions Developer Guide, "Logging in CloudWatch Logs" and "X-Ray tracing".
            new PolicyStatement({
              actions: [
                'logs:CreateLogDelivery',
                'logs:GetLogDelivery',
                'logs:UpdateLogDelivery',
                'logs:DeleteLogDelivery',
                'logs:ListLogDeliveries',
                'logs:PutResourcePolicy',
                'logs:DescribeResourcePolicies',
                'logs:DescribeLogGroups',
              ],
              resources: ['*'],
            }),
            new PolicyStatement({
              actions: [
                'xray:PutTraceSegments',
                'xray:PutTelemetryRecords',
                'xray:GetSamplingRules',
                'xray:GetSamplingTargets',
              ],
              resources: ['*'],
            }),
          ],
        }),
      },
    });
    this.stateMachine = new StateMachine(this, 'StateMachine', {
      stateMachineName: name,
      stateMachineType: StateMachineType.STANDARD,
      definitionBody: DefinitionBody.fromString(props.definition),
      definitionSubstitutions: Object.fromEntries(
        Object.entries(props.functions).map(([key, version]) => [key, version.functionArn]),
      ),
      role: role.withoutPolicyUpdates(),
      tracingEnabled: true,
      // Without the data of the executions: what goes through them is not for logs.
      logs: { destination: logGroup, level: LogLevel.ALL, includeExecutionData: false },
    });
  }
}

/** A prop that is not read must not look as if it did something, also where an object was spread into the props. */
function refuseUnknownProps(props: object): void {
  const unknown = Object.keys(props).filter((key) => !PROPS.includes(key));
  if (unknown.length > 0) {
    throw new TypeError(`state machine: ${unknown.join(', ')} would have no effect; write it into the definition`);
  }
}

/** Refuses a `${Name}` that nothing stands for, and a function that the definition never calls. */
function refuseLooseEnds(definition: string, known: readonly string[]): void {
  const used = new Set([...definition.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name));
  const missing = [...used].filter((name) => name === undefined || !known.includes(name));
  if (missing.length > 0) throw new TypeError(`state machine: nothing stands for ${missing.join(', ')}`);
  const unused = known.filter((name) => !used.has(name));
  if (unused.length > 0) throw new TypeError(`state machine: ${unused.join(', ')} is never called`);
}
