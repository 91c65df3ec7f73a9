import type { Target } from '#core/contract/target.ts';
import { secretPrefix } from '#core/contract/target-names.ts';

/** The tag of everything that Farol's stacks make. */
export const MADE_BY = { key: 'farol:made-by', value: 'farol' } as const;

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
  deadLetterQueue: 'farol-dead-letters',
} as const;

/** The Lambda function of a folder, which is also the application id in the user agent of its calls. */
export function functionName(name: FunctionName): string {
  return `farol-${name}`;
}

/**
 * The role of a function of the orchestrator, by a name that targets' roles can trust. With the region in it, because roles are
 * of the account.
 */
export function functionRole(name: FunctionName, region: string): string {
  return `farol-${name}-${region}`;
}

/** `AcquireLockFunction`: what stands for a function in release.asl.yaml. */
export function substitutionName(name: FunctionName): string {
  return `${pascalCase(name)}Function`;
}

/** `AcquireLock` for `acquire-lock`. */
export function pascalCase(name: string): string {
  return name.replaceAll(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** How the names of the secrets begin that `farol run` keeps for the time of one task. */
export function runSecretPrefix(target: Target): string {
  return `${secretPrefix(target)}run/`;
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
 * The role that an application's builds have; images are put by no other role. With the region in it, because roles are of
 * the account.
 */
export function buildRole(app: string, region: string): string {
  return `farol-${app}-build-${region}`;
}

/** The stack that builds an application's releases. */
export function pipelineStack(app: string): string {
  return `${app}-pipeline`;
}
