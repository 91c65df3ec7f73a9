import { targetNames } from '#core/contract/target-names.ts';
import type { Environments } from '../../infra/environments/schema.ts';
import type { Account, Used } from './account.ts';
import { type Finding, failure, ok, warning } from './finding.ts';

/** A quota and how much of it the environment needs. */
export interface Need {
  readonly what: string;
  readonly service: string;
  readonly code: string;
  /** Below it the deployment fails. */
  readonly least: number;
  /** Below it the deployment works, and something falls short later; left out, as `least`. */
  readonly enough?: number;
  /** What counts against it already; left out, nothing is counted, and the quota bounds all that runs. */
  readonly used?: Used;
}

/** Concurrent executions of functions with which a deployment of one target is never held up: its own, three probes at once, and an event or two beside it. */
const FUNCTIONS_OF_A_DEPLOYMENT = 6;

/** Roles that a target's stack makes at most; test/infra/service-stack.test.ts counts them. */
export const ROLES_OF_A_TARGET = 20;

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

/**
 * What the environment takes of the account's quotas beside what is there already.
 * The codes are those of Service Quotas (`aws service-quotas list-service-quotas`); a new account has far less of some than the defaults.
 * @param existing names of the stacks that are deployed already: what they hold is counted as used
 */
export function needs({ targets }: Environments, existing: ReadonlySet<string>): Need[] {
  const coming = targets.filter(({ app, environment }) => !existing.has(targetNames(app, environment).stack));
  const gateways = sum(coming.map(({ network: { egress } }) => (egress.by === 'nat' ? egress.gateways : 0)));
  const edges = coming.filter(({ edge }) => edge !== undefined).length;
  // Both slots run during a deployment, and a task that migrates beside them.
  const virtualCpus = (tasks: 'min' | 'max') =>
    sum(targets.map(({ capacity, service }) => ((2 * capacity[tasks] + 1) * service.cpu) / 1024));
  const all: Need[] = [
    { what: 'VPCs', service: 'vpc', code: 'L-F678F1CE', least: coming.length, used: 'vpcs' },
    { what: 'Elastic IP addresses', service: 'ec2', code: 'L-0263D0A3', least: gateways, used: 'addresses' },
    {
      what: 'application load balancers',
      service: 'elasticloadbalancing',
      code: 'L-53DA6B97',
      least: coming.length,
      used: 'load balancers',
    },
    { what: 'IAM roles', service: 'iam', code: 'L-FE177D64', least: ROLES_OF_A_TARGET * coming.length, used: 'roles' },
    { what: 'database instances', service: 'rds', code: 'L-7B6409FD', least: coming.length, used: 'databases' },
    { what: 'CloudFront distributions', service: 'cloudfront', code: 'L-24B04930', least: edges },
    {
      what: 'Fargate virtual CPUs',
      service: 'fargate',
      code: 'L-3032A538',
      least: virtualCpus('min'),
      enough: virtualCpus('max'),
    },
  ];
  return all.filter(({ least }) => least > 0);
}

/** Each quota beside what is needed of it. */
export async function checkQuotas(needed: readonly Need[], account: Account, region: string): Promise<Finding[]> {
  return Promise.all(
    needed.map(async ({ what, service, code, least, enough = least, used }): Promise<Finding> => {
      const [quota, taken] = await Promise.all([
        account.quota(service, code),
        used === undefined ? 0 : account.used(used),
      ]);
      if (quota === undefined)
        return warning('quota', `AWS names no quota for ${what}`, `Look under Service Quotas for ${service} ${code}.`);
      const says = `${what}: ${quota} allowed${taken > 0 ? `, ${taken} in use` : ''}, ${least}${enough > least ? ` to ${enough}` : ''} needed`;
      // CloudFront and IAM count in us-east-1, wherever the rest lies.
      const where = service === 'cloudfront' || service === 'iam' ? 'us-east-1' : region;
      const ask = (value: number) =>
        `aws service-quotas request-service-quota-increase --region ${where} --service-code ${service} --quota-code ${code} --desired-value ${Math.ceil(value)}`;
      if (quota - taken < least)
        return failure('quota', says, `Ask AWS for more (minutes to a day): ${ask(taken + least)}`);
      if (quota - taken < enough)
        return warning(
          'quota',
          `${says}; it cannot scale to its most`,
          `Ask AWS for more in time: ${ask(taken + enough)}`,
        );
      return ok('quota', says);
    }),
  );
}

/** Concurrent executions of Lambda, as Lambda itself counts them. */
export async function checkConcurrency(targets: number, account: Account, region: string): Promise<Finding[]> {
  const allowed = await account.concurrentExecutions();
  const wanted = targets * FUNCTIONS_OF_A_DEPLOYMENT;
  const says = `concurrent Lambda executions: ${allowed} allowed, ${wanted} needed when all targets deploy at once`;
  if (allowed >= wanted) return [ok('quota', says)];
  return [
    warning(
      'quota',
      `${says}; deployments then wait for each other`,
      `Ask AWS for more: aws service-quotas request-service-quota-increase --region ${region} --service-code lambda --quota-code L-B99A9384 --desired-value 1000`,
    ),
  ];
}
