import { ApplicationAutoScalingClient } from '@aws-sdk/client-application-auto-scaling';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { CodeBuildClient } from '@aws-sdk/client-codebuild';
import { CodePipelineClient } from '@aws-sdk/client-codepipeline';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ECRClient } from '@aws-sdk/client-ecr';
import { ECSClient } from '@aws-sdk/client-ecs';
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { IAMClient } from '@aws-sdk/client-iam';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SNSClient } from '@aws-sdk/client-sns';
import { SSMClient } from '@aws-sdk/client-ssm';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { AwsCredentialIdentityProvider } from '@smithy/types';
import { tokenInUserAgent } from './fencing.ts';

/**
 * Every call is tried five times, each for 4 s at most, and the client slows down when AWS throttles it: the buckets of ECS and Elastic
 * Load Balancing are the account's, and other targets deploy too (AWS SDKs and Tools Reference Guide, "Retry behavior", adaptive). A
 * change of AWS is given up earlier, so that what takes over a lock can rely on CHANGE_LASTS_SECONDS (aws/ecs-slot-control.ts). More
 * patience is the state machine's, whose retries read the token again.
 */
export const config = {
  // Powertools appends itself to the application id when it is imported; the id alone is what the record of calls names.
  userAgentAppId: process.env['AWS_SDK_UA_APP_ID']?.split('/PT/')[0] ?? 'farol',
  maxAttempts: 5,
  retryMode: 'adaptive',
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 4_000, throwOnRequestTimeout: true },
};

/** A value made when it is first asked for: a function pays only for the clients that it uses. */
function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** Every client that a function may come to need. @param credentials whose calls they make; left out, the function's own */
export function clientsOf(credentials?: AwsCredentialIdentityProvider) {
  const given = credentials === undefined ? config : { ...config, credentials };
  return {
    autoScaling: lazily(() => {
      const client = new ApplicationAutoScalingClient(given);
      client.middlewareStack.use(tokenInUserAgent());
      return client;
    }),
    cloudWatch: lazily(() => new CloudWatchClient(given)),
    codeBuild: lazily(() => new CodeBuildClient(given)),
    codePipeline: lazily(() => new CodePipelineClient(given)),
    dynamo: lazily(() =>
      DynamoDBDocumentClient.from(new DynamoDBClient(given), { marshallOptions: { removeUndefinedValues: true } }),
    ),
    ecr: lazily(() => new ECRClient(given)),
    ecs: lazily(() => {
      const client = new ECSClient(given);
      client.middlewareStack.use(tokenInUserAgent());
      return client;
    }),
    iam: lazily(() => new IAMClient(given)),
    /** Waits as long as a target's own function may take. It changes no slot and no traffic, so the bound above is not concerned. */
    lambda: lazily(
      () =>
        new LambdaClient({
          ...given,
          // One of 25 s is as much as a function waits for another one.
          maxAttempts: 1,
          requestHandler: { ...given.requestHandler, requestTimeout: 25_000 },
        }),
    ),
    loadBalancing: lazily(() => {
      const client = new ElasticLoadBalancingV2Client(given);
      client.middlewareStack.use(tokenInUserAgent());
      return client;
    }),
    logs: lazily(() => new CloudWatchLogsClient(given)),
    secrets: lazily(() => new SecretsManagerClient(given)),
    sns: lazily(() => new SNSClient(given)),
    ssm: lazily(() => new SSMClient(given)),
    stepFunctions: lazily(() => new SFNClient(given)),
  };
}

/** Clients that call with the function's own role. */
export const clients = clientsOf();
