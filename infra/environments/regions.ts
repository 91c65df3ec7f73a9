/** What of a region a profile must name. */
export interface RegionFacts {
  /**
   * Managed prefix list `com.amazonaws.global.cloudfront.origin-facing`: the addresses by which CloudFront comes to a load balancer.
   * EC2 API, DescribeManagedPrefixLists; `npm run deploy` asks the account whether it is still so.
   */
  readonly prefixList: string;
  /** Letters of three zones. AWS names its zones for each account; the same check asks for these. */
  readonly zones: readonly [string, string, string];
}

/**
 * Regions that `starter` can be deployed to by their names alone. In others, give `network.zones` and `edge.prefixList` yourself, and no
 * budget where CloudFormation has none (eu-north-1).
 */
export const REGIONS = {
  'us-east-1': { prefixList: 'pl-3b927c52', zones: ['a', 'b', 'c'] },
  'us-east-2': { prefixList: 'pl-b6a144df', zones: ['a', 'b', 'c'] },
  'us-west-2': { prefixList: 'pl-82a045eb', zones: ['a', 'b', 'c'] },
  'sa-east-1': { prefixList: 'pl-5da64334', zones: ['a', 'b', 'c'] },
  'ca-central-1': { prefixList: 'pl-38a64351', zones: ['a', 'b', 'd'] },
  'eu-west-1': { prefixList: 'pl-4fa04526', zones: ['a', 'b', 'c'] },
  'eu-west-2': { prefixList: 'pl-93a247fa', zones: ['a', 'b', 'c'] },
  'eu-west-3': { prefixList: 'pl-75b1541c', zones: ['a', 'b', 'c'] },
  'eu-central-1': { prefixList: 'pl-a3a144ca', zones: ['a', 'b', 'c'] },
  'ap-south-1': { prefixList: 'pl-9aa247f3', zones: ['a', 'b', 'c'] },
  'ap-southeast-1': { prefixList: 'pl-31a34658', zones: ['a', 'b', 'c'] },
  'ap-southeast-2': { prefixList: 'pl-b8a742d1', zones: ['a', 'b', 'c'] },
  'ap-northeast-1': { prefixList: 'pl-58a04531', zones: ['a', 'c', 'd'] },
} as const satisfies Readonly<Record<string, RegionFacts>>;
export type Region = keyof typeof REGIONS;

/** Names of the region's first zones. */
export function zonesOf(region: Region, count: 2 | 3): string[] {
  return REGIONS[region].zones.slice(0, count).map((letter) => `${region}${letter}`);
}
