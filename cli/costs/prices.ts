/** A price of AWS in us-east-1, in US dollars, without tax. */
export interface Price {
  readonly usd: number;
  readonly per: string;
  /** AWS's page that says it, below https://aws.amazon.com/. */
  readonly page: string;
  /** Where and when the figure was read: the pages themselves show prices by script, so that most were read where they are quoted. */
  readonly seen: string;
}

const FARGATE = 'cloudburn.io, from the Price List API, 2026-03';
const DATABASE = 'infratally.com and usage.ai, quoting AWS, 2026-06';
const CLOUDWATCH = 'signoz.io 2026-02 and factualminds.com 2026-06, quoting AWS';
const MEMORY = 'not read again; as last known in 2025';

/** Every price that docs/costs.md uses. */
export const PRICES = {
  fargateVcpuHour: {
    usd: 0.03238,
    per: 'vCPU-hour, ARM64',
    page: 'fargate/pricing',
    seen: `${MEMORY} (a fifth below x86)`,
  },
  fargateGibHour: {
    usd: 0.00356,
    per: 'GiB-hour, ARM64',
    page: 'fargate/pricing',
    seen: `${MEMORY} (a fifth below x86)`,
  },
  fargateX86VcpuHour: { usd: 0.04048, per: 'vCPU-hour, x86', page: 'fargate/pricing', seen: FARGATE },
  fargateX86GibHour: { usd: 0.004445, per: 'GiB-hour, x86', page: 'fargate/pricing', seen: FARGATE },
  publicAddressHour: { usd: 0.005, per: 'public IPv4 address and hour', page: 'vpc/pricing', seen: MEMORY },
  natHour: { usd: 0.045, per: 'NAT gateway and hour', page: 'vpc/pricing', seen: MEMORY },
  natGib: { usd: 0.045, per: 'GB through a NAT gateway', page: 'vpc/pricing', seen: MEMORY },
  endpointHour: { usd: 0.01, per: 'interface endpoint, zone and hour', page: 'privatelink/pricing', seen: MEMORY },
  loadBalancerHour: {
    usd: 0.0225,
    per: 'load balancer and hour',
    page: 'elasticloadbalancing/pricing',
    seen: 'awsnegotiations.com, 2026-05',
  },
  loadBalancerUnitHour: {
    usd: 0.008,
    per: 'LCU-hour',
    page: 'elasticloadbalancing/pricing',
    seen: 'awsnegotiations.com, 2026-05',
  },
  databaseMicroHour: { usd: 0.016, per: 'db.t4g.micro and hour', page: 'rds/postgresql/pricing', seen: DATABASE },
  databaseSmallHour: { usd: 0.032, per: 'db.t4g.small and hour', page: 'rds/postgresql/pricing', seen: DATABASE },
  databaseMediumHour: { usd: 0.065, per: 'db.t4g.medium and hour', page: 'rds/postgresql/pricing', seen: DATABASE },
  databaseGibMonth: { usd: 0.115, per: 'GB of gp3 and month', page: 'rds/postgresql/pricing', seen: DATABASE },
  snapshotGibMonth: { usd: 0.095, per: 'GB of snapshot and month', page: 'rds/postgresql/pricing', seen: DATABASE },
  secretMonth: { usd: 0.4, per: 'secret and month', page: 'secrets-manager/pricing', seen: MEMORY },
  webAclMonth: { usd: 5, per: 'web ACL and month', page: 'waf/pricing', seen: 'c3x.dev and awsnegotiations.com, 2026' },
  webAclRuleMonth: {
    usd: 1,
    per: 'rule or rule group and month',
    page: 'waf/pricing',
    seen: 'c3x.dev and awsnegotiations.com, 2026',
  },
  webAclMillion: {
    usd: 0.6,
    per: 'million requests',
    page: 'waf/pricing',
    seen: 'c3x.dev and awsnegotiations.com, 2026',
  },
  logGib: { usd: 0.5, per: 'GB of logs taken in', page: 'cloudwatch/pricing', seen: CLOUDWATCH },
  logStorageGibMonth: { usd: 0.03, per: 'GB of logs kept and month', page: 'cloudwatch/pricing', seen: CLOUDWATCH },
  alarmMonth: { usd: 0.1, per: 'metric of an alarm and month', page: 'cloudwatch/pricing', seen: CLOUDWATCH },
  compositeAlarmMonth: { usd: 0.5, per: 'composite alarm and month', page: 'cloudwatch/pricing', seen: MEMORY },
  dashboardMonth: { usd: 3, per: 'dashboard and month', page: 'cloudwatch/pricing', seen: CLOUDWATCH },
  metricMonth: { usd: 0.3, per: 'custom metric and month', page: 'cloudwatch/pricing', seen: CLOUDWATCH },
  lambdaMillion: { usd: 0.2, per: 'million calls', page: 'lambda/pricing', seen: MEMORY },
  lambdaGibSecond: { usd: 0.0000133334, per: 'GB-second, ARM64', page: 'lambda/pricing', seen: MEMORY },
  transition: { usd: 0.000025, per: 'state transition', page: 'step-functions/pricing', seen: MEMORY },
  ledgerMillionWrites: { usd: 0.625, per: 'million write units', page: 'dynamodb/pricing/on-demand', seen: MEMORY },
  imageGibMonth: { usd: 0.1, per: 'GB of images and month', page: 'ecr/pricing', seen: MEMORY },
  buildMinute: { usd: 0.0034, per: 'minute of arm1.small', page: 'codebuild/pricing', seen: MEMORY },
  pipelineMinute: {
    usd: 0.002,
    per: 'action minute, approval free',
    page: 'codepipeline/pricing',
    seen: 'aws.amazon.com itself, stored copy',
  },
  s3GibMonth: { usd: 0.023, per: 'GB and month', page: 's3/pricing', seen: MEMORY },
} as const satisfies Record<string, Price>;
export type PriceName = keyof typeof PRICES;
