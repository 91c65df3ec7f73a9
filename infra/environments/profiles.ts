import { REGIONS, type Region, zonesOf } from './regions.ts';
import type { EnvironmentTarget } from './schema.ts';

/** What is the same wherever an application of Farol's example runs, and what a profile decides. */
type Profile = Omit<EnvironmentTarget, 'app' | 'environment' | 'source' | 'address'>;

/** Where Django records the migrations that it has applied (Django documentation, "The django_migrations table"). */
export const MIGRATIONS_TABLE = {
  table: 'django_migrations',
  columns: ['app', 'name'],
} satisfies Profile['database']['migrations'];

const common = {
  loadBalancer: { ports: { production: 80, blue: 8081, green: 8082 } },
  health: { path: '/livez', interval: '10s', timeout: '5s', healthy: 2, unhealthy: 2 },
  drain: { deregistration: '30s', stopTimeout: '60s', idle: '60s', settle: '30s' },
  migrate: { timeout: '30m', lockTimeout: '5s', attempts: 3, incompatible: 'refuse', unknown: 'refuse' },
  candidate: { timeout: '10m', crashes: 3 },
  provenance: { timeout: '10m' },
  scan: { block: 'CRITICAL', timeout: '15m' },
  poll: '2s',
} satisfies Partial<Profile>;

/** For a new account: the cheapest that still runs in two zones and scales. docs/costs.md says what it lacks. */
export const starter = (region: Region): Profile => ({
  ...common,
  network: {
    cidr: '10.20.0.0/16',
    zones: zonesOf(region, 2),
    egress: { by: 'public address' },
    flowLogs: false,
  },
  edge: { prefixList: REGIONS[region].prefixList, staticPath: '/static/' },
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
    architecture: 'ARM64',
    port: 8000,
    environment: {},
    insights: false,
  },
  capacity: { min: 2, max: 4, requestsPerTarget: 1000 },
  traffic: [
    { weight: 10, bake: '2m', checkEvery: '60s' },
    { weight: 100, bake: '2m', checkEvery: '60s' },
  ],
  analysis: { maxErrorShare: 0.01, minRequests: 20, period: '60s' },
  warm: '10m',
  // Of some 110 connections that a t4g.micro allows.
  alarms: { level: 'essential', lostRequests: 5, errorShare: 0.02, latency: '2s', databaseConnections: 80 },
});

/** Three zones, a standby of the database, no public task, a firewall, and a record of the network's flows. */
export const production = (region: Region): Profile => ({
  ...common,
  network: {
    cidr: '10.20.0.0/16',
    zones: zonesOf(region, 3),
    egress: { by: 'nat', gateways: 3 },
    flowLogs: true,
  },
  edge: { prefixList: REGIONS[region].prefixList, staticPath: '/static/', firewall: 'managed' },
  database: {
    version: '18',
    instance: 't4g.small',
    storageGiB: 20,
    storageMaxGiB: 100,
    multiZone: true,
    backupDays: 14,
    name: 'web',
    migrations: MIGRATIONS_TABLE,
  },
  service: {
    name: 'web',
    kind: 'web',
    cpu: 512,
    memory: 1024,
    architecture: 'ARM64',
    port: 8000,
    environment: {},
    insights: true,
  },
  capacity: { min: 2, max: 10, requestsPerTarget: 1000 },
  traffic: [
    { weight: 10, bake: '5m', checkEvery: '60s' },
    { weight: 50, bake: '5m', checkEvery: '60s' },
    { weight: 100, bake: '10m', checkEvery: '60s' },
  ],
  analysis: { maxErrorShare: 0.01, minRequests: 100, period: '60s' },
  warm: '1h',
  // Of some 220 connections that a t4g.small allows.
  alarms: { level: 'all', lostRequests: 5, errorShare: 0.02, latency: '2s', databaseConnections: 170 },
});
