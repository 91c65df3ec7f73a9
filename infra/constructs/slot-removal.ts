import { ArnFormat, CustomResource, Duration, Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Code } from 'aws-cdk-lib/aws-lambda';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { REMOVE_SLOTS, type TargetNames } from '#core/contract/target-names.ts';
import { DeployFunction } from './deploy-function.ts';

export interface SlotRemovalProps {
  readonly names: TargetNames;
  /** ARN of the listener that converge puts the production rule on. */
  readonly listener: string;
  readonly code: Code;
  readonly logRetention: RetentionDays;
}

/**
 * Empties and removes the slots when the stack is deleted; CloudFormation knows of none of them. Whatever the slots need
 * must be deleted after it, and whatever starts deployments before: let it depend on the one and the other on it.
 */
export class SlotRemoval extends Construct {
  constructor(scope: Construct, id: string, props: SlotRemovalProps) {
    super(scope, id);
    const { slug, removeSlots } = props.names;
    const removal = new DeployFunction(this, 'Remove', {
      folder: REMOVE_SLOTS,
      name: removeSlots,
      code: props.code,
      // Lambda's longest is 15 minutes; tasks have two to stop (Fargate) after their targets were let go.
      timeout: Duration.minutes(14),
      permissions: permissions(Stack.of(this), slug),
      environment: {},
      logRetention: props.logRetention,
    });
    new CustomResource(this, 'Slots', {
      resourceType: 'Custom::FarolSlots',
      serviceToken: removal.function.functionArn,
      serviceTimeout: Duration.minutes(15),
      properties: { cluster: slug, listener: props.listener },
    });
  }
}

function permissions(stack: Stack, slug: string): PolicyStatement[] {
  const arn = (service: string, resource: string, resourceName: string) =>
    stack.formatArn({ service, resource, resourceName, arnFormat: ArnFormat.SLASH_RESOURCE_NAME });
  const inCluster = { ArnEquals: { 'ecs:cluster': arn('ecs', 'cluster', slug) } };
  return [
    // Neither takes a resource that Fargate has: the cluster limits them.
    new PolicyStatement({ actions: ['ecs:ListServices', 'ecs:ListTasks'], resources: ['*'], conditions: inCluster }),
    new PolicyStatement({
      actions: ['ecs:DescribeTasks'],
      resources: [arn('ecs', 'task', `${slug}/*`)],
      conditions: inCluster,
    }),
    new PolicyStatement({
      actions: ['ecs:DeleteService'],
      resources: [arn('ecs', 'service', `${slug}/*`)],
      conditions: inCluster,
    }),
    // DescribeRules takes no resource.
    new PolicyStatement({ actions: ['elasticloadbalancing:DescribeRules'], resources: ['*'] }),
    new PolicyStatement({
      actions: ['elasticloadbalancing:DeleteRule'],
      resources: [arn('elasticloadbalancing', 'listener-rule', `app/${slug}/*`)],
    }),
    // The ARN of a scalable target ends in an id that AWS draws.
    new PolicyStatement({
      actions: ['application-autoscaling:DeregisterScalableTarget'],
      resources: [arn('application-autoscaling', 'scalable-target', '*')],
      conditions: { StringEquals: { 'application-autoscaling:service-namespace': 'ecs' } },
    }),
  ];
}
