import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { pipelineName } from '../../functions/core/contract/pipeline.ts';
import * as environments from '../../infra/environments/environments.ts';
import * as profiles from '../../infra/environments/profiles.ts';
import { REGIONS, type Region, zonesOf } from '../../infra/environments/regions.ts';
import { ACCOUNT, resources, synthesized, templateOf } from './synthesized.ts';

const { production, starter } = environments;
const inAccount = (value: typeof starter) => ({
  ...value,
  orchestrator: { ...value.orchestrator, account: ACCOUNT },
});
const small = synthesized(inAccount(starter));
const large = synthesized(inAccount(production));
const smallService = templateOf(small, 'web-starter-service');
const largeService = templateOf(large, 'web-production-service');

const zones = (template: typeof smallService) =>
  new Set(
    Object.values(resources(template, 'AWS::EC2::Subnet')).map(({ Properties }) => Properties['AvailabilityZone']),
  );

const KNOWN = Object.keys(REGIONS).filter((name): name is Region => name in REGIONS);

test.each(KNOWN)('starter is taken in %s by the name of the region alone', (region) => {
  const moved = inAccount({
    ...starter,
    orchestrator: { ...starter.orchestrator, region },
    targets: starter.targets.map((target) => ({ ...target, ...profiles.starter(region) })),
  });
  const text = JSON.stringify(templateOf(synthesized(moved), 'web-starter-service').toJSON());
  const named = [REGIONS[region].prefixList, ...zonesOf(region, 2)];
  expect(named.filter((name) => !text.includes(name))).toEqual([]);
  const foreign = KNOWN.filter((other) => other !== region).flatMap((other) => zonesOf(other, 2));
  expect(foreign.filter((name) => text.includes(name))).toEqual([]);
});

describe('starter', () => {
  test('runs in two zones, without what costs by the hour and could be done without', () => {
    expect(zones(smallService).size).toBe(2);
    for (const type of ['AWS::EC2::NatGateway', 'AWS::WAFv2::WebACL', 'AWS::EC2::FlowLog', 'AWS::EC2::VPCEndpoint'])
      smallService.resourceCountIs(type, 0);
    smallService.hasResourceProperties('AWS::RDS::DBInstance', { DBInstanceClass: 'db.t4g.micro', MultiAZ: false });
  });

  test('is as closed as production: an internal load balancer, an encrypted database out of everybody’s reach', () => {
    smallService.hasResourceProperties('AWS::ElasticLoadBalancingV2::LoadBalancer', { Scheme: 'internal' });
    smallService.hasResourceProperties('AWS::RDS::DBInstance', { PubliclyAccessible: false, StorageEncrypted: true });
    smallService.resourceCountIs('AWS::CloudFront::Distribution', 1);
  });

  test('can be taken away again', () => {
    smallService.hasResourceProperties('AWS::RDS::DBInstance', { DeletionProtection: false });
  });
});

describe('production', () => {
  test('runs in three zones, with a standby of the database, no public task, a firewall and flow logs', () => {
    expect(zones(largeService).size).toBe(3);
    largeService.hasResourceProperties('AWS::RDS::DBInstance', { MultiAZ: true, DeletionProtection: true });
    largeService.resourceCountIs('AWS::EC2::NatGateway', 3);
    largeService.resourceCountIs('AWS::WAFv2::WebACL', 1);
    largeService.hasResourceProperties('AWS::EC2::FlowLog', { TrafficType: 'ALL' });
  });
});

describe('synthesis', () => {
  const folder = mkdtempSync(join(tmpdir(), 'farol-synth-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  test('needs no credentials, asks nobody, and takes a profile by its name', () => {
    const { status, stderr } = spawnSync(process.execPath, ['infra/app.ts'], {
      cwd: resolve(import.meta.dirname, '../..'),
      encoding: 'utf8',
      env: {
        PATH: process.env['PATH'],
        CDK_OUTDIR: folder,
        CDK_VALIDATION: 'false',
        CDK_CONTEXT_JSON: JSON.stringify({
          environments: 'infra/environments/environments.ts#starter',
          'aws:cdk:bundling-stacks': [],
        }),
        // Whatever would ask somebody fails at once.
        AWS_ENDPOINT_URL: 'http://0.0.0.0:1',
        AWS_EC2_METADATA_DISABLED: 'true',
        HOME: folder,
      },
    });
    expect(status, stderr).toBe(0);
    const names = readdirSync(folder).filter((name) => name.endsWith('.template.json'));
    expect(names.toSorted()).toEqual([
      'farol-orchestrator.template.json',
      'web-pipeline.template.json',
      'web-repository.template.json',
      'web-starter-service.template.json',
    ]);
  });
});

describe('docs/deploy.md', () => {
  const text = readFileSync(resolve(import.meta.dirname, '../../docs/deploy.md'), 'utf8');

  test('names environments and stacks that there are', () => {
    const named = new Set([...text.matchAll(/npm run (?:deploy|destroy) -- (\w+)/g)].map(([, name = '']) => name));
    expect([...named]).toContain('starter');
    for (const name of named) expect(Object.keys(environments)).toContain(name);
    for (const stack of new Set([...Object.keys(small), ...Object.keys(large)])) expect(text).toContain(`\`${stack}\``);
  });

  test('names the pipeline and the outputs as they are called', () => {
    expect(text).toContain(`\`${pipelineName('web')}\``);
    smallService.hasOutput('Address', {});
  });
});
