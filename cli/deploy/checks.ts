import type { Environments } from '../../infra/environments/schema.ts';
import { explain, isDenied } from '../problem.ts';
import type { Account, DeployedStack, Zone } from './account.ts';
import { type Finding, failure, ok, warning } from './finding.ts';
import { checkConcurrency, checkQuotas, needs } from './quotas.ts';
import { isThere, otherStacks, stackFinding } from './stack-states.ts';

/** What is to be deployed, as far as checks need it. */
export interface Deployment {
  readonly environment: Environments;
  /** Names of its stacks. */
  readonly stacks: readonly string[];
  /** That the bootstrap stack must have at least. */
  readonly bootstrapVersion: number;
}

/**
 * Zones in which CloudFront reaches no load balancer, by their ids. CloudFront Developer Guide, "Restrict access with VPC
 * origins", as quoted in public repositories: us-east-1 and Tokyo were seen; there may be more in other regions.
 */
const WITHOUT_VPC_ORIGINS: readonly string[] = ['use1-az3', 'apne1-az3'];

/** Name of the prefix list of the addresses that CloudFront asks from. */
const ORIGIN_FACING = 'com.amazonaws.global.cloudfront.origin-facing';

/** Roles that services use on their own account, and who makes each the first time. */
const SERVICE_LINKED = [
  { role: 'AWSServiceRoleForElasticLoadBalancing', maker: 'Elastic Load Balancing, with the first load balancer' },
  { role: 'AWSServiceRoleForRDS', maker: 'RDS, with the first database' },
  {
    role: 'AWSServiceRoleForApplicationAutoScaling_ECSService',
    maker: 'Application Auto Scaling, with the first release',
  },
  { role: 'AWSServiceRoleForCloudFrontVPCOrigin', maker: 'CloudFront, with the first VPC origin' },
] as const;
const ECS = { role: 'AWSServiceRoleForECS', service: 'ecs.amazonaws.com' } as const;

/** Who is asking, and whether it is the right account. */
export async function checkIdentity({ environment }: Deployment, account: Account): Promise<Finding[]> {
  const { account: id, arn } = await account.identity();
  const wanted = environment.orchestrator.account;
  if (wanted !== undefined && wanted !== id)
    return [
      failure(
        'account',
        `the credentials are of ${id} (${arn}), and orchestrator.account says ${wanted}`,
        'Use credentials of that account (AWS_PROFILE), or correct orchestrator.account.',
      ),
    ];
  return [ok('account', `${id}, as ${arn}`)];
}

/** Whether the account may use the region. */
async function checkRegion({ environment }: Deployment, account: Account): Promise<Finding[]> {
  const { region } = environment.orchestrator;
  const status = await account.regionStatus(region);
  if (status === undefined)
    return [failure('region', `AWS has no region ${region}`, 'Correct orchestrator.region: aws ec2 describe-regions')];
  if (status === 'not-opted-in')
    return [
      failure(
        'region',
        `${region} is not enabled in the account`,
        `Enable it: aws account enable-region --region-name ${region}`,
      ),
    ];
  return [ok('region', region)];
}

/** Whether CDK's own stack is there, and new enough. */
async function checkBootstrap({ environment, bootstrapVersion }: Deployment, account: Account): Promise<Finding[]> {
  const { region } = environment.orchestrator;
  const [{ account: id }, version] = await Promise.all([account.identity(), account.bootstrapVersion()]);
  const command = `npx cdk bootstrap aws://${id}/${region}`;
  if (version === undefined)
    return [failure('bootstrap', 'CDK has not been set up in this account and region', command, { make: 'bootstrap' })];
  if (version < bootstrapVersion)
    return [
      failure('bootstrap', `CDK's set-up is version ${version}, and ${bootstrapVersion} is needed`, command, {
        make: 'bootstrap',
      }),
    ];
  return [ok('bootstrap', `version ${version}, ${bootstrapVersion} needed`)];
}

/**
 * Roles that services make for themselves. That of ECS must be there before: ECS makes it with the first cluster and fails
 * to use it at once (aws-cloudformation/cloudformation-coverage-roadmap issue 818), and Farol's functions may not make it.
 */
async function checkServiceLinkedRoles(_deployment: Deployment, account: Account): Promise<Finding[]> {
  const [ecs, ...others] = await Promise.all([ECS, ...SERVICE_LINKED].map(({ role }) => account.hasRole(role)));
  const missing = SERVICE_LINKED.filter((_, i) => others[i] !== true);
  return [
    ecs === true
      ? ok('service-linked role', `${ECS.role} is there`)
      : failure(
          'service-linked role',
          `${ECS.role} is missing, and the first cluster of an account fails without it`,
          `aws iam create-service-linked-role --aws-service-name ${ECS.service}`,
          { make: 'service-linked role', service: ECS.service },
        ),
    ...missing.map(({ role, maker }) => ok('service-linked role', `${role} will be made by ${maker}`)),
  ];
}

/** Whether the zones exist, and CloudFront reaches them. */
async function checkZones({ environment }: Deployment, account: Account): Promise<Finding[]> {
  const zones = new Map((await account.zones()).map((zone): [string, Zone] => [zone.name, zone]));
  const usable = [...zones.values()].filter(
    ({ state, id }) => state === 'available' && !WITHOUT_VPC_ORIGINS.includes(id),
  );
  const give = `Give others in network.zones: ${usable.map(({ name }) => name).join(', ')}`;
  return environment.targets.flatMap(({ app, environment: name, network, edge }) => {
    const about = `zones of ${app}/${name}`;
    const wrong = network.zones.flatMap((wanted) => {
      const zone = zones.get(wanted);
      if (zone === undefined) return [failure(about, `there is no zone ${wanted} in the region`, give)];
      if (zone.state !== 'available') return [failure(about, `${wanted} is ${zone.state}`, give)];
      if (edge !== undefined && WITHOUT_VPC_ORIGINS.includes(zone.id))
        return [failure(about, `CloudFront reaches no load balancer in ${wanted} (${zone.id})`, give)];
      return [];
    });
    if (wrong.length > 0) return wrong;
    return [ok(about, network.zones.map((zone) => `${zone} (${zones.get(zone)?.id})`).join(', '))];
  });
}

/** Whether the prefix list is CloudFront's: with another one, CloudFront does not reach the load balancer, or others do. */
async function checkPrefixLists({ environment }: Deployment, account: Account): Promise<Finding[]> {
  const lists = [...new Set(environment.targets.flatMap(({ edge }) => edge?.prefixList ?? []))];
  return Promise.all(
    lists.map(async (id) => {
      const name = await account.prefixListName(id);
      if (name === ORIGIN_FACING) return ok('prefix list', `${id} is CloudFront's`);
      return failure(
        'prefix list',
        name === undefined ? `${id} is not in this region` : `${id} is ${name}`,
        `Give the region's own in edge.prefixList: aws ec2 describe-managed-prefix-lists --region ${environment.orchestrator.region} --filters Name=prefix-list-name,Values=${ORIGIN_FACING}`,
      );
    }),
  );
}

/** Whether RDS offers the database, in the zones where it is wanted. */
async function checkDatabases({ environment }: Deployment, account: Account): Promise<Finding[]> {
  return Promise.all(
    environment.targets.map(async ({ app, environment: name, database, network }) => {
      const about = `database of ${app}/${name}`;
      const instanceClass = `db.${database.instance}`;
      const offer = await account.databaseZones(database.version, instanceClass);
      if (offer === undefined)
        return failure(
          about,
          `RDS offers no PostgreSQL ${database.version} in this region`,
          'Give a major version that it has in database.version: aws rds describe-db-engine-versions --engine postgres --query DBEngineVersions[].EngineVersion',
        );
      const zones = network.zones.filter((zone) => offer.zones.includes(zone));
      const needed = database.multiZone ? 2 : 1;
      if (zones.length < needed)
        return failure(
          about,
          `PostgreSQL ${offer.version} on ${instanceClass} is offered in ${zones.length} of the network's zones, and ${needed} needed`,
          'Give another class in database.instance, or other zones in network.zones.',
        );
      return ok(about, `PostgreSQL ${offer.version} on ${instanceClass}, in ${zones.join(', ')}`);
    }),
  );
}

/** What is there already. */
async function checkStacks({ stacks }: Deployment, account: Account): Promise<Finding[]> {
  const deployed = await account.stacks();
  return [...stacks.map((name) => stackFinding(name, deployed.get(name))), ...otherStacks(deployed.keys(), stacks)];
}

/** Whether the account's quotas suffice. */
async function checkAllQuotas({ environment }: Deployment, account: Account): Promise<Finding[]> {
  const there = [...(await account.stacks())].filter(([, stack]) => isThere(stack)).map(([name]) => name);
  const { region } = environment.orchestrator;
  const findings = await Promise.all([
    checkQuotas(needs(environment, new Set(there)), account, region),
    checkConcurrency(environment.targets.length, account, region),
  ]);
  return findings.flat();
}

/** The placeholder for your own repository in the project's environments. */
const EXAMPLE_OWNER = 'your-organisation/';

/** Whether the pipelines build a repository that is somebody's. */
function checkRepositories({ environment }: Deployment): Promise<Finding[]> {
  return Promise.resolve(
    environment.pipelines.map(({ app, source: { repository } }) =>
      repository.startsWith(EXAMPLE_OWNER)
        ? failure(
            `pipeline of ${app}`,
            `its repository is still the example's, ${repository}`,
            'Give your own in pipelines[].source.repository, or leave the pipeline out.',
          )
        : ok(`pipeline of ${app}`, repository),
    ),
  );
}

/** Connections to git providers that wait for a person. */
async function checkConnections({ stacks }: Deployment, account: Account): Promise<Finding[]> {
  const deployed = await account.stacks();
  const arns = stacks.flatMap((name) => connectionOf(deployed.get(name)) ?? []);
  const found = await Promise.all(arns.map((arn) => account.connection(arn)));
  return found.flatMap((connection) => {
    if (connection === undefined) return [];
    const { name, status } = connection;
    const about = 'connection';
    return status === 'AVAILABLE'
      ? [ok(about, `${name} is confirmed`)]
      : [
          warning(
            about,
            `${name} is ${status}: no tag starts the pipeline yet`,
            'Confirm it; the address is shown at the end.',
          ),
        ];
  });
}

/** ARN of the connection that a pipeline's stack made. */
export function connectionOf(stack: DeployedStack | undefined): string | undefined {
  return stack?.outputs['ConnectionToConfirm'];
}

/** In the order in which they are shown. */
const CHECKS: readonly (readonly [
  about: string,
  check: (deployment: Deployment, account: Account) => Promise<Finding[]>,
])[] = [
  ['region', checkRegion],
  ['pipeline', checkRepositories],
  ['bootstrap', checkBootstrap],
  ['service-linked role', checkServiceLinkedRoles],
  ['stacks', checkStacks],
  ['zones', checkZones],
  ['prefix list', checkPrefixLists],
  ['database', checkDatabases],
  ['quotas', checkAllQuotas],
  ['connection', checkConnections],
];

/**
 * Looks at everything that a deployment needs. Without credentials, or with those of another account, at nothing more. What
 * the person may not look at is told, and stops nothing: who may deploy need not be allowed to read quotas.
 */
export async function check(deployment: Deployment, account: Account): Promise<Finding[]> {
  const identity = await checkIdentity(deployment, account);
  if (identity.some(({ level }) => level === 'failure')) return identity;
  const findings = await Promise.all(
    CHECKS.map(async ([about, look]) => {
      try {
        return await look(deployment, account);
      } catch (error) {
        const { message, todo } = explain(error);
        return isDenied(error)
          ? [warning(about, `could not be looked at: ${message}`, todo)]
          : [failure(about, `could not be looked at: ${message}`, todo)];
      }
    }),
  );
  return [...identity, ...findings.flat()];
}
