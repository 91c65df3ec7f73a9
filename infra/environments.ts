import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Environments } from './environment-schema.ts';

/**
 * What is deployed, and how. Another module can take this one's place: `cdk -c environments=<path>`.
 * The account is that of the credentials in use.
 */
const environments: Environments = {
  orchestrator: {
    region: 'us-east-1',
    reconcileEvery: '5m',
    logRetention: RetentionDays.THREE_MONTHS,
    deletionProtection: true,
    notify: [],
  },
  pipelines: [
    {
      app: 'web',
      source: { connection: 'GitHub', repository: 'your-organisation/farol', branch: 'main' },
      buildspec: 'buildspec.yml',
      build: { architecture: 'ARM64', compute: 'small', timeout: '30m' },
    },
  ],
  targets: [
    {
      app: 'web',
      environment: 'production',
      source: 'push',
      network: {
        cidr: '10.20.0.0/16',
        zones: ['us-east-1a', 'us-east-1b', 'us-east-1c'],
        egress: { by: 'nat', gateways: 3 },
      },
      loadBalancer: { ports: { production: 80, blue: 8081, green: 8082 } },
      database: {
        version: '18',
        instance: 't4g.small',
        storageGiB: 20,
        multiZone: true,
        backupDays: 14,
        name: 'web',
      },
      service: {
        name: 'web',
        kind: 'web',
        cpu: 512,
        memory: 1024,
        architecture: 'ARM64',
        port: 8000,
        environment: {},
      },
      capacity: { min: 2, max: 10, requestsPerTarget: 1000 },
      health: { path: '/livez', interval: '10s', timeout: '5s', healthy: 2, unhealthy: 2 },
      drain: { deregistration: '30s', stopTimeout: '60s', idle: '60s', settle: '30s' },
      migrate: { timeout: '30m', lockTimeout: '5s', attempts: 3, incompatible: 'refuse', unknown: 'refuse' },
      candidate: { timeout: '10m', crashes: 3 },
      traffic: [
        { weight: 10, bake: '5m', checkEvery: '60s' },
        { weight: 50, bake: '5m', checkEvery: '60s' },
        { weight: 100, bake: '10m', checkEvery: '60s' },
      ],
      analysis: { maxErrorShare: 0.01, minRequests: 100, period: '60s' },
      warm: '1h',
      poll: '2s',
    },
  ],
};

export default environments;
