import { arch } from 'node:process';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { MIGRATIONS_TABLE } from '../infra/environments/profiles.ts';
import type { Environments, EnvironmentTarget } from '../infra/environments/schema.ts';

/** Environment variable with the ports of production, preview of blue and preview of green, as in `8000,8001,8002`; then those of the next target. */
export const PORTS_VARIABLE = 'FAROL_LISTENER_PORTS';

/** Environment variable with the path that the load balancer asks whether a task is well; `/livez` unless set. */
export const HEALTH_PATH_VARIABLE = 'FAROL_HEALTH_PATH';

const ports = (process.env[PORTS_VARIABLE] ?? '8000,8001,8002,8003,8004,8005').split(',').map(Number);

/** Settings of all targets on a developer's machine: as small as can be, with the times of AWS, which are scaled when the settings are published. */
const COMMON = {
  network: {
    cidr: '10.20.0.0/16',
    zones: ['us-east-1a', 'us-east-1b'],
    egress: { by: 'public address' },
    flowLogs: false,
  },
  database: {
    version: '18',
    instance: 't4g.micro',
    storageGiB: 20,
    storageMaxGiB: 100,
    multiZone: false,
    backupDays: 1,
    name: 'web',
    migrations: MIGRATIONS_TABLE,
  },
  service: {
    name: 'web',
    kind: 'web',
    cpu: 256,
    memory: 512,
    architecture: arch === 'arm64' ? 'ARM64' : 'X86_64',
    port: 8000,
    environment: {},
    insights: true,
  },
  capacity: { min: 2, max: 4, requestsPerTarget: 6000 },
  health: {
    path: process.env[HEALTH_PATH_VARIABLE] ?? '/livez',
    interval: '10s',
    timeout: '5s',
    healthy: 2,
    unhealthy: 2,
  },
  drain: { deregistration: '30s', stopTimeout: '30s', idle: '60s', settle: '30s' },
  migrate: { timeout: '30m', lockTimeout: '5s', attempts: 3, incompatible: 'refuse', unknown: 'refuse' },
  candidate: { timeout: '10m', crashes: 3 },
  provenance: { timeout: '10m' },
  scan: { block: 'CRITICAL', timeout: '15m' },
  traffic: [
    { weight: 10, bake: '60s', checkEvery: '60s' },
    { weight: 50, bake: '60s', checkEvery: '60s' },
    { weight: 100, bake: '60s', checkEvery: '60s' },
  ],
  analysis: { maxErrorShare: 0.01, minRequests: 20, period: '60s' },
  warm: '1h',
  poll: '250ms',
  alarms: { level: 'essential', lostRequests: 5, errorShare: 0.02, latency: '2s', databaseConnections: 80 },
} satisfies Omit<EnvironmentTarget, 'app' | 'environment' | 'source' | 'address' | 'loadBalancer'>;

/** A target on a developer's machine. @param place which of the ports are its own: 0 for those of the first target */
function target(
  place: number,
  identity: Pick<EnvironmentTarget, 'app' | 'environment' | 'source' | 'approval'>,
): EnvironmentTarget {
  const [production = 0, blue = 0, green = 0] = ports.slice(3 * place);
  return {
    ...identity,
    address: `http://127.0.0.1:${production}`,
    loadBalancer: { ports: { production, blue, green } },
    ...COMMON,
  };
}

/** Farol on a developer's machine. */
const environments = {
  orchestrator: {
    account: '000000000000',
    region: 'us-east-1',
    reconcileEvery: '1m',
    logRetention: RetentionDays.ONE_DAY,
    deletionProtection: false,
    notify: [],
    // Without metric math, which MiniStack does not know, and without a budget, which it does not either.
    alarms: 'essential',
  },
  // Releases are built when a tag is pushed to the local repository.
  pipelines: [],
  targets: [target(0, { app: 'web', environment: 'production', source: 'push' })],
} satisfies Environments;

/** The same with a target before production, which is deployed from the pushes in its place. */
export const promotion = {
  ...environments,
  targets: [
    target(0, {
      app: 'web',
      environment: 'production',
      source: 'promotion of web/staging',
      approval: { timeout: '1h' },
    }),
    target(1, { app: 'web', environment: 'staging', source: 'push' }),
  ],
} satisfies Environments;

/** Three targets that one push goes to at once. A machine that starts six tasks at once takes its time for each. */
export const sideBySide = {
  ...environments,
  targets: ['production', 'north', 'south'].map((environment, place) => ({
    ...target(place, { app: 'web', environment, source: 'push' }),
    candidate: { timeout: '1h', crashes: 3 },
  })),
} satisfies Environments;

export default environments;
