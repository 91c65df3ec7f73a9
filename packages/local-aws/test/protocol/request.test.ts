import { encode } from 'cborg';
import { describe, expect, test } from 'vitest';
import { ServiceModel } from '../../src/protocol/model.ts';
import { readQuery } from '../../src/protocol/query.ts';
import { type HttpRequest, readParams, resolveCall } from '../../src/protocol/request.ts';
import { models } from '../fixtures/gateway.ts';

function read(service: string, request: Partial<HttpRequest>, body: string | Uint8Array = '') {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const whole = { method: 'POST', url: '/', headers: {}, ...request };
  const call = resolveCall(models.get(service), whole, bytes);
  return { operation: call.operation.name, params: readParams(call, whole, bytes) };
}

describe('query', () => {
  test('lists of structures, numbers and booleans', () => {
    const body =
      'Action=ModifyRule&Version=2015-12-01&RuleArn=arn&Actions.member.1.Type=forward' +
      '&Actions.member.1.ForwardConfig.TargetGroups.member.2.TargetGroupArn=b' +
      '&Actions.member.1.ForwardConfig.TargetGroups.member.2.Weight=100' +
      '&Actions.member.1.ForwardConfig.TargetGroups.member.1.TargetGroupArn=a%2Bc' +
      '&Actions.member.1.ForwardConfig.TargetGroups.member.1.Weight=0' +
      '&Actions.member.1.ForwardConfig.TargetGroupStickinessConfig.Enabled=false';
    expect(read('elbv2', {}, body)).toEqual({
      operation: 'ModifyRule',
      params: {
        RuleArn: 'arn',
        Actions: [
          {
            Type: 'forward',
            ForwardConfig: {
              TargetGroups: [
                { TargetGroupArn: 'a+c', Weight: 0 },
                { TargetGroupArn: 'b', Weight: 100 },
              ],
              TargetGroupStickinessConfig: { Enabled: false },
            },
          },
        ],
      },
    });
  });

  test('maps, and the empty list that clients send as an empty text', () => {
    const body = 'Action=CreateTopic&Name=t&Attributes.entry.1.key=DisplayName&Attributes.entry.1.value=T&Tags=';
    expect(read('sns', {}, body).params).toEqual({ Name: 't', Attributes: { DisplayName: 'T' }, Tags: [] });
  });

  test('flattened lists and maps', () => {
    const service = new ServiceModel('tiny', {
      metadata: { apiVersion: '1', protocol: 'query' },
      operations: {},
      shapes: {
        Input: {
          type: 'structure',
          members: { Names: { shape: 'Names' }, Labels: { shape: 'Labels', flattened: true, locationName: 'Label' } },
        },
        Names: { type: 'list', member: { shape: 'Text', locationName: 'Name' }, flattened: true },
        Labels: { type: 'map', key: { shape: 'Text', locationName: 'K' }, value: { shape: 'Text', locationName: 'V' } },
        Text: { type: 'string' },
      },
    });
    const form = new URLSearchParams('Name.1=a&Name.2=b&Label.1.K=x&Label.1.V=y');
    expect(readQuery(service.shape('Input'), form)).toEqual({ Names: ['a', 'b'], Labels: { x: 'y' } });
  });

  test('keys that the model does not know stay, for the validation', () => {
    expect(read('elbv2', {}, 'Action=DescribeRules&Nonsense.member.1=x').params).toEqual({
      Nonsense: { member: { '1': 'x' } },
    });
  });

  test('an action that the service does not have', () => {
    expect(() => read('elbv2', {}, 'Action=Fly')).toThrow('The action Fly is not valid for elbv2');
  });
});

test('JSON: timestamps, blobs, absent members', () => {
  const headers = { 'x-amz-target': 'Logs_20140328.PutLogEvents' };
  const body = JSON.stringify({ logGroupName: 'g', logEvents: [{ timestamp: 5, message: 'm' }], sequenceToken: null });
  expect(read('logs', { headers }, body)).toEqual({
    operation: 'PutLogEvents',
    params: { logGroupName: 'g', logEvents: [{ timestamp: 5, message: 'm' }] },
  });
  const metric = { 'x-amz-target': 'GraniteServiceVersion20100801.PutMetricData' };
  const data = JSON.stringify({ Namespace: 'n', MetricData: [{ MetricName: 'm', Timestamp: 1700000000.5 }] });
  expect(read('cloudwatch', { headers: metric }, data).params).toEqual({
    Namespace: 'n',
    MetricData: [{ MetricName: 'm', Timestamp: new Date(1700000000500) }],
  });
});

test('JSON that cannot be read', () => {
  const headers = { 'x-amz-target': 'AmazonEC2ContainerServiceV20141113.ListTasks' };
  expect(() => read('ecs', { headers }, '{')).toThrow('the body cannot be read');
  expect(() => read('ecs', { headers }, '[]')).toThrow('not an object');
});

test('CBOR, as botocore sends it to CloudWatch', () => {
  const url = '/service/GraniteServiceVersion20100801/operation/PutMetricData';
  const body = encode({ Namespace: 'n', MetricData: [{ MetricName: 'm', Value: 1.5 }] });
  expect(read('cloudwatch', { url, headers: { 'smithy-protocol': 'rpc-v2-cbor' } }, body)).toEqual({
    operation: 'PutMetricData',
    params: { Namespace: 'n', MetricData: [{ MetricName: 'm', Value: 1.5 }] },
  });
});

describe('rest', () => {
  test('Lambda: labels, headers, query string and a body that is one member', () => {
    const url = '/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A0%3Afunction%3Af/invocations?Qualifier=3';
    expect(read('lambda', { url, headers: { 'x-amz-invocation-type': 'Event' } }, '{"a":1}')).toEqual({
      operation: 'Invoke',
      params: {
        FunctionName: 'arn:aws:lambda:us-east-1:0:function:f',
        InvocationType: 'Event',
        Qualifier: '3',
        Payload: Buffer.from('{"a":1}'),
      },
    });
  });

  test.each([
    ['GET', '/', {}, 'ListBuckets', {}],
    ['PUT', '/b', {}, 'CreateBucket', { Bucket: 'b' }],
    ['HEAD', '/b', {}, 'HeadBucket', { Bucket: 'b' }],
    ['GET', '/b?list-type=2&prefix=p', {}, 'ListObjectsV2', { Bucket: 'b', Prefix: 'p' }],
    ['GET', '/b?tagging', {}, 'GetBucketTagging', { Bucket: 'b' }],
    ['GET', '/b?location', {}, 'GetBucketLocation', { Bucket: 'b' }],
    ['PUT', '/b/a%20b/c', {}, 'PutObject', { Bucket: 'b', Key: 'a b/c' }],
    ['PUT', '/b/k', { 'x-amz-copy-source': 'b/j' }, 'CopyObject', { Bucket: 'b', Key: 'k', CopySource: 'b/j' }],
    ['PUT', '/b/k?partNumber=2&uploadId=u', {}, 'UploadPart', { Bucket: 'b', Key: 'k', PartNumber: 2, UploadId: 'u' }],
    ['POST', '/b/k?uploads', {}, 'CreateMultipartUpload', { Bucket: 'b', Key: 'k' }],
    ['GET', '/b/k', {}, 'GetObject', { Bucket: 'b', Key: 'k' }],
    ['PUT', '/b/k', { 'x-amz-meta-who': 'me' }, 'PutObject', { Bucket: 'b', Key: 'k', Metadata: { who: 'me' } }],
  ] as const)('S3: %s %s', (method, url, headers, operation, params) => {
    const request = { method, url, headers };
    const call = resolveCall(models.get('s3'), request, undefined);
    expect({ operation: call.operation.name, params: readParams(call, request, undefined) }).toEqual({
      operation,
      params,
    });
  });

  test('a path that the service does not have', () => {
    expect(() => read('lambda', { method: 'GET', url: '/nowhere' })).toThrow(
      'lambda has no operation for GET /nowhere',
    );
  });
});
