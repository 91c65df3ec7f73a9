import { CfnWebACL } from 'aws-cdk-lib/aws-wafv2';
import { Construct } from 'constructs';

export interface FirewallProps {
  /** The target in names. */
  readonly slug: string;
  /** Whether requests with a body of more than 8 KB pass: uploads, long forms. */
  readonly largeBodies: boolean;
}

/** AWS's rule groups that fit any web application (WAF Developer Guide, "AWS Managed Rules rule groups list"). */
const MANAGED = [
  'AWSManagedRulesAmazonIpReputationList',
  'AWSManagedRulesKnownBadInputsRuleSet',
  'AWSManagedRulesCommonRuleSet',
];

/**
 * The rule of the common rule set that blocks bodies of more than 8 KB. WAF Developer Guide, "Baseline rule groups", Core rule set.
 * Where they pass they are counted, and the other rules look at their beginning.
 */
const LARGE_BODIES = { ruleActionOverrides: [{ name: 'SizeRestrictions_BODY', actionToUse: { count: {} } }] };

/** Requests of one address in five minutes before it is turned away. */
const REQUESTS_OF_ONE_ADDRESS = 2000;

/** What CloudFront blocks: known attacks, addresses of bad repute, floods from one address. */
export class Firewall extends Construct {
  readonly arn: string;

  constructor(scope: Construct, id: string, { slug, largeBodies }: FirewallProps) {
    super(scope, id);
    const acl = new CfnWebACL(this, 'Acl', {
      name: slug,
      scope: 'CLOUDFRONT',
      defaultAction: { allow: {} },
      visibilityConfig: visibilityConfig(slug),
      rules: [
        {
          name: 'FloodOfOneAddress',
          priority: 0,
          action: { block: {} },
          statement: { rateBasedStatement: { limit: REQUESTS_OF_ONE_ADDRESS, aggregateKeyType: 'IP' } },
          visibilityConfig: visibilityConfig('FloodOfOneAddress'),
        },
        ...MANAGED.map((name, i) => ({
          name,
          priority: i + 1,
          overrideAction: { none: {} },
          statement: {
            managedRuleGroupStatement: {
              vendorName: 'AWS',
              name,
              ...(largeBodies && name === 'AWSManagedRulesCommonRuleSet' ? LARGE_BODIES : {}),
            },
          },
          visibilityConfig: visibilityConfig(name),
        })),
      ],
    });
    this.arn = acl.attrArn;
  }
}

function visibilityConfig(metricName: string): CfnWebACL.VisibilityConfigProperty {
  return { metricName, cloudWatchMetricsEnabled: true, sampledRequestsEnabled: true };
}
