import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import * as z from 'zod';
import { budgetProblems } from '#core/contract/budget.ts';
import { MigrationsTable } from '#core/contract/database.ts';
import { Duration, seconds } from '#core/contract/duration.ts';
import { GIVEN_VARIABLES, Settings } from '#core/contract/settings.ts';
import { Name } from '#core/contract/target.ts';
import { targetNames } from '#core/contract/target-names.ts';
import { promotionProblems } from './promotion-rules.ts';
import { databaseNameProblem } from './reserved-names.ts';
import { settingsProblems, wording } from './settings-problems.ts';

const Port = z.int().min(1).max(65_535);
const setting = Settings.shape;

/**
 * `essential`: users are harmed, or Farol cannot do its work. `all`: also what comes before that. The first ten metrics
 * of alarms cost nothing; see docs/observability.md for how many each takes.
 */
const AlarmLevel = z.enum(['essential', 'all']);

/** The part of Farol that every target of an account and region shares. */
const Orchestrator = z.strictObject({
  /** AWS account; left out, that of the credentials in use when deploying. */
  account: z
    .string()
    .regex(/^\d{12}$/, { error: 'an AWS account is twelve digits' })
    .optional(),
  region: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, { error: 'an AWS region, as in us-east-1' }),
  /**
   * How often `reconcile` looks for lost events and executions that ended badly; at least EventBridge's one minute, and so
   * often that an alarm, which looks back over a day at most, sees three of its turns.
   */
  reconcileEvery: Duration.refine(
    (value) => seconds(value) >= 60 && seconds(value) % 60 === 0 && seconds(value) <= 8 * 3600,
    { error: 'whole minutes, from 1m to 8h' },
  ),
  /** How long logs are kept. */
  logRetention: z.enum(RetentionDays),
  /** Keeps ledger and databases from being deleted, also by a stack's deletion. */
  deletionProtection: z.boolean(),
  /** Mail addresses that are told how deployments end. */
  notify: z.array(z.email()),
  alarms: AlarmLevel,
  /**
   * Where this repository's files are read in a browser, as in https://github.com/octocat/hello-world/blob/main: alarms
   * link to its runbooks. Left out, that of the first pipeline; if there is none, alarms name the file.
   */
  documentation: z.url().optional(),
  /** What the account may cost in a month, in USD: told when four fifths are spent, and when the month will cost more. Left out, it is not watched. */
  budget: z.number().positive().optional(),
});

/** Of a network for two and for three zones: a zone takes 256, 1024 and 256 addresses, each where a multiple of its number begins. */
const LONGEST_PREFIX: Record<number, number> = { 2: 20, 3: 19 };

const Network = z
  .strictObject({
    cidr: z.cidrv4(),
    /** Availability zones by name: synthesis asks no account for them. */
    zones: z.array(z.string()).min(2).max(3),
    /**
     * How tasks reach the registry, logs and secrets: NAT gateways (one a zone, or fewer); endpoints in each zone, through which
     * nothing but those services is reached; or a public address for each task, which costs least and shields least.
     */
    egress: z.discriminatedUnion('by', [
      z.strictObject({ by: z.literal('nat'), gateways: z.int().min(1).max(3) }),
      z.strictObject({ by: z.literal('endpoints') }),
      z.strictObject({ by: z.literal('public address') }),
    ]),
    /** Keeps a record of who talked to whom. */
    flowLogs: z.boolean(),
  })
  .superRefine(({ cidr, zones, egress }, context) => {
    const refuse = (path: PropertyKey[], message: string) => context.addIssue({ code: 'custom', path, message });
    if (new Set(zones).size < zones.length) refuse(['zones'], `the zones must differ: ${zones.join(', ')}`);
    // A VPC has a prefix of 16 to 28 (EC2 API, CreateVpc).
    const prefix = Number(cidr.split('/')[1]);
    const longest = LONGEST_PREFIX[zones.length] ?? 19;
    if (prefix < 16 || prefix > longest)
      refuse(['cidr'], `with ${zones.length} zones, a range from /16 to /${longest}, as in 10.20.0.0/16`);
    if (egress.by === 'nat' && egress.gateways > zones.length)
      refuse(['egress', 'gateways'], `at most one in each of the ${zones.length} zones`);
  });

/** The application's public address at CloudFront. */
const Edge = z.strictObject({
  /** Id of the region's managed prefix list `com.amazonaws.global.cloudfront.origin-facing`: nothing else reaches the load balancer. */
  prefixList: z.string().regex(/^pl-[0-9a-f]+$/, { error: 'a prefix list, as in pl-3b927c52 (us-east-1)' }),
  /** Files below it are cached: their names must carry the hash of their content. */
  staticPath: z.string().regex(/^\/\S*\/$/, { error: 'a path that begins and ends with a slash' }),
  /** `managed`: AWS's rule groups and a limit for each address, made in us-east-1; or the ARN of a web ACL. Left out, none. */
  firewall: z
    .string()
    .regex(/^(managed|arn:[\w-]+:wafv2:us-east-1:\d{12}:global\/webacl\/.+)$/, {
      error: 'managed, or the ARN of a web ACL for CloudFront',
    })
    .optional(),
  /**
   * Whether the managed firewall lets requests with a body of more than 8 KB pass: uploads, long forms. Left out, it blocks them,
   * and users get a 403.
   */
  largeBodies: z.boolean().optional(),
  /** Your own domain; left out, CloudFront's. */
  domain: z
    .strictObject({
      name: z.hostname(),
      /** The zone in Route 53 that the name is written into. */
      zone: z.strictObject({
        id: z.string().regex(/^Z[A-Z0-9]+$/, { error: 'the id of a hosted zone, as in Z0123456789' }),
        name: z.hostname(),
      }),
      /** ARN of a certificate for the name in us-east-1; left out, one is made there. */
      certificate: z
        .string()
        .regex(/^arn:[\w-]+:acm:us-east-1:\d{12}:certificate\/.+$/, { error: 'a certificate of us-east-1' })
        .optional(),
    })
    .optional(),
});

const LoadBalancer = z.strictObject({
  /** Ports of the production listener and of the two preview listeners, which only smoke checks may reach. */
  ports: z.strictObject({ production: Port, blue: Port, green: Port }),
});

const Database = z.strictObject({
  /** Major version of PostgreSQL; RDS chooses and renews the minor one. */
  version: z.string().regex(/^\d+$/, { error: "a major version of PostgreSQL, as in '18'" }),
  /** Class without `db.`, as in t4g.micro. */
  instance: z.string().regex(/^[a-z0-9]+\.[a-z0-9]+$/, { error: 'a class without "db.", as in t4g.micro' }),
  storageGiB: z.int().min(20),
  /** Up to which storage grows by itself. */
  storageMaxGiB: z.int().min(22),
  multiZone: z.boolean(),
  backupDays: z.int().min(0).max(35),
  name: z
    .string()
    // With _application behind it a role's name, which PostgreSQL cuts off after 63 bytes.
    .regex(/^[a-z][a-z0-9_]{0,50}$/, {
      error: 'at most 51 lower-case letters, digits and underscores, beginning with a letter',
    }),
  /** Where the framework records migrations; left out, what was migrated is not compared with the plan. */
  migrations: MigrationsTable.optional(),
});

const Service = setting.services.element.omit({ secrets: true }).extend({
  /** Port that the application listens on: the security groups let only it through. As `port` in release.json. */
  port: Port,
  /** Container Insights of the cluster: metrics of every task, which cost by their number. */
  insights: z.boolean(),
});

/** From when on a person is told about a target. */
const TargetAlarms = z.strictObject({
  level: AlarmLevel,
  /** Requests lost in a minute: answered 5xx by the load balancer itself. */
  lostRequests: z.int().min(1),
  /** Share of live's requests that end in the application's own 5xx, 0 to 1. */
  errorShare: z.number().gt(0).lte(1),
  /** What 99 of 100 requests to live take at most. */
  latency: Duration,
  /** Connections to the database: below what the class allows, which RDS sets by its memory. */
  databaseConnections: z.int().min(1),
});

const gibibytes = (least: number, most: number, step: number) =>
  Array.from({ length: (most - least) / step + 1 }, (_, i) => (least + i * step) * 1024);

/** Memory in MiB that Fargate has for each number of CPU units (ECS Developer Guide, "Task CPU and memory"). */
const FARGATE: Record<number, readonly number[]> = {
  256: [512, 1024, 2048],
  512: gibibytes(1, 4, 1),
  1024: gibibytes(2, 8, 1),
  2048: gibibytes(4, 16, 1),
  4096: gibibytes(8, 30, 1),
  8192: gibibytes(16, 60, 4),
  16384: gibibytes(32, 120, 8),
};

/** One application in one environment. */
const EnvironmentTarget = z
  .strictObject({
    app: Name,
    environment: Name,
    source: setting.source,
    /** Public address where there is no edge; left out, that of the load balancer. */
    address: setting.address.optional(),
    /** Where something else than the edge stands before the load balancer: in which header that says the user's protocol. Left out, the load balancer's own. */
    protocolHeader: setting.protocolHeader.optional(),
    network: Network,
    /** CloudFront; left out, the load balancer is reached from inside the network alone. */
    edge: Edge.optional(),
    loadBalancer: LoadBalancer,
    database: Database,
    service: Service,
    capacity: setting.capacity,
    health: setting.health,
    drain: setting.drain,
    migrate: setting.migrate,
    candidate: setting.candidate,
    traffic: setting.traffic,
    analysis: setting.analysis,
    provenance: setting.provenance,
    scan: setting.scan,
    approval: setting.approval,
    warm: setting.warm,
    poll: setting.poll,
    alarms: TargetAlarms,
  })
  .superRefine((target, context) => {
    const refuse = (path: PropertyKey[], message: string) => context.addIssue({ code: 'custom', path, message });
    // A target group's name has 32 characters at most (ELBv2 API, CreateTargetGroup) and ends in -blue or -green.
    const { slug } = targetNames(target.app, target.environment);
    if (slug.length > 26)
      refuse(['environment'], `app, hyphen and environment have 26 characters at most; ${slug} has ${slug.length}`);
    // ELBv2 API, CreateLoadBalancer; RDS API, CreateDBInstance: names that they do not take.
    if (slug.startsWith('internal-')) refuse(['app'], 'a load balancer’s name may not begin with internal-');
    if (slug.includes('--')) refuse([], `a database’s name may not have two hyphens in a row: ${slug}`);
    for (const name of GIVEN_VARIABLES.filter((one) => one in target.service.environment)) {
      const instead = name === 'FORWARDED_PROTO_HEADER' ? ': say it in protocolHeader' : '';
      refuse(['service', 'environment', name], `Farol gives this variable to every task${instead}`);
    }
    const { cpu, memory } = target.service;
    const sizes = FARGATE[cpu];
    if (sizes === undefined) refuse(['service', 'cpu'], `one of ${Object.keys(FARGATE).join(', ')} on Fargate`);
    else if (!sizes.includes(memory))
      refuse(['service', 'memory'], `with ${cpu} CPU units, Fargate has ${sizes.join(', ')} MiB`);
    const reserved = databaseNameProblem(target.database.name);
    if (reserved !== undefined) refuse(['database', 'name'], reserved);
    // RDS API, CreateDBInstance: at least a tenth more than there is.
    if (target.database.storageMaxGiB < target.database.storageGiB * 1.1)
      refuse(['database', 'storageMaxGiB'], 'at least a tenth more than storageGiB');
    for (const key of ['address', 'protocolHeader'] as const)
      if (target.edge !== undefined && target[key] !== undefined) refuse([key], 'the edge decides it');
    const ports = Object.values(target.loadBalancer.ports);
    if (new Set(ports).size < ports.length) refuse(['loadBalancer', 'ports'], 'the three ports must differ');
    // The load balancer's metrics come once a minute, and the local cloud alone is quicker. CloudWatch metrics for your Application Load Balancer.
    if (seconds(target.analysis.period) % 60 !== 0) refuse(['analysis', 'period'], 'a multiple of 60s');
    // ELBv2 API, CreateTargetGroup: the time-out is the shorter one.
    const { health } = target;
    if (seconds(health.timeout) >= seconds(health.interval))
      refuse(['health', 'timeout'], 'must be shorter than the interval');
    for (const { path, message } of budgetProblems(target)) refuse([...path], message);
  });
export type EnvironmentTarget = z.infer<typeof EnvironmentTarget>;

/** What builds an application's releases from its git repository. An application without one is built elsewhere. */
const Pipeline = z.strictObject({
  app: Name,
  source: z.strictObject({
    /** Where the repository is. A connection is made, which somebody must confirm once in the console; or one that exists is named by its ARN. */
    connection: z.union([
      z.enum(['GitHub', 'GitLab', 'Bitbucket']),
      z.string().regex(/^arn:[\w-]+:(codeconnections|codestar-connections):[\w-]+:\d{12}:connection\/[\w-]+$/, {
        error: 'GitHub, GitLab, Bitbucket, or the ARN of a connection',
      }),
    ]),
    /** Owner and name, as in octocat/hello-world. */
    repository: z.string().regex(/^[\w.-]+(\/[\w.-]+)+$/, { error: 'owner and name, as in octocat/hello-world' }),
    /** Branch of a run that somebody starts by hand; releases are built from tags. */
    branch: z.string().min(1),
  }),
  /** Path of the build's commands in this checkout: they are of the infrastructure, not of the tag that is built. */
  buildspec: z
    .string()
    .min(1)
    .refine((path) => existsSync(join(import.meta.dirname, '..', '..', path)), {
      error: 'a file of this checkout, as in buildspec.yml',
    }),
  build: z.strictObject({
    /** As the service's: the image is built on the processor that it runs on. */
    architecture: setting.services.element.shape.architecture,
    compute: z.enum(['small', 'medium', 'large']),
    /** One of CodeBuild's own images, of the same processor: the machine that builds. */
    image: z.string().regex(/^aws\/codebuild\/[\w.-]+:[\w.-]+$/, {
      error: 'an image of CodeBuild, as in aws/codebuild/amazonlinux-aarch64-standard:3.0',
    }),
    /** Variables of the build, in place of those that the buildspec declares: its images, for example (BASE, POSTGRES). No secrets. */
    environment: setting.services.element.shape.environment,
    timeout: Duration.refine((value) => seconds(value) >= 300 && seconds(value) <= 36 * 3600, {
      error: 'between 5m and 36h',
    }),
  }),
});
export type PipelineSettings = z.infer<typeof Pipeline>;

/** All that one checkout of Farol deploys: one orchestrator and the targets that it serves. */
export const Environments = z
  .strictObject({
    orchestrator: Orchestrator,
    targets: z.array(EnvironmentTarget).min(1),
    pipelines: z.array(Pipeline),
  })
  .superRefine(({ orchestrator, targets, pipelines }, context) => {
    for (const [i, { network }] of targets.entries()) {
      for (const [j, zone] of network.zones.entries()) {
        if (zone.startsWith(orchestrator.region) && zone.length > orchestrator.region.length) continue;
        context.addIssue({
          code: 'custom',
          path: ['targets', i, 'network', 'zones', j],
          message: `a zone of ${orchestrator.region}, which is deployed to, as in ${orchestrator.region}a`,
        });
      }
    }
    for (const [i, { edge }] of targets.entries()) {
      // CloudFront takes web ACLs and certificates of us-east-1 alone, and a stack makes what it makes in its region.
      if (orchestrator.region === 'us-east-1' || edge === undefined) continue;
      const refuse = (path: PropertyKey[]) =>
        context.addIssue({
          code: 'custom',
          path: ['targets', i, 'edge', ...path],
          message: `it must lie in us-east-1, and ${orchestrator.region} is deployed to: make it there and give its ARN`,
        });
      if (edge.firewall === 'managed') refuse(['firewall']);
      if (edge.domain !== undefined && edge.domain.certificate === undefined) refuse(['domain', 'certificate']);
    }
    for (const [i, { app, build }] of pipelines.entries()) {
      const refuse = (path: PropertyKey[], message: string) =>
        context.addIssue({ code: 'custom', path: ['pipelines', i, ...path], message });
      if (pipelines.findIndex((other) => other.app === app) < i) refuse(['app'], `a second pipeline builds ${app}`);
      const built = targets.filter((target) => target.app === app);
      if (built.length === 0) refuse(['app'], `there is no target of ${app}`);
      if (built.some(({ service }) => service.architecture !== build.architecture))
        refuse(['build', 'architecture'], `targets of ${app} run on another`);
      // CodeBuild's images name the processor: "Docker images provided by CodeBuild" in its User Guide.
      if (build.image.includes('aarch64') !== (build.architecture === 'ARM64'))
        refuse(['build', 'image'], `${build.image} is not of the processor ${build.architecture}`);
    }
    for (const { path, message } of promotionProblems(targets))
      context.addIssue({ code: 'custom', path: [...path], message });
    const slugs = targets.map(({ app, environment }) => targetNames(app, environment).slug);
    for (const [i, slug] of slugs.entries()) {
      if (slugs.indexOf(slug) < i)
        context.addIssue({ code: 'custom', path: ['targets', i], message: `a second target is called ${slug}` });
    }
  });
export type Environments = z.infer<typeof Environments>;

/** What is wrong with an environments module, one line each: the place, what would be right, what was there. */
export class EnvironmentsError extends Error {
  constructor(problems: readonly string[], options?: ErrorOptions) {
    super(problems.join('\n'), options);
    this.name = 'EnvironmentsError';
  }
}

/**
 * Checks an environments module's value.
 * @throws {EnvironmentsError} with one readable line for each mistake.
 */
export function parseEnvironments(value: unknown): Environments {
  const result = Environments.safeParse(value, { error: wording });
  if (!result.success) throw new EnvironmentsError(settingsProblems(Environments, result.error, value));
  return result.data;
}
