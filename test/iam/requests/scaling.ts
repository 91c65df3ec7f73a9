import type { CallRecord } from '@farol/local-aws/gateway/record.ts';
import type { Request } from '../evaluate.ts';
import { type Asks, arnOf, each, request, text, type World } from './call.ts';

/** The ARN of a scalable target ends in an id that AWS draws. */
const ANY_ID = '0ec5exampleid';

function onTarget(action: string, { params }: CallRecord, world: World): Request {
  return request(
    `application-autoscaling:${action}`,
    arnOf(world, 'application-autoscaling', `scalable-target/${ANY_ID}`),
    {
      'application-autoscaling:service-namespace': text(params, 'ServiceNamespace'),
      'application-autoscaling:scalable-dimension': text(params, 'ScalableDimension'),
    },
  );
}

/**
 * What Application Auto Scaling tries with the caller's rights before it does anything: the alarm calls without an alarm's
 * name. Application Auto Scaling User Guide, "Permissions validation for Application Auto Scaling API calls on target
 * resources" and "Permissions required for API actions on target services and CloudWatch". How it asks ECS is not written;
 * here it names the service.
 */
function validated({ params }: CallRecord, world: World): Request[] {
  const [kind, cluster, service] = text(params, 'ResourceId').split('/');
  if (kind !== 'service') throw new TypeError(`no ECS service is scaled: ${text(params, 'ResourceId')}`);
  const context = { 'ecs:cluster': arnOf(world, 'ecs', `cluster/${cluster}`) };
  const arn = arnOf(world, 'ecs', `service/${cluster}/${service}`);
  return [
    ...['DescribeServices', 'UpdateService'].map((action) => request(`ecs:${action}`, arn, context)),
    ...['PutMetricAlarm', 'DescribeAlarms', 'DeleteAlarms'].map((action) => request(`cloudwatch:${action}`, '*')),
  ];
}

/** Made by the first target of an account: "Service-linked roles for Application Auto Scaling". */
function serviceLinkedRole({ account }: World): Request {
  const service = 'ecs.application-autoscaling.amazonaws.com';
  const role = `aws-service-role/${service}/AWSServiceRoleForApplicationAutoScaling_ECSService`;
  return request('iam:CreateServiceLinkedRole', `arn:aws:iam::${account}:role/${role}`, {
    'iam:AWSServiceName': service,
  });
}

export const scaling: Record<string, Asks> = {
  RegisterScalableTarget: (call, world) => [
    onTarget('RegisterScalableTarget', call, world),
    ...(call.params['Tags'] === undefined ? [] : [onTarget('TagResource', call, world)]),
    serviceLinkedRole(world),
    ...validated(call, world),
  ],
  PutScalingPolicy: (call, world) => [onTarget('PutScalingPolicy', call, world), ...validated(call, world)],
  DeregisterScalableTarget: (call, world) => [onTarget('DeregisterScalableTarget', call, world)],
  ...each(['DescribeScalableTargets', 'DescribeScalingPolicies'], ({ operation }) => [
    request(`application-autoscaling:${operation}`, '*'),
  ]),
};
