import type { Template } from './assembly.ts';

/** What is asked of an AWS account before anything is changed there. `undefined`: it does not exist. */
export interface Account {
  identity(): Promise<{ readonly account: string; readonly arn: string }>;
  /** How the account stands to the region: `opt-in-not-required`, `opted-in`, `not-opted-in`; undefined: no such region. */
  regionStatus(region: string): Promise<string | undefined>;
  bootstrapVersion(): Promise<number | undefined>;
  hasRole(name: string): Promise<boolean>;
  quota(service: string, code: string): Promise<number | undefined>;
  /** How many of a quota's things there are. */
  used(what: Used): Promise<number>;
  /** Lambda's own word on concurrent executions: Service Quotas tells 1,000 where a new account has ten. */
  concurrentExecutions(): Promise<number>;
  zones(): Promise<readonly Zone[]>;
  /** Name of a managed prefix list. */
  prefixListName(id: string): Promise<string | undefined>;
  /** Zones in which a class runs the newest offered version of a major version of PostgreSQL; undefined: version not offered. */
  databaseZones(major: string, instanceClass: string): Promise<DatabaseOffer | undefined>;
  /** Every stack that Farol made here, by name. */
  stacks(): Promise<ReadonlyMap<string, DeployedStack>>;
  /** Template of a deployed stack, as it was given to CloudFormation. */
  template(stack: string): Promise<Template>;
  connection(arn: string): Promise<{ readonly name: string; readonly status: string } | undefined>;
  /** Names of executions of the state machine that run. */
  runningDeployments(): Promise<readonly string[]>;
}

export type Used = 'roles' | 'vpcs' | 'addresses' | 'load balancers' | 'databases';

export interface Zone {
  readonly name: string;
  /** The same place has one id in all accounts, and any name. */
  readonly id: string;
  readonly state: string;
}

interface DatabaseOffer {
  readonly version: string;
  readonly zones: readonly string[];
}

export interface DeployedStack {
  readonly status: string;
  readonly outputs: Readonly<Record<string, string>>;
}

/** What changes an account besides the CDK command. */
export interface AccountChanges {
  makeServiceLinkedRole(service: string): Promise<void>;
  setStackPolicy(stack: string, policy: string): Promise<void>;
}
