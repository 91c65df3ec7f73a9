import { expect, test } from 'vitest';
import { detect } from '../../src/protocol/detect.ts';

function signed(name: string) {
  return {
    authorization: `AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/${name}/aws4_request, SignedHeaders=host, Signature=0`,
  };
}

test.each([
  ['ecs', 'ecs'],
  ['states', 'stepfunctions'],
  ['monitoring', 'cloudwatch'],
  ['elasticloadbalancing', 'elbv2'],
  ['application-autoscaling', 'application-autoscaling'],
])('signed for %s is %s', (signingName, service) => {
  const request = { method: 'POST', url: '/', headers: signed(signingName) };
  expect(detect(request)).toEqual({ kind: 'service', service, region: 'us-east-1' });
});

test('the older load balancer API is told by its version', () => {
  const request = { method: 'POST', url: '/', headers: signed('elasticloadbalancing') };
  const body = Buffer.from('Action=DescribeLoadBalancers&Version=2012-06-01');
  expect(detect(request, body)).toMatchObject({ service: 'elb' });
});

test.each([
  ['GET', '/v2/', {}, { kind: 'registry' }],
  ['PUT', '/v2/team/app/manifests/v1', {}, { kind: 'registry' }],
  ['GET', '/_ministack/health', {}, { kind: 'other' }],
  ['POST', '/', {}, { kind: 'other' }],
  ['GET', '/', { host: 'abc.lambda-url.us-east-1.on.aws' }, { kind: 'other' }],
  ['GET', '/bucket/key', {}, { kind: 'service', service: 's3', region: undefined }],
  [
    'GET',
    '/bucket/key?X-Amz-Credential=t%2F20260101%2Feu-west-1%2Fs3%2Faws4_request',
    {},
    { kind: 'service', service: 's3', region: 'eu-west-1' },
  ],
  [
    'POST',
    '/',
    { 'x-amz-target': 'AWSStepFunctions.StartExecution' },
    { kind: 'service', service: 'stepfunctions', region: undefined },
  ],
  ['POST', '/2015-03-31/functions/f/invocations', {}, { kind: 'service', service: 'lambda', region: undefined }],
] as const)('unsigned: %s %s %j', (method, url, headers, destination) => {
  expect(detect({ method, url, headers })).toEqual(destination);
});
