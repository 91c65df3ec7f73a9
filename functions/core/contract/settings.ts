import * as z from 'zod';
import { BOUNDS, boundProblem, LONGEST_PATH, LONGEST_SETTINGS, MOST_NAMES, MOST_STEPS } from './bounds.ts';
import { budgetProblems } from './budget.ts';
import { MigrationsTable } from './database.ts';
import { Duration, seconds } from './duration.ts';
import { foreignNames } from './own-names.ts';
import { Name, Target } from './target.ts';

/** Refuses what is beyond the bound of a setting, and says what the bound is. */
const within =
  (setting: keyof typeof BOUNDS) =>
  (value: Duration | number, context: z.core.$RefinementCtx): void => {
    const message = boundProblem(setting, value);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  };
/** A time within the bounds of its setting. */
const time = (setting: keyof typeof BOUNDS) => Duration.superRefine(within(setting));
/** A whole number within the bounds of its setting. */
const count = (setting: keyof typeof BOUNDS) => z.int().superRefine(within(setting));

const Arn = z.string().regex(/^arn:[\w-]+:[\w-]+:[\w-]*:\d*:.+$/, {
  error: 'an ARN, arn:<partition>:<service>:<region>:<account>:<resource>',
});

/** One entry of the traffic plan: the candidate's share of the requests, how long it stays there, how often it is checked meanwhile. */
const TrafficStep = z
  .strictObject({
    weight: count('traffic.weight'),
    bake: time('traffic.bake'),
    checkEvery: time('traffic.checkEvery'),
  })
  .refine(({ bake, checkEvery }) => seconds(checkEvery) <= seconds(bake), {
    path: ['checkEvery'],
    error: 'at most as long as bake: a step is checked at its end at the latest',
  });

const TrafficPlan = z
  .array(TrafficStep)
  .min(1)
  .max(MOST_STEPS)
  .refine((steps) => steps.every((step, i) => i === 0 || step.weight > (steps[i - 1]?.weight ?? 0)), {
    error: 'weights must rise from step to step',
  })
  .refine((steps) => steps.at(-1)?.weight === 100, { error: 'the last step must have weight 100' });

/** Variables that Farol gives every task of a release: settings must not name them, for theirs would never arrive. */
export const GIVEN_VARIABLES = [
  'HOST',
  'PORT',
  'FAROL_VERSION',
  'FAROL_DIGEST',
  'FAROL_COMMIT',
  'FAROL_SLOT',
  'FORWARDED_PROTO_HEADER',
  'MIGRATE_LOCK_TIMEOUT_MS',
] as const;

const Variables = z.record(
  z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, {
    error: 'a variable’s name has letters, digits and underscores, and does not begin with a digit',
  }),
  z.string(),
);

/** What a kind of run-once task has in place of what the service has: each is another user of the database. */
const RunOnce = z.strictObject({
  /** Beside the service's variables; the same name counts here. */
  environment: Variables,
  /** Beside the service's secrets; the same name counts here. */
  secrets: Variables,
  taskRole: Arn,
});

/**
 * The task that tells what would be migrated. It runs before anybody approved anything, so it has none of the service's
 * secrets, in roles that could not read them, and reaches what its security groups allow (I18).
 */
const Plan = RunOnce.extend({
  /** All the secrets that it is given. */
  secrets: Variables,
  executionRole: Arn,
  securityGroups: z.array(z.string()).min(1),
});
const PROMOTION = 'promotion of ';

/** The header in which a load balancer says the protocol that it was reached by. ELB User Guide, "HTTP headers and Application Load Balancers". */
export const LOAD_BALANCER_HEADER = 'X-Forwarded-Proto';

/** A person: an IAM user's ARN, or a user name in IAM Identity Center (RoleSessionName in STS's API, AssumeRoleWithSAML). */
const Approver = z.string().regex(/^(?:arn:[\w-]+:iam::\d{12}:user\/[\w+=,.@/-]+|[\w+=,.@-]{2,64})$/, {
  error:
    'an IAM user’s ARN, as in arn:aws:iam::123456789012:user/ana, or a user name in IAM Identity Center, as in ana@example.com; no role',
});

/** CloudWatch has metrics by these seconds, and by multiples of 60. CloudWatch API Reference, MetricStat, Period. */
const SHORT_PERIODS: readonly number[] = [1, 5, 10, 30];
const Period = time('analysis.period').refine(
  (value) => seconds(value) % 60 === 0 || SHORT_PERIODS.includes(seconds(value)),
  { error: 'a multiple of 60s: what CloudWatch has of a load balancer' },
);

/** The program that a target runs. Its command, port and checks come from the image's release.json. */
const Service = z.strictObject({
  name: Name,
  kind: z.literal('web'),
  /** Fargate CPU units: 256 is a quarter of a virtual CPU. */
  cpu: z.int().min(256),
  /** MiB. */
  memory: z.int().min(512),
  environment: Variables,
  /** Environment variable -> ARN of a Secrets Manager secret (`:json-key::` may follow) or an SSM parameter. */
  secrets: Variables,
  architecture: z.enum(['ARM64', 'X86_64']),
});

/** Where the target runs: made by the service stack, never changed by Farol, except that slots' services, rule and scaling are put into it. */
const Infrastructure = z.strictObject({
  /** AWS region of the target and of Farol. */
  region: z.string().min(1),
  cluster: z.string().min(1),
  loadBalancer: Arn,
  productionListener: Arn,
  /** Priority of the production rule on its listener. */
  rulePriority: z.int().min(1).max(50_000),
  slots: z.strictObject({
    blue: z.strictObject({ targetGroup: Arn, preview: z.url() }),
    green: z.strictObject({ targetGroup: Arn, preview: z.url() }),
  }),
  /** Name of the function that asks the previews from inside the network; left out, smoke reaches them itself. */
  prober: z.string().min(1).optional(),
  subnets: z.array(z.string()).min(1),
  securityGroups: z.array(z.string()).min(1),
  assignPublicIp: z.boolean(),
  executionRole: Arn,
  taskRole: Arn,
  logGroup: z.string().min(1),
  /** Registry and repository without tag, `<account>.dkr.ecr.<region>.amazonaws.com/web`. */
  repositoryUri: z.string().min(1),
});

/**
 * Everything of a target that is not the image. Published by the service stack as the SSM parameter
 * `/farol/targets/<app>/<environment>`; a deployment works on the snapshot that it took when it began.
 * Unknown keys are refused: a misspelt `bake` must not become a default. So is what is another target's.
 */
export const Settings = z
  .strictObject({
    app: Name,
    environment: Name,
    source: z.union([
      z.literal('push'),
      z
        .string()
        .refine((value) => value.startsWith(PROMOTION) && Target.safeParse(value.slice(PROMOTION.length)).success, {
          error: 'push, or promotion of <app>/<environment>, as in promotion of web/staging',
        }),
    ]),
    /** Name of the ECR repository whose pushes are deployed on this target. */
    repository: z.string().min(2),
    /** The application's public address; its host goes as Host header with every smoke request. */
    address: z.url(),
    /**
     * The request header that says whether a user came by `https`: smoke requests send it, and the application is told its name
     * in FORWARDED_PROTO_HEADER.
     */
    protocolHeader: z
      .string()
      .regex(/^[A-Za-z0-9-]+$/, { error: 'the name of a request header, as in X-Forwarded-Proto' }),
    services: z.array(Service).length(1),
    tasks: z.strictObject({
      plan: Plan,
      migrate: RunOnce,
    }),
    /** The application's PostgreSQL database; left out, it has none that Farol looks after. */
    database: z
      .strictObject({
        /** Name of the function in the target's network that prepares the database and reads from it. */
        function: z.string().min(1),
        /** Where the framework records migrations; left out, what was migrated is not compared with the plan. */
        migrations: MigrationsTable.optional(),
      })
      .optional(),
    capacity: z
      .strictObject({
        min: count('capacity.min'),
        max: count('capacity.max'),
        /** Requests a minute and task that scaling aims at (ALBRequestCountPerTarget). */
        requestsPerTarget: z.number().superRefine(within('capacity.requestsPerTarget')),
      })
      .refine(({ min, max }) => min <= max, { error: 'min must not exceed max' }),
    health: z.strictObject({
      path: z
        .string()
        .startsWith('/')
        .max(LONGEST_PATH, { error: `at most ${LONGEST_PATH} characters` }),
      interval: time('health.interval'),
      timeout: time('health.timeout'),
      healthy: count('health.healthy'),
      unhealthy: count('health.unhealthy'),
    }),
    drain: z.strictObject({
      /** Deregistration delay of the target groups. */
      deregistration: time('drain.deregistration'),
      /** From SIGTERM to SIGKILL. */
      stopTimeout: time('drain.stopTimeout'),
      /** Idle time of the load balancer's connections; the application's keep-alive must be longer. */
      idle: time('drain.idle'),
      /** How long after a change of weights the old slot is still taken to get requests. */
      settle: time('drain.settle'),
    }),
    migrate: z.strictObject({
      timeout: time('migrate.timeout'),
      lockTimeout: time('migrate.lockTimeout'),
      /** How often a migration that ended `busy` (exit code 75) is begun again. */
      attempts: count('migrate.attempts'),
      /** What to do with a migration after which the code that is live no longer works. */
      incompatible: z.enum(['refuse', 'allow']),
      /** What to do with a migration of which that is not known. */
      unknown: z.enum(['refuse', 'allow']),
    }),
    candidate: z.strictObject({
      /** From the fill to every task healthy. */
      timeout: time('candidate.timeout'),
      /** Stopped tasks of the candidate after which it is called a crash loop. */
      crashes: count('candidate.crashes'),
    }),
    traffic: TrafficPlan,
    analysis: z.strictObject({
      /** Share of the candidate's requests that may end in the application's own 5xx, 0 to 1. */
      maxErrorShare: z.number().superRefine(within('analysis.maxErrorShare')),
      /** Below this many requests in the window the share proves nothing; smoke and target health decide. */
      minRequests: count('analysis.minRequests'),
      /** Period of the load balancer's metrics: 60s on AWS. */
      period: Period,
    }),
    /** What a release must prove of where it comes from, before anything of it runs. */
    provenance: z.strictObject({
      /** From the deployment's first look to the build's end: an image is pushed while its build still runs. */
      timeout: time('provenance.timeout'),
      /** The branch that must hold the commit; left out, any commit may be released. */
      branch: z
        .string()
        .regex(/^[A-Za-z0-9][\w./-]{0,99}$/, { error: 'the name of a branch, as in main' })
        .optional(),
    }),
    /** What the registry's scan of an image may have found, before anything of it runs. */
    scan: z.strictObject({
      /** `CRITICAL`: such findings block. `HIGH`: critical and high ones do. `none`: scans are not looked at. An absent scan blocks. */
      block: z.enum(['CRITICAL', 'HIGH', 'none']),
      /** From the deployment's first look to the scan's end. */
      timeout: time('scan.timeout'),
      /** Findings that do not block, for a time: base images carry some that have no fix yet. */
      accept: z
        .array(
          z.strictObject({
            cve: z.string().regex(/^[A-Za-z][\w.:-]{2,99}$/, { error: 'a finding’s name, as in CVE-2023-45853' }),
            reason: z.string().regex(/^[^\p{C}]{1,200}$/u, { error: 'a reason of one line, at most 200 characters' }),
            /** The last day on which it does, in UTC. */
            until: z.iso.date({ error: 'a day, as in 2027-01-31' }),
          }),
        )
        .optional(),
    }),
    /** A person's approval before the release acts on the target. Left out, no one is asked. */
    approval: z
      .strictObject({
        /** Without an answer until then the deployment is not made live: silence is no. */
        timeout: time('approval.timeout'),
        /**
         * What waits for the answer. `anything`: whatever could write to the database or read a secret, so that nothing of the
         * release runs before it but the plan of its migrations. `migrations-or-traffic`, also when left out: the migration
         * where one is pending, else the first share of the traffic; the candidate runs by then, without users.
         */
        before: z.enum(['anything', 'migrations-or-traffic']).optional(),
        /** Who may answer, each by the name that AWS gives them. Left out, each person who may call `answer-approval`. */
        approvers: z.array(Approver).min(1).max(MOST_NAMES).optional(),
      })
      .optional(),
    /** How long the old slot stays able to serve after a promotion. */
    warm: time('warm'),
    /** How long `converge` rests between two looks at AWS. */
    poll: time('poll'),
    infrastructure: Infrastructure,
  })
  .superRefine((settings, context) => {
    for (const { path, message } of foreignNames(settings))
      context.addIssue({ code: 'custom', path: [...path], message });
    for (const { path, message } of budgetProblems(settings))
      context.addIssue({ code: 'custom', path: [...path], message });
    const bytes = Buffer.byteLength(JSON.stringify(settings));
    if (bytes > LONGEST_SETTINGS)
      context.addIssue({
        code: 'custom',
        path: [],
        message: `the settings have ${bytes} bytes as JSON, and Parameter Store takes ${LONGEST_SETTINGS}: put long values into a secret, or into the image`,
      });
  });
export type Settings = z.infer<typeof Settings>;

/** The target whose live releases this one is offered; undefined: it is deployed from pushes. */
export function promotedFrom({ source }: Pick<Settings, 'source'>): Target | undefined {
  return source.startsWith(PROMOTION) ? Target.parse(source.slice(PROMOTION.length)) : undefined;
}

/** The target that these settings are of. */
export function targetOf(settings: Pick<Settings, 'app' | 'environment'>): Target {
  return Target.parse(`${settings.app}/${settings.environment}`);
}
