import * as z from 'zod';
import { block, line } from './text.ts';
import { versionProblem } from './version.ts';

/** An image's content digest. Tags move, digests do not: after the first look nothing is named by its tag. */
export const Digest = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/, { error: 'an image digest, sha256: and 64 hex digits' });
export type Digest = z.infer<typeof Digest>;

/** A release's version: `v` and a semantic version, as the git tag is written. Whatever is accepted can be ordered. */
export const Version = z.string().superRefine((tag, context) => {
  const message = versionProblem(tag);
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});
export type Version = z.infer<typeof Version>;

/** Name of the image label that carries release.json. */
export const RELEASE_LABEL = 'farol.release';
/** Name of the image label that carries the git commit (the OCI annotation key of the same meaning). */
export const COMMIT_LABEL = 'org.opencontainers.image.revision';
/** Name of the image label that carries who wrote the commit (the OCI annotation key of the nearest meaning). Nothing proves it. */
export const AUTHOR_LABEL = 'org.opencontainers.image.authors';
/** Name of the image label that carries the CodeBuild build id. */
export const BUILD_LABEL = 'farol.build';

const RelativePath = z
  .string()
  .regex(/^\/(?!\/)[^\s\\]*$/, { error: 'a path on the application, beginning with one slash' });

/** More checks would not end within the time of the function that asks them. */
const MOST_CHECKS = 30;
/** The most that one smoke check may take, in milliseconds. */
const LONGEST_CHECK_MS = 20_000;
/** Levels of JSON that a check may compare: the ledger keeps it within an item, which has 32 (DynamoDB, "Quotas", nested attributes). */
const DEEPEST_JSON = 16;

/** How many lists and objects a value has within each other. Goes level by level, since a hostile one may have very many. */
function depthOf(value: unknown): number {
  let depth = 0;
  for (let level: unknown[] = [value]; ; depth += 1) {
    level = level.flatMap((each) => (typeof each === 'object' && each !== null ? Object.values(each) : []));
    if (level.length === 0 || depth > DEEPEST_JSON) return depth;
  }
}

/** One request that a candidate must answer as said before it gets traffic. */
export const SmokeCheck = z.strictObject({
  path: RelativePath,
  status: z.int().min(100).max(599),
  /** The body must hold this text. */
  contains: z.string().optional(),
  /** The body must be JSON with at least these members. */
  json: z
    .record(z.string(), z.unknown())
    .refine((value) => depthOf(value) <= DEEPEST_JSON, { error: `at most ${DEEPEST_JSON} levels deep` })
    .optional(),
  headers: z.record(z.string(), z.string()).optional(),
  maxMs: z
    .int()
    .positive()
    .max(LONGEST_CHECK_MS, { error: `at most ${LONGEST_CHECK_MS}` })
    .optional(),
});
export type SmokeCheck = z.infer<typeof SmokeCheck>;

const Command = z.array(z.string().min(1)).min(1);

/**
 * The application's side of the contract: how it starts, migrates, and how one sees that it works.
 * Lies as release.json in the application's root and travels as a label inside the image, so that it is pinned with the digest.
 */
export const ReleaseJson = z.strictObject({
  schema: z.literal(1),
  start: Command,
  /** Brings the database's schema forward; `null`: the application has none. Exit code 75 (EX_TEMPFAIL): another one is migrating. */
  migrate: Command.nullable(),
  /** Prints what `migrate` would do, as {@link MigrationPlan}; `null`: not known. */
  migrationPlan: Command.nullable(),
  port: z.int().min(1).max(65_535),
  /** Answers 200 while the process serves; asks no database. */
  livez: RelativePath,
  /** Answers 200 while the database can be reached too. */
  readyz: RelativePath,
  /** Answers {@link VersionAnswer}. */
  version: RelativePath,
  smoke: z.array(SmokeCheck).max(MOST_CHECKS),
  /**
   * Commands that ask the person who runs them: which variables answer instead, and which arguments keep them from asking.
   * `farol run` asks for the variables; a task has no terminal. `secret`: what is typed is shown and kept nowhere.
   */
  asks: z
    .array(
      z.strictObject({
        command: Command,
        arguments: z.array(z.string().min(1)),
        variables: z.record(z.string().regex(/^[A-Z][A-Z0-9_]*$/), z.enum(['text', 'secret'])),
      }),
    )
    .optional(),
  /** For a developer's machine: commands that make the tree runnable without a container, and folders of it that go on PATH. */
  local: z.strictObject({ prepare: z.array(Command), path: z.array(z.string()) }).optional(),
});
export type ReleaseJson = z.infer<typeof ReleaseJson>;

/** What the version path answers: proof of which release, in which slot, answered. */
export const VersionAnswer = z.object({
  version: z.string(),
  digest: z.string(),
  commit: z.string(),
  slot: z.string(),
});

/** Most characters of a migration's SQL that are kept: the plan is one line of a log, and an item of the ledger. */
const LONGEST_SQL = 4000;

/** Bytes of a plan that the ledger keeps, as a fact and in an entry, each of which may have 400 KB (DynamoDB, "Quotas", item size). */
const LONGEST_PLAN = 150_000;

const PrintedPlan = z.strictObject({
  migrations: z.array(
    z.strictObject({
      name: line(256),
      /** Whether the code that is live now goes on working on the schema after it. */
      compatible: z.enum(['yes', 'no', 'unknown']),
      why: line(500),
      /** What it would execute, for people to read; cut off where it is long. */
      sql: block(LONGEST_SQL).optional(),
    }),
  ),
  /**
   * Names that the framework's table will have more afterwards, where they are not those of `migrations`: Django records a
   * squashed migration by itself and by each that it replaces.
   */
  records: z.array(line(512)).optional(),
});

/**
 * What the `migrationPlan` command prints on its last line, as one line of JSON. Where it is too long for the ledger, it is kept
 * without its SQL.
 */
export const MigrationPlan = PrintedPlan.transform((plan): z.infer<typeof PrintedPlan> => {
  if (bytesOf(plan) <= LONGEST_PLAN) return plan;
  return { ...plan, migrations: plan.migrations.map(({ sql: _sql, ...migration }) => migration) };
}).refine((plan) => bytesOf(plan) <= LONGEST_PLAN, {
  error: `the plan has more than ${LONGEST_PLAN} bytes even without SQL`,
});

function bytesOf(value: object): number {
  return Buffer.byteLength(JSON.stringify(value));
}

export type MigrationPlan = z.infer<typeof MigrationPlan>;

/** An image that can be deployed, as read from the registry. */
export const Release = z.strictObject({
  repository: z.string(),
  digest: Digest,
  version: Version,
  commit: line(64),
  /** Who wrote the commit, as the commit says; empty: it is not known. */
  author: line(200),
  build: z.string(),
  releaseJson: ReleaseJson,
});
export type Release = z.infer<typeof Release>;

/** What runs: an image and everything else. Facts, gates and "rollback to" are about the pair. */
export const Deployable = z.strictObject({
  digest: Digest,
  version: Version,
  settingsHash: z.string().regex(/^[0-9a-f]{16}$/),
});
export type Deployable = z.infer<typeof Deployable>;
