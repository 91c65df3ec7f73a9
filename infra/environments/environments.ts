import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import * as profiles from './profiles.ts';
import type { Environments } from './schema.ts';

/** Where all of it is deployed. Zones and CloudFront's addresses follow from it (regions.ts). */
const REGION = 'us-east-1';

const pipelines: Environments['pipelines'] = [
  {
    app: 'web',
    source: { connection: 'GitHub', repository: 'your-organisation/farol', branch: 'main' },
    buildspec: 'buildspec.yml',
    build: {
      architecture: 'ARM64',
      compute: 'small',
      image: 'aws/codebuild/amazonlinux-aarch64-standard:3.0',
      environment: {},
      timeout: '30m',
    },
  },
];

/** What is deployed to an account that real users come to: `npm run deploy -- production`. */
export const production: Environments = {
  orchestrator: {
    region: REGION,
    reconcileEvery: '5m',
    logRetention: RetentionDays.THREE_MONTHS,
    deletionProtection: true,
    notify: [],
    alarms: 'all',
    budget: 400,
  },
  pipelines,
  targets: [
    {
      app: 'web',
      environment: 'production',
      source: 'push',
      approval: { timeout: '1d' },
      ...profiles.production(REGION),
    },
  ],
};

/** The same for little money, and easily taken away again: `npm run deploy -- starter`. */
export const starter: Environments = {
  orchestrator: {
    region: REGION,
    reconcileEvery: '15m',
    logRetention: RetentionDays.TWO_WEEKS,
    deletionProtection: false,
    notify: [],
    alarms: 'essential',
    budget: 80,
  },
  pipelines,
  targets: [{ app: 'web', environment: 'starter', source: 'push', ...profiles.starter(REGION) }],
};

/**
 * Two targets of one application: a tag goes live in staging, and is then offered to production, where somebody approves:
 * `npm run deploy -- promotion`.
 */
export const promotion: Environments = {
  ...production,
  orchestrator: { ...production.orchestrator, budget: 500 },
  targets: [
    { app: 'web', environment: 'staging', source: 'push', ...profiles.starter(REGION) },
    {
      app: 'web',
      environment: 'production',
      source: 'promotion of web/staging',
      approval: { timeout: '1d' },
      ...profiles.production(REGION),
    },
  ],
};

/**
 * What `cdk` deploys when no other is named; `npm run deploy -- <name>` takes the exported value of that name. Another
 * module, or another of this one's values, can take its place: `-c environments=<path>`
 * or `<path>#<name>`. The account is that of the credentials in use.
 *
 * @alias
 */
export default production;
