import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { environmentsIn, resources, synthesized, templateOf } from './synthesized.ts';

const template = templateOf(synthesized(), 'web-production-service');

describe('the edge', () => {
  const Behaviour = z.looseObject({
    CachePolicyId: z.string(),
    ViewerProtocolPolicy: z.string(),
    AllowedMethods: z.array(z.string()),
    OriginRequestPolicyId: z.unknown(),
    PathPattern: z.string().optional(),
  });
  const Distribution = z.looseObject({
    DefaultCacheBehavior: Behaviour,
    CacheBehaviors: z.array(Behaviour),
    CustomErrorResponses: z.array(z.looseObject({ ErrorCode: z.int(), ErrorCachingMinTTL: z.int() })),
    WebACLId: z.unknown().optional(),
    Origins: z.array(z.looseObject({ VpcOriginConfig: z.unknown() })),
  });
  const [made] = Object.values(resources(template, 'AWS::CloudFront::Distribution'));
  const distribution = Distribution.parse(made?.Properties['DistributionConfig']);

  test('reaches the internal load balancer from inside the network', () => {
    expect(distribution.Origins).toHaveLength(1);
    template.hasResourceProperties('AWS::CloudFront::VpcOrigin', {
      VpcOriginEndpointConfig: {
        Arn: { Ref: Match.stringLikeRegexp('^LoadBalancer') },
        OriginProtocolPolicy: 'http-only',
        HTTPPort: 80,
      },
    });
    template.hasResourceProperties('AWS::EC2::SecurityGroupIngress', {
      SourcePrefixListId: 'pl-3b927c52',
      FromPort: 80,
    });
  });

  // CloudFront Developer Guide, "Use managed cache policies".
  const [UNCACHED, OPTIMIZED] = ['4135ea2d-6df8-44a3-9df3-4b5a84be39ad', '658327ea-f89d-4fab-a63d-7e88639e58f6'];

  test('caches no page, and static files as long as they say', () => {
    expect(distribution.DefaultCacheBehavior).toMatchObject({ CachePolicyId: UNCACHED });
    expect(distribution.CacheBehaviors).toMatchObject([{ PathPattern: '/static/*', CachePolicyId: OPTIMIZED }]);
    expect(distribution.DefaultCacheBehavior.AllowedMethods).toContain('POST');
  });

  test('keeps no error, since the other release may have what this one lacks', () => {
    for (const { ErrorCachingMinTTL } of distribution.CustomErrorResponses) expect(ErrorCachingMinTTL).toBe(0);
    expect(distribution.CustomErrorResponses.map(({ ErrorCode }) => ErrorCode)).toEqual(
      expect.arrayContaining([404, 502, 503, 504]),
    );
  });

  test('hands on what the user sent, Host included, and the protocol; and sends HTTP to HTTPS', () => {
    for (const one of [distribution.DefaultCacheBehavior, ...distribution.CacheBehaviors]) {
      expect(one.ViewerProtocolPolicy).toBe('redirect-to-https');
      expect(one.OriginRequestPolicyId).toEqual({ Ref: expect.stringMatching(/AsTheUserAsked/) });
    }
    template.hasResourceProperties('AWS::CloudFront::OriginRequestPolicy', {
      OriginRequestPolicyConfig: {
        HeadersConfig: { HeaderBehavior: 'allViewerAndWhitelistCloudFront', Headers: ['CloudFront-Forwarded-Proto'] },
        CookiesConfig: { CookieBehavior: 'all' },
        QueryStringsConfig: { QueryStringBehavior: 'all' },
      },
    });
  });

  test('has a firewall in production', () => {
    expect(distribution.WebACLId).toEqual({ 'Fn::GetAtt': [expect.stringMatching(/Firewall/), 'Arn'] });
    template.hasResourceProperties('AWS::WAFv2::WebACL', { Scope: 'CLOUDFRONT' });
  });

  test('lets bodies of more than 8 KB pass where the settings say so, and only that rule counts instead of blocking', () => {
    const overrides = (largeBodies?: boolean): unknown[] => {
      const environments = environmentsIn();
      const targets = environments.targets.map((one) => ({
        ...one,
        edge: { ...one.edge, ...(largeBodies !== undefined && { largeBodies }) },
      }));
      const own = templateOf(synthesized({ ...environments, targets }), 'web-production-service');
      const text = JSON.stringify(resources(own, 'AWS::WAFv2::WebACL'));
      return [...text.matchAll(/"Name":"(AWSManaged\w+)","RuleActionOverrides":(\[.*?\])/g)].map((one) => one.slice(1));
    };
    expect(overrides()).toEqual([]);
    expect(overrides(false)).toEqual([]);
    expect(overrides(true)).toEqual([
      ['AWSManagedRulesCommonRuleSet', '[{"ActionToUse":{"Count":{}},"Name":"SizeRestrictions_BODY"}]'],
    ]);
  });

  test('takes a name of one’s own', () => {
    const environments = environmentsIn();
    const domain = { name: 'www.example.com', zone: { id: 'Z0123456789', name: 'example.com' } };
    const targets = environments.targets.map((one) => ({ ...one, edge: { ...one.edge, domain } }));
    const own = templateOf(synthesized({ ...environments, targets }), 'web-production-service');
    own.hasResourceProperties('AWS::CloudFront::Distribution', {
      DistributionConfig: Match.objectLike({
        Aliases: ['www.example.com'],
        ViewerCertificate: Match.objectLike({ MinimumProtocolVersion: 'TLSv1.2_2021', SslSupportMethod: 'sni-only' }),
      }),
    });
    for (const Type of ['A', 'AAAA'])
      own.hasResourceProperties('AWS::Route53::RecordSet', { Type, Name: 'www.example.com.' });
  });
});
