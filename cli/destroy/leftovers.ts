import { buildProject } from '#core/contract/pipeline.ts';
import { targetNames } from '#core/contract/target-names.ts';
import type { Environments } from '../../infra/environments/schema.ts';
import { PRICES } from '../costs/prices.ts';
import { explain } from '../problem.ts';
import type { LogGroup, RetainedResources, Snapshot } from './ports.ts';

/** Something that stays in the account, why, what it costs, and how one gets rid of it. */
export interface Leftover {
  readonly what: string;
  readonly why: string;
  readonly costs: string;
  readonly remove: string;
}

/** Where logs of an environment lie, by the beginnings of their groups' names. Some are made by AWS, and no stack knows of them. */
function logPrefixes({ targets, pipelines }: Environments): string[] {
  return [
    '/aws/lambda/farol-',
    '/aws/vendedlogs/states/farol-',
    ...pipelines.map(({ app }) => `/aws/codebuild/${buildProject(app)}`),
    ...targets.flatMap(({ app, environment }) => {
      const { slug, logGroup } = targetNames(app, environment);
      return [logGroup, `/aws/rds/instance/${slug}/`, `/aws/ecs/containerinsights/${slug}/`];
    }),
  ];
}

/** All that is left of an environment once its stacks are gone. */
export async function leftovers(
  environment: Environments,
  account: string,
  retained: RetainedResources,
): Promise<Leftover[]> {
  const { region } = environment.orchestrator;
  const identifiers = environment.targets.map((target) => targetNames(target.app, target.environment).slug);
  const found = await Promise.all([
    ...identifiers.flatMap((identifier) => [
      looked(
        retained.snapshots(identifier),
        snapshot(region),
        `snapshots of the database ${identifier}`,
        `aws rds describe-db-snapshots --region ${region} --db-instance-identifier ${identifier}`,
      ),
      looked(
        retained.automatedBackups(identifier),
        backup(region),
        `kept backups of the database ${identifier}`,
        `aws rds describe-db-instance-automated-backups --region ${region} --db-instance-identifier ${identifier}`,
      ),
    ]),
    ...logPrefixes(environment).map((prefix) =>
      looked(
        retained.logGroups(prefix),
        logGroup(region),
        `log groups below ${prefix}`,
        `aws logs describe-log-groups --region ${region} --log-group-name-prefix ${prefix}`,
      ),
    ),
  ]);
  return [
    ...found.flat(),
    {
      what: 'what `cdk bootstrap` made (stack CDKToolkit: a bucket, a repository, roles)',
      why: 'every CDK project of the account and region uses it',
      costs: `cents a month: $${PRICES.s3GibMonth.usd} for each GiB in the bucket`,
      remove: `empty the bucket cdk-hnb659fds-assets-${account}-${region} in the S3 console, then: aws cloudformation delete-stack --region ${region} --stack-name CDKToolkit`,
    },
    {
      what: 'task definitions, service-linked roles, and for 35 days the last backup of the ledger (DynamoDB)',
      why: 'AWS keeps them',
      costs: 'nothing',
      remove: 'nothing to do',
    },
  ];
}

/** What was found. Where looking is denied, it says so and how to look by hand: the stacks are gone, so there is no second run. */
async function looked<T>(
  found: Promise<readonly T[]>,
  leftover: (one: T) => Leftover,
  what: string,
  look: string,
): Promise<Leftover[]> {
  try {
    return (await found).map((one) => leftover(one));
  } catch (error) {
    return [
      { what, why: `could not be looked at: ${explain(error).message}`, costs: 'by what there is', remove: look },
    ];
  }
}

const snapshot =
  (region: string) =>
  ({ id, gibibytes }: Snapshot): Leftover => ({
    what: `snapshot ${id} of the database`,
    why: 'the last state of the data, made when the database was deleted',
    costs: storage(gibibytes),
    remove: `aws rds delete-db-snapshot --region ${region} --db-snapshot-identifier ${id}`,
  });

const backup =
  (region: string) =>
  ({ id, gibibytes }: Snapshot): Leftover => ({
    what: `daily backups of the database ${id}`,
    why: 'kept because the database was protected',
    costs: storage(gibibytes),
    remove: `aws rds delete-db-instance-automated-backup --region ${region} --dbi-resource-id ${id}`,
  });

const logGroup =
  (region: string) =>
  ({ name, bytes }: LogGroup): Leftover => ({
    what: `log group ${name}`,
    why: 'AWS made it, or its stack keeps it',
    costs: `$${((bytes / 1024 ** 3) * PRICES.logStorageGibMonth.usd).toFixed(2)} a month`,
    remove: `aws logs delete-log-group --region ${region} --log-group-name ${name}`,
  });

function storage(gibibytes: number): string {
  return `at most $${(gibibytes * PRICES.snapshotGibMonth.usd).toFixed(2)} a month (${gibibytes} GiB)`;
}
