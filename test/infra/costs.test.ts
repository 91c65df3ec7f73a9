import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { dollars, idleMonth, total, unknownTypes } from '../../cli/costs/estimate.ts';
import { costsPage, FIREWALL_RULES, INTERFACE_ENDPOINTS, type Profile } from '../../cli/costs/page.ts';
import { Template } from '../../cli/deploy/assembly.ts';
import * as environments from '../../infra/environments/environments.ts';
import { parseEnvironments } from '../../infra/environments/schema.ts';
import { synthesized } from './synthesized.ts';

let profiles: Record<'starter' | 'production' | 'promotion', Profile>;
beforeAll(() => {
  const profile = (value: unknown): Profile => ({
    environments: parseEnvironments(value),
    templates: Object.values(synthesized(value)).map((template) => Template.parse(template.toJSON())),
  });
  const { starter, production, promotion } = environments;
  profiles = { starter: profile(starter), production: profile(production), promotion: profile(promotion) };
});

test.each(['starter', 'production', 'promotion'] as const)(
  '%s makes nothing whose price nobody has looked at',
  (name) => {
    expect(unknownTypes(profiles[name].templates), 'add them to cli/costs/resources.ts, then: npm run costs').toEqual(
      [],
    );
  },
);

test('a type that is not listed is found', () => {
  const unpriced = Template.parse({ Resources: { One: { Type: 'AWS::Redshift::Cluster' } } });
  expect(unknownTypes([...profiles.starter.templates, unpriced])).toEqual(['AWS::Redshift::Cluster']);
});

test('docs/costs.md says what the templates and prices come to', () => {
  const page = readFileSync(resolve(import.meta.dirname, '../../docs/costs.md'), 'utf8');
  expect(page, 'write it again: npm run costs').toBe(costsPage(profiles));
});

test('what is paid by the hour is counted as often as it is there', () => {
  const { environments: value, templates } = profiles.production;
  const lines = new Map(idleMonth(value, templates).map((line) => [line.what, line]));
  expect(lines.get('AWS::EC2::NatGateway')).toMatchObject({
    count: 3,
    items: [{ price: 'natHour', quantity: 3 * 730 }],
  });
  expect(lines.get('AWS::RDS::DBInstance')?.items).toEqual([
    { price: 'databaseSmallHour', quantity: 2 * 730 },
    { price: 'databaseGibMonth', quantity: 40 },
  ]);
  expect(dollars([{ price: 'natHour', quantity: 730 }])).toBeCloseTo(32.85);
});

test('a way out by endpoints is priced for each endpoint', () => {
  const { targets, ...rest } = environments.starter;
  const byEndpoints = targets.map((target) => ({
    ...target,
    network: { ...target.network, egress: { by: 'endpoints' } },
  }));
  const made = Object.values(synthesized({ ...rest, targets: byEndpoints })).flatMap((template) =>
    Object.values(template.findResources('AWS::EC2::VPCEndpoint', { Properties: { VpcEndpointType: 'Interface' } })),
  );
  expect(made).toHaveLength(INTERFACE_ENDPOINTS);
});

test('the firewall is priced with as many rules as it has', () => {
  const { environments: value, templates } = profiles.production;
  const firewall = idleMonth(value, templates).find(({ what }) => what === 'AWS::WAFv2::WebACL');
  expect(firewall?.items).toContainEqual({ price: 'webAclRuleMonth', quantity: FIREWALL_RULES });
});

test('what watches a target without standing in a template is priced for each target', () => {
  const { environments: value, templates } = profiles.promotion;
  const lines = new Map(idleMonth(value, templates).map((line) => [line.what, line.items]));
  expect(value.targets).toHaveLength(2);
  expect(lines.get('alarms of target tracking')).toEqual([{ price: 'alarmMonth', quantity: 8 }]);
  expect(lines.get('custom metrics')).toEqual([{ price: 'metricMonth', quantity: 6 }]);
});

test('starter is the small one', () => {
  const month = ({ environments: value, templates }: Profile) => total(idleMonth(value, templates));
  expect(month(profiles.starter)).toBeLessThan(month(profiles.production) / 3);
});
