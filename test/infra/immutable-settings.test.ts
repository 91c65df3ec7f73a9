import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import {
  ARRIVALS,
  arrivalOf,
  changesBetween,
  isAllowed,
  refusals,
  stackPolicy,
} from '../../infra/environments/immutable-settings.ts';
import { starter } from '../../infra/environments/profiles.ts';
import { Environments, type EnvironmentTarget } from '../../infra/environments/schema.ts';
import { serviceTemplate, withSetting } from './service-template.ts';
import { environmentsIn, resources, synthesized, templateOf } from './synthesized.ts';

/** Types whose every change is a call to ECS, ELBv2 or Application Auto Scaling. */
const SERVING = /^AWS::(ECS|ElasticLoadBalancingV2|ApplicationAutoScaling)::/;
const SETTINGS = 'AWS::SSM::Parameter';

const DOMAIN = { name: 'shop.example', zone: { id: 'Z0123456789', name: 'shop.example' } };

/** Another valid value for each setting, by its path. */
const OTHERS: Readonly<Record<string, unknown>> = {
  'orchestrator.logRetention': 30,
  'orchestrator.deletionProtection': false,
  'orchestrator.notify': ['team@shop.example'],
  'orchestrator.reconcileEvery': '10m',
  'orchestrator.alarms': 'essential',
  'orchestrator.documentation': 'https://shop.example/docs',
  'orchestrator.budget': 10,
  source: 'promotion of web/staging',
  address: 'https://other.example',
  protocolHeader: 'Forwarded-By-Proto',
  'network.cidr': '10.30.0.0/16',
  'network.zones': ['us-east-1a', 'us-east-1b', 'us-east-1d'],
  'network.egress': { by: 'nat', gateways: 2 },
  'network.flowLogs': false,
  'edge.prefixList': 'pl-0123',
  'edge.staticPath': '/assets/',
  'edge.firewall': 'arn:aws:wafv2:us-east-1:111122223333:global/webacl/own/1',
  'edge.largeBodies': true,
  'edge.domain': DOMAIN,
  'loadBalancer.ports.production': 8080,
  'loadBalancer.ports.blue': 9081,
  'loadBalancer.ports.green': 9082,
  'database.version': '17',
  'database.instance': 'm8g.large',
  'database.storageGiB': 40,
  'database.storageMaxGiB': 200,
  'database.multiZone': false,
  'database.backupDays': 7,
  'database.name': 'shop',
  'database.migrations.table': 'schema_migrations',
  'database.migrations.columns': ['version'],
  'service.name': 'server',
  'service.cpu': 256,
  'service.memory': 2048,
  'service.environment': { FEATURE: 'on' },
  'service.architecture': 'X86_64',
  'service.port': 9000,
  'service.insights': false,
  'capacity.min': 3,
  'capacity.max': 12,
  'capacity.requestsPerTarget': 500,
  'health.path': '/readyz',
  'health.interval': '20s',
  'health.timeout': '4s',
  'health.healthy': 3,
  'health.unhealthy': 4,
  'drain.deregistration': '45s',
  'drain.stopTimeout': '90s',
  'drain.idle': '65s',
  'drain.settle': '45s',
  'alarms.level': 'essential',
  'alarms.lostRequests': 5,
  'alarms.errorShare': 0.2,
  'alarms.latency': '3s',
  'alarms.databaseConnections': 7,
  'approval.timeout': '2h',
  'approval.before': 'anything',
  'approval.approvers': ['ana@example.com'],
  'migrate.timeout': '20m',
  'migrate.lockTimeout': '3s',
  'migrate.attempts': 5,
  'migrate.incompatible': 'allow',
  'migrate.unknown': 'allow',
  'candidate.timeout': '5m',
  'candidate.crashes': 5,
  'provenance.timeout': '5m',
  'provenance.branch': 'main',
  'scan.block': 'HIGH',
  'scan.timeout': '10m',
  'scan.accept': [{ cve: 'CVE-2023-45853', reason: 'not in what is used', until: '2027-01-31' }],
  traffic: [{ weight: 100, bake: '5m', checkEvery: '60s' }],
  'analysis.maxErrorShare': 0.05,
  'analysis.minRequests': 50,
  'analysis.period': '120s',
  warm: '30m',
  poll: '3s',
};
/** Has one value only. */
const ONE_VALUE = ['service.kind'];

/** Paths of every setting that is no group of others. */
function leaves(schema: unknown, path: string[] = []): string[] {
  if (schema instanceof z.ZodOptional) return leaves(schema.unwrap(), path);
  if (!(schema instanceof z.ZodObject) || path.join('.') === 'edge.domain') return [path.join('.')];
  return Object.entries(schema.shape).flatMap(([key, member]) => leaves(member, [...path, key]));
}

const paths = [
  ...leaves(Environments.shape.orchestrator, ['orchestrator']),
  ...leaves(Environments.shape.targets.element),
];

/** What the edge decides is a setting of targets without one. */
const WITHOUT_EDGE: Readonly<Record<string, string>> = {
  address: 'https://shop.example',
  protocolHeader: 'X-Forwarded-Proto',
};

function withoutEdge(path: string, value: unknown): (environments: object) => object {
  return (environments) => withSetting('edge', undefined)(withSetting(path, value)(environments));
}

const own = environmentsIn();
/** Without pipelines, which must agree with their targets in what is changed here one by one; with a target to be fed from, and the approval that this needs. */
const base = {
  ...own,
  pipelines: [],
  targets: [
    ...own.targets.map((one) => ({ ...one, approval: { timeout: '1d' } })),
    { app: 'web', environment: 'staging', source: 'push', ...starter('us-east-1') },
  ],
};
const before = serviceTemplate(base);

test('every setting has its way to arrive, and a change that is tried', () => {
  expect(paths.length).toBeGreaterThan(50);
  expect(paths.filter((path) => arrivalOf(path) === undefined)).toEqual([]);
  const tried = paths.filter((path) => arrivalOf(path) !== 'another' && !ONE_VALUE.includes(path));
  expect(new Set(Object.keys(OTHERS))).toEqual(new Set(tried));
});

test('nothing is classed that is no setting', () => {
  for (const path of Object.keys(ARRIVALS))
    expect(
      paths.some((one) => one === path || one.startsWith(`${path}.`)),
      path,
    ).toBe(true);
});

describe('a change of', () => {
  test.each(Object.entries(OTHERS))('%s arrives as it is classed', (path, value) => {
    const other = WITHOUT_EDGE[path];
    const former = other === undefined ? before : serviceTemplate(withoutEdge(path, other)(base));
    const after = serviceTemplate((other === undefined ? withSetting : withoutEdge)(path, value)(base));
    expect(arrivalBetween(former, after, classedAs(path))).toBe(arrivalOf(path));
  });
});

/** How what differs between two templates would arrive; anything that CloudFormation would do to what serves is told apart. */
function arrivalBetween(former: unknown, after: unknown, path: string): string {
  const refused = refusals(former, after);
  if (refused.length > 0) return refused.some((one) => one.includes(path)) ? 'fixed' : refused.join(' ');
  const types = new Set(changesBetween(former, after).map(({ type }) => type));
  const serving = [...types].filter((type) => SERVING.test(type));
  if (serving.length > 0) return `changes ${serving.join(', ')}`;
  const deploys = types.delete(SETTINGS);
  // Alarms and dashboards only look on, and know of times and bounds.
  const others = [...types].filter((type) => !type.startsWith('AWS::CloudWatch::'));
  if (deploys) return others.length > 0 ? 'update and deployment' : 'deployment';
  return 'update';
}

/** The path by which a refusal names a setting: its own or the nearest above it. */
function classedAs(path: string): string {
  return path.startsWith('loadBalancer.') ? 'loadBalancer.ports' : path;
}

describe('the stack policy', () => {
  const policy = stackPolicy(before);
  const Resources = z.object({ Resources: z.record(z.string(), z.looseObject({ Type: z.string() })) });
  const resources = Object.entries(Resources.parse(before).Resources).map(([id, { Type }]) => ({ id, type: Type }));

  test('is one that CloudFormation takes', () => {
    // CloudFormation API Reference, SetStackPolicy: 16 KiB.
    expect(JSON.stringify(policy).length).toBeLessThan(16_384);
    expect(policy.Statement[0]).toEqual({ Effect: 'Allow', Principal: '*', Action: ['Update:*'], Resource: '*' });
  });

  test('lets nothing of ECS, ELBv2 or scaling be changed', () => {
    const serving = resources.filter(({ type }) => SERVING.test(type));
    expect(serving.length).toBeGreaterThan(5);
    for (const one of serving)
      for (const action of ['Update:Modify', 'Update:Replace', 'Update:Delete'] as const)
        expect(isAllowed(policy, { ...one, action }), one.id).toBe(false);
  });

  test.each([
    'AWS::IAM::Role',
    'AWS::SecretsManager::Secret',
    'AWS::Logs::LogGroup',
    'AWS::CloudFront::Distribution',
    'AWS::RDS::DBInstance',
  ])('lets no %s that settings name be replaced or deleted', (type) => {
    const kept = resources.filter(
      (one) => one.type === type && !isAllowed(policy, { ...one, action: 'Update:Delete' }),
    );
    expect(kept.map(({ id }) => id)).toEqual(expect.arrayContaining([expect.stringMatching(NAMED[type] ?? /^$/)]));
    for (const one of kept) {
      expect(isAllowed(policy, { ...one, action: 'Update:Replace' })).toBe(false);
      expect(isAllowed(policy, { ...one, action: 'Update:Modify' })).toBe(true);
    }
  });

  test('lets settings and functions be changed', () => {
    const free = resources.filter(({ type }) => type === SETTINGS || type.startsWith('AWS::Lambda::'));
    expect(free.length).toBeGreaterThan(2);
    for (const one of free) expect(isAllowed(policy, { ...one, action: 'Update:Modify' }), one.id).toBe(true);
  });

  test('refuses what settings named before, when a template no longer has it', () => {
    const without = structuredClone(Resources.parse(before));
    delete without.Resources['Log95422804'];
    expect(refusals(before, without)).toEqual([expect.stringContaining('delete Log95422804')]);
  });
});

const NAMED: Readonly<Record<string, RegExp>> = {
  'AWS::IAM::Role': /^RolesTask/,
  'AWS::SecretsManager::Secret': /Secret/,
  'AWS::Logs::LogGroup': /^Log/,
  'AWS::CloudFront::Distribution': /^EdgeDistribution/,
  'AWS::RDS::DBInstance': /^DatabaseInstance/,
};

test('what a past settings revision needs outlives its replacement', () => {
  const Kept = z.object({
    Resources: z.record(z.string(), z.looseObject({ Type: z.string(), UpdateReplacePolicy: z.string().optional() })),
  });
  const needed = Object.entries(Kept.parse(before).Resources).filter(
    ([id, { Type }]) =>
      Type === 'AWS::SecretsManager::Secret' ||
      id.startsWith('Roles') ||
      (Type === 'AWS::Logs::LogGroup' && id.startsWith('Log')),
  );
  expect(needed.length).toBeGreaterThanOrEqual(6);
  for (const [id, { UpdateReplacePolicy }] of needed) expect(UpdateReplacePolicy, id).toBe('Retain');
});

test('no image with a tag ever expires: whatever was deployed can be deployed again', () => {
  const repository = templateOf(synthesized(base), 'web-repository');
  const [one] = Object.values(resources(repository, 'AWS::ECR::Repository'));
  const policy = z.object({ LifecyclePolicyText: z.string() }).parse(one?.Properties['LifecyclePolicy']);
  const Rules = z.object({ rules: z.array(z.object({ selection: z.object({ tagStatus: z.string() }) })).min(1) });
  const { rules } = Rules.parse(JSON.parse(policy.LifecyclePolicyText));
  expect(new Set(rules.map(({ selection }) => selection.tagStatus))).toEqual(new Set(['untagged']));
});

test('every network stays as it was made, whichever way out it has', () => {
  const ways: EnvironmentTarget['network']['egress'][] = [
    { by: 'nat', gateways: 3 },
    { by: 'endpoints' },
    { by: 'public address' },
  ];
  const templates = ways.map((egress) => serviceTemplate(withSetting('network.egress', egress)(base)));
  for (const [i, from] of templates.entries())
    for (const to of templates.filter(
      (_, j) => i !== j && !(ways[i]?.by === 'public address' && ways[j]?.by === 'endpoints'),
    ))
      expect(refusals(from, to), ways[i]?.by).toContainEqual(expect.stringContaining('network.egress'));
});
