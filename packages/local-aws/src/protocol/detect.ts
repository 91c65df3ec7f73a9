/** Which service a request is for, found without its body wherever possible. */

import { form, type HttpRequest, splitUrl } from './request.ts';

/** Where a request is going. */
export type Destination =
  | { readonly kind: 'service'; readonly service: string; readonly region: string | undefined }
  /** The registry protocol of containers (`/v2/`). */
  | { readonly kind: 'registry' }
  /** A function's own address, an execute-api host, an emulator's page: nothing that the models know. */
  | { readonly kind: 'other' };

/** Signing names that are not botocore's name of the service. */
const bySigningName: Readonly<Record<string, string>> = {
  states: 'stepfunctions',
  monitoring: 'cloudwatch',
  elasticloadbalancing: 'elbv2',
  email: 'sesv2',
  tagging: 'resourcegroupstaggingapi',
  'cloudformation-reg': 'cloudformation',
};

/** First parts of `X-Amz-Target`, for requests that carry no signature. */
const byTarget: readonly (readonly [prefix: string, service: string])[] = [
  ['AmazonEC2ContainerServiceV', 'ecs'],
  ['AnyScaleFrontendService', 'application-autoscaling'],
  ['DynamoDB_', 'dynamodb'],
  ['AmazonSSM', 'ssm'],
  ['AWSStepFunctions', 'stepfunctions'],
  ['AWSEvents', 'events'],
  ['AmazonEC2ContainerRegistry_V', 'ecr'],
  ['Logs_', 'logs'],
  ['GraniteServiceVersion', 'cloudwatch'],
  ['secretsmanager', 'secretsmanager'],
  ['CodeBuild_', 'codebuild'],
  ['CodePipeline_', 'codepipeline'],
  ['AmazonSQS', 'sqs'],
  ['TrentService', 'kms'],
];

const credentialScope = /Credential=[^/,\s]+\/\d{8}\/([^/]+)\/([^/]+)\/aws4_request/;

/** @param body the form of a query request, needed only to tell the two load balancer APIs apart */
export function detect(request: HttpRequest, body?: Uint8Array): Destination {
  const { path, query } = splitUrl(request.url);
  const host = request.headers.host ?? '';
  if (/\.(?:lambda-url|execute-api)\./.test(host)) return { kind: 'other' };
  const scope = credentialScope.exec(request.headers.authorization ?? '') ?? presigned(query);
  if (scope !== null) {
    const [, region, signingName = ''] = scope;
    return { kind: 'service', service: named(signingName, request, body), region };
  }
  if (path === '/v2' || path.startsWith('/v2/')) return { kind: 'registry' };
  const target = request.headers['x-amz-target'];
  if (typeof target === 'string') {
    const found = byTarget.find(([prefix]) => target.startsWith(prefix));
    if (found !== undefined) return { kind: 'service', service: found[1], region: undefined };
  }
  if (path.startsWith('/2015-03-31/functions/')) return { kind: 'service', service: 'lambda', region: undefined };
  const cbor = /^\/service\/(\w+?)V?\d*\/operation\//.exec(path);
  if (cbor?.[1] === 'GraniteServiceVersion') return { kind: 'service', service: 'cloudwatch', region: undefined };
  // A path that begins with an underscore is an emulator's or the gateway's own: no bucket is named so.
  if (/^\/[a-z0-9][a-z0-9.-]{2,62}(?:\/|$)/.test(path) && ['GET', 'HEAD', 'PUT', 'DELETE'].includes(request.method))
    return { kind: 'service', service: 's3', region: undefined };
  return { kind: 'other' };
}

function presigned(query: URLSearchParams): RegExpExecArray | null {
  const credential = query.get('X-Amz-Credential');
  return credential === null ? null : credentialScope.exec(`Credential=${credential}`);
}

function named(signingName: string, request: HttpRequest, body: Uint8Array | undefined): string {
  if (signingName === 'elasticloadbalancing' && form(request, body).get('Version') === '2012-06-01') return 'elb';
  return bySigningName[signingName] ?? signingName;
}
