import type { Account, AccountChanges, DeployedStack } from '../../../cli/deploy/account.ts';
import type { Template } from '../../../cli/deploy/assembly.ts';
import type { NamedEnvironment } from '../../../cli/deploy/environment.ts';
import { starter } from '../../../infra/environments/environments.ts';
import { parseEnvironments } from '../../../infra/environments/schema.ts';

const ACCOUNT = '111122223333';

/** The project's small environment, with a repository of somebody's. */
export function environment(change: (value: typeof starter) => void = () => undefined): NamedEnvironment {
  const value = structuredClone(starter);
  for (const { source } of value.pipelines) source.repository = 'ana/guestbook';
  change(value);
  return { name: 'starter', context: 'infra/environments/environments.ts#starter', value: parseEnvironments(value) };
}

/** What an account that lacks nothing answers; `change` makes it another. */
export interface AccountState {
  account: string;
  region: string | undefined;
  bootstrap: number | undefined;
  missingRoles: string[];
  quotas: Record<string, number>;
  used: number;
  concurrency: number;
  zones: { name: string; id: string; state: string }[];
  prefixList: string | undefined;
  offer: { version: string; zones: string[] } | undefined;
  stacks: Map<string, DeployedStack>;
  templates: Record<string, Template>;
  connection: { name: string; status: string } | undefined;
  running: string[];
}

export class FakeAccount implements Account, AccountChanges {
  readonly state: AccountState;
  readonly changes: string[] = [];

  constructor(state: Partial<AccountState> = {}) {
    this.state = {
      account: ACCOUNT,
      region: 'opt-in-not-required',
      bootstrap: 30,
      missingRoles: [],
      quotas: {},
      used: 0,
      concurrency: 1000,
      zones: ['a', 'b', 'c'].map((letter, i) => ({
        name: `us-east-1${letter}`,
        id: `use1-az${[1, 2, 4][i]}`,
        state: 'available',
      })),
      prefixList: 'com.amazonaws.global.cloudfront.origin-facing',
      offer: { version: '18.3', zones: ['us-east-1a', 'us-east-1b', 'us-east-1c'] },
      stacks: new Map(),
      templates: {},
      connection: undefined,
      running: [],
      ...state,
    };
  }

  identity = () => Promise.resolve({ account: this.state.account, arn: `arn:aws:iam::${this.state.account}:user/ana` });
  regionStatus = () => Promise.resolve(this.state.region);
  bootstrapVersion = () => Promise.resolve(this.state.bootstrap);
  hasRole = (name: string) => Promise.resolve(!this.state.missingRoles.includes(name));
  quota = (_service: string, code: string) => Promise.resolve(this.state.quotas[code] ?? 50);
  used = () => Promise.resolve(this.state.used);
  concurrentExecutions = () => Promise.resolve(this.state.concurrency);
  zones = () => Promise.resolve(this.state.zones);
  prefixListName = () => Promise.resolve(this.state.prefixList);
  databaseZones = () => Promise.resolve(this.state.offer);
  stacks = () => Promise.resolve(new Map(this.state.stacks));
  template = (stack: string) => Promise.resolve(this.state.templates[stack] ?? { Resources: {} });
  connection = () => Promise.resolve(this.state.connection);
  runningDeployments = () => Promise.resolve(this.state.running);
  makeServiceLinkedRole = (service: string) => Promise.resolve(void this.changes.push(`role ${service}`));
  setStackPolicy = (stack: string, policy: string) =>
    Promise.resolve(void this.changes.push(`policy ${stack} ${policy}`));
}

/** A stack as it is when all went well. */
export function done(outputs: Record<string, string> = {}, status = 'CREATE_COMPLETE'): DeployedStack {
  return { status, outputs };
}
