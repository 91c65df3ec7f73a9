import { Agent } from 'node:http';

/** States and reasons of a target as DescribeTargetHealth names them. */
export type TargetState = 'initial' | 'healthy' | 'unhealthy' | 'draining' | 'unused';
export type TargetReason =
  | 'Elb.RegistrationInProgress'
  | 'Elb.InitialHealthChecking'
  | 'Target.ResponseCodeMismatch'
  | 'Target.Timeout'
  | 'Target.FailedHealthChecks'
  | 'Target.NotInUse'
  | 'Target.NotRegistered'
  | 'Target.DeregistrationInProgress';

/** What a registration says of a target. */
export interface TargetAddress {
  readonly host: string;
  readonly port: number;
  /** What its answers are counted under. */
  readonly version?: string | undefined;
  /** Where it really listens, if `host` and `port` are addresses of a network that this machine only stands for. */
  readonly reach?: Endpoint | undefined;
}

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

export interface TargetHealth {
  readonly state: TargetState;
  readonly reason?: TargetReason;
  readonly description?: string;
}

const REASONS: Partial<Record<TargetReason, string>> = {
  'Elb.RegistrationInProgress': 'Target registration is in progress',
  'Elb.InitialHealthChecking': 'Initial health checks in progress',
  'Target.NotInUse': 'Target group is not configured to receive traffic from the load balancer',
  'Target.Timeout': 'Request timed out',
  'Target.FailedHealthChecks': 'Health checks failed',
  'Target.DeregistrationInProgress': 'Target deregistration is in progress',
  'Target.NotRegistered': 'Target is not registered to the target group',
};

export function health(state: TargetState, reason?: TargetReason, description?: string): TargetHealth {
  if (!reason) return { state };
  const text = description ?? REASONS[reason];
  return text === undefined ? { state, reason } : { state, reason, description: text };
}

/** One registered address: its health and its connections. */
export class Target implements TargetAddress {
  readonly host: string;
  readonly port: number;
  readonly version: string | undefined;
  readonly reach: Endpoint;
  health: TargetHealth;
  /** Health checks passed or failed in a row. */
  passes = 0;
  failures = 0;
  #agent: Agent;
  #idle: number;

  constructor(address: TargetAddress, idle: number) {
    this.host = address.host;
    this.port = address.port;
    this.version = address.version;
    this.reach = address.reach ?? { host: address.host, port: address.port };
    this.health = health('initial', 'Elb.RegistrationInProgress');
    this.#idle = idle;
    this.#agent = this.#newAgent();
  }

  /** `host:port`, which identifies a target in its group. */
  get key(): string {
    return targetKey(this);
  }

  /** Connections to the target; kept open between requests until the idle time has passed or the target drains. */
  get agent(): Agent {
    return this.#agent;
  }

  /** No further request comes: connections that carry none are closed, the others when theirs is answered. */
  drain(): void {
    this.#agent.maxFreeSockets = 0;
    for (const sockets of Object.values(this.#agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
  }

  /** Ends every connection; a request in flight fails. */
  cut(): void {
    this.#agent.destroy();
  }

  /** Takes requests again after a drain. */
  revive(): void {
    this.#agent = this.#newAgent();
    this.passes = 0;
    this.failures = 0;
  }

  #newAgent(): Agent {
    return new Agent({ keepAlive: true, maxFreeSockets: 256, timeout: this.#idle });
  }
}

export function targetKey({ host, port }: Endpoint): string {
  return `${host}:${port}`;
}
