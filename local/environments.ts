import { arch } from 'node:process';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Environments } from '../infra/environment-schema.ts';

/** Environment variable with the ports of production, preview of blue and preview of green, as in `8000,8001,8002`. */
export const PORTS_VARIABLE = 'FAROL_LISTENER_PORTS';

/** Environment variable with the path that the load balancer asks whether a task is well; `/livez` unless set. */
export const HEALTH_PATH_VARIABLE = 'FAROL_HEALTH_PATH';

const [production, blue, green] = (process.env[PORTS_VARIABLE] ?? '8000,8001,8002').split(',').map(Number);

/** Farol on one's own machine: the times are those of AWS, and are scaled when the settings are published. */
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
  // Releases are built by whoever pushes a tag to the local repository.
  pipelines: [],
  targets: [
    {
      app: 'web',
      environment: 'production',
      source: 'push',
      address: `http://127.0.0.1:${production}`,
      network: {
        cidr: '10.20.0.0/16',
        zones: ['us-east-1a', 'us-east-1b'],
        egress: { by: 'public address' },
        flowLogs: false,
      },
      loadBalancer: { ports: { production: production ?? 0, blue: blue ?? 0, green: green ?? 0 } },
      database: {
        version: '18',
        instance: 't4g.micro',
        storageGiB: 20,
        storageMaxGiB: 100,
        multiZone: false,
        backupDays: 1,
        name: 'web',
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
      traffic: [
        { weight: 10, bake: '60s', checkEvery: '60s' },
        { weight: 50, bake: '60s', checkEvery: '60s' },
        { weight: 100, bake: '60s', checkEvery: '60s' },
      ],
      analysis: { maxErrorShare: 0.01, minRequests: 20, period: '60s' },
      warm: '1h',
      poll: '250ms',
      alarms: { level: 'essential', lostRequests: 5, errorShare: 0.02, latency: '2s', databaseConnections: 80 },
    },
  ],
} satisfies Environments;

export default environments;
