import { SETTINGS_PATH, type Target } from '#core/contract/target.ts';

/** Every function of Farol, by its folder under functions/. */
export const FUNCTIONS = [
  'receive-push',
  'receive-settings',
  'acquire-lock',
  'preflight',
  'prepare-database',
  'start-task',
  'check-task',
  'converge',
  'smoke',
  'check-step',
  'ask-approval',
  'read-approval',
  'answer-approval',
  'start-deployment',
  'freeze',
  'finish',
  'reconcile',
  'anchor-entries',
  'answer-pipeline',
  'report-targets',
  'unfreeze',
] as const;
export type FunctionName = (typeof FUNCTIONS)[number];

/** Functions that people ask, by an address of their own: AWS says who asks. Each with the policy of who may. */
export const ASKED_BY_PEOPLE = {
  'answer-approval': 'farol-approver',
  'start-deployment': 'farol-operator',
  unfreeze: 'farol-operator',
} as const satisfies Partial<Record<FunctionName, string>>;

/** The functions, by their folders under functions/, that each target has for itself. */
export const PROBE = 'probe';
export const DATABASE = 'database';
export const REMOVE_SLOTS = 'remove-slots';

/**
 * Physical names of the orchestrator. They are fixed, because policies must name what does not exist yet when they are
 * written: the functions start the state machine that invokes them.
 */
export const ORCHESTRATOR = {
  stack: 'farol-orchestrator',
  stateMachine: 'farol-release',
  /** `vendedlogs`: other names make CloudWatch's resource policy grow until it is full. Step Functions Developer Guide, "Logging in CloudWatch Logs". */
  stateMachineLogGroup: '/aws/vendedlogs/states/farol-release',
  /** What the names of the ledger's tables begin with. */
  ledger: 'farol-ledger',
  /** Log group of what happened to the ledger's entries. */
  anchors: '/farol/ledger',
  topic: 'farol-notices',
  undelivered: 'farol-undelivered',
} as const;

/** The Lambda function of a folder, which is also the application id in the user agent of its calls. */
export function functionName(name: FunctionName): string {
  return `farol-${name}`;
}

/** `AcquireLockFunction`: what stands for a function in release.asl.json. */
export function substitutionName(name: FunctionName): string {
  const pascal = name.replaceAll(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return `${pascal}Function`;
}

/** Physical names of what belongs to one target; policies of the orchestrator are limited to them. */
export interface TargetNames {
  /** `web-production`; also the name of cluster and load balancer, and the family prefix of task definitions. */
  readonly slug: string;
  readonly stack: string;
  readonly targetGroups: { readonly blue: string; readonly green: string };
  readonly roles: Readonly<Record<'execution' | 'task' | 'migration' | 'plan' | 'planExecution', string>>;
  readonly logGroup: string;
  readonly settingsParameter: string;
  readonly secretKey: string;
  /** The function that asks the previews. */
  readonly probe: string;
  /** The function that prepares the database and reads from it. */
  readonly database: string;
  /** The function that removes the slots with the stack. */
  readonly removeSlots: string;
}

/** The names of a target's resources. */
export function targetNames(app: string, environment: string): TargetNames {
  const slug = `${app}-${environment}`;
  return {
    slug,
    stack: `${slug}-service`,
    targetGroups: { blue: `${slug}-blue`, green: `${slug}-green` },
    roles: {
      execution: `farol-${slug}-execution`,
      task: `farol-${slug}-task`,
      migration: `farol-${slug}-migration`,
      plan: `farol-${slug}-plan`,
      planExecution: `farol-${slug}-plan-execution`,
    },
    logGroup: `/farol/${app}/${environment}`,
    settingsParameter: `${SETTINGS_PATH}/${app}/${environment}`,
    secretKey: `farol/${app}/${environment}/secret-key`,
    probe: `farol-${PROBE}-${slug}`,
    database: `farol-${DATABASE}-${slug}`,
    removeSlots: `farol-${REMOVE_SLOTS}-${slug}`,
  };
}

/** How the names of the secrets begin that `farol run` keeps for the time of one task. */
export function runSecretPrefix(target: Target): string {
  return `farol/${target}/run/`;
}

/** The database's master user: no superuser, but the one that makes the others. */
export const DATABASE_MASTER = 'farol';

/** The roles that a database is used by: who owns it all and never logs in, who migrates, who serves, and who plans migrations. */
export function databaseRoles(
  database: string,
): Readonly<Record<'owner' | 'migrator' | 'application' | 'planner', string>> {
  return {
    owner: `${database}_owner`,
    migrator: `${database}_migrator`,
    application: `${database}_application`,
    planner: `${database}_planner`,
  };
}

/** The ECR repository of an application's images: all its environments deploy the same ones. */
export function repositoryName(app: string): string {
  return app;
}

/**
 * The role that an application's builds have, and nobody else puts images by. With the region in it, because roles are of
 * the account.
 */
export function buildRole(app: string, region: string): string {
  return `farol-${app}-build-${region}`;
}

/** The stack that builds an application's releases. */
export function pipelineStack(app: string): string {
  return `${app}-pipeline`;
}
