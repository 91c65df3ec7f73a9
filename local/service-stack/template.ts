import { Runtime } from '@aws-sdk/client-lambda';
import * as z from 'zod';

const KeyValue = z.strictObject({ Key: z.string(), Value: z.string() });
const Tags = z.array(KeyValue).optional();

/**
 * The properties of what is made from a service stack's template. Strict on purpose: a property that the template has and
 * this does not know stops the start, instead of making a load balancer other than AWS's.
 */
export const Properties = {
  cluster: z.strictObject({
    ClusterName: z.string(),
    ClusterSettings: z.array(z.strictObject({ Name: z.literal('containerInsights'), Value: z.string() })).optional(),
    Tags,
  }),
  loadBalancer: z.strictObject({
    Name: z.string(),
    Type: z.literal('application'),
    Scheme: z.enum(['internal', 'internet-facing']),
    Subnets: z.array(z.string()),
    SecurityGroups: z.array(z.string()),
    LoadBalancerAttributes: z.array(KeyValue),
    Tags,
  }),
  targetGroup: z.strictObject({
    Name: z.string(),
    Protocol: z.literal('HTTP'),
    Port: z.int(),
    VpcId: z.string(),
    TargetType: z.literal('ip'),
    HealthCheckPath: z.string(),
    Matcher: z.strictObject({ HttpCode: z.string() }),
    TargetGroupAttributes: z.array(KeyValue),
    Tags,
  }),
  listener: z.strictObject({
    LoadBalancerArn: z.string(),
    Port: z.int(),
    Protocol: z.literal('HTTP'),
    DefaultActions: z.array(
      z.discriminatedUnion('Type', [
        z.strictObject({
          Type: z.literal('fixed-response'),
          FixedResponseConfig: z.strictObject({
            StatusCode: z.string(),
            ContentType: z.string(),
            MessageBody: z.string(),
          }),
        }),
        z.strictObject({ Type: z.literal('forward'), TargetGroupArn: z.string() }),
      ]),
    ),
    Tags,
  }),
  logGroup: z.strictObject({ LogGroupName: z.string(), RetentionInDays: z.int(), Tags }),
  secret: z.looseObject({
    Name: z.string(),
    GenerateSecretString: z.looseObject({ PasswordLength: z.int() }),
  }),
  /** CloudFormation names those that nothing else has to know. */
  role: z.looseObject({ RoleName: z.string().optional() }),
  function: z.looseObject({
    FunctionName: z.string(),
    Handler: z.string(),
    Runtime: z.enum(Runtime),
    Role: z.string(),
    Timeout: z.int(),
    MemorySize: z.int(),
    Code: z.strictObject({ S3Bucket: z.string(), S3Key: z.string() }),
    Environment: z.strictObject({ Variables: z.record(z.string(), z.string()) }),
  }),
  parameter: z.looseObject({ Name: z.string(), Value: z.string() }),
};

/** A template as CDK writes it: the members that matter here. */
export const Template = z.looseObject({
  Resources: z.record(
    z.string(),
    z.looseObject({ Type: z.string(), Properties: z.record(z.string(), z.unknown()).default({}) }),
  ),
});
export type Template = z.infer<typeof Template>;
