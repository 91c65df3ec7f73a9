import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import * as own from '../../infra/environments/environments.ts';
import type { Environments } from '../../infra/environments/schema.ts';
import { ORCHESTRATOR } from '../../infra/names.ts';
import { type Resource, resources, synthesized } from './synthesized.ts';

/** What no checker of `npm run check:infra` looks at, for every environment, and for the one way out that no profile takes. */

const { production } = own;
const closed: Environments = {
  ...production,
  targets: production.targets.map((target) => ({
    ...target,
    network: { ...target.network, egress: { by: 'endpoints' } },
  })),
};
const { default: _production, ...named } = own;
const ENVIRONMENTS: Record<string, Environments> = { ...named, closed };

const STACKS = Object.entries(ENVIRONMENTS).flatMap(([environment, environments]) =>
  Object.entries(synthesized(environments)).map(([stack, template]) => ({
    name: `${environment}: ${stack}`,
    all: resources(template),
    protection: environments.orchestrator.deletionProtection,
    target: environments.targets.find(({ app, environment: one }) => stack === `${app}-${one}-service`),
  })),
);
const SERVICES = STACKS.flatMap(({ target, ...stack }) => (target === undefined ? [] : [{ ...stack, target }]));

const ofType = (all: Record<string, Resource>, type: string) => Object.values(all).filter(({ Type }) => Type === type);
/** Stacks with some resource of a type, of which there must be one at least. */
function withType(type: string) {
  const found = STACKS.map(({ name, all, protection }) => ({ name, protection, these: ofType(all, type) })).filter(
    ({ these }) => these.length > 0,
  );
  if (found.length === 0) throw new TypeError(`no stack has ${type}`);
  return found;
}

/** Rules of a security group in each direction, unless the account asked for more. Amazon VPC User Guide, "Amazon VPC quotas". */
const RULES_OF_A_GROUP = 60;

/** What CloudFront's prefix list counts for in a security group. Amazon VPC User Guide, "AWS-managed prefix lists". */
const PREFIX_LIST_WEIGHT = 55;

const Reference = z.strictObject({ 'Fn::GetAtt': z.tuple([z.string(), z.literal('GroupId')]) });
const Flow = z.object({
  IpProtocol: z.string(),
  FromPort: z.int(),
  ToPort: z.int(),
  Description: z.string().min(1),
  CidrIp: z.string().optional(),
  CidrIpv6: z.string().optional(),
  DestinationSecurityGroupId: Reference.optional(),
  SourceSecurityGroupId: Reference.optional(),
  SourcePrefixListId: z.string().optional(),
});
type Flow = z.infer<typeof Flow>;

/** Every rule of the security groups, in words: `Load balancer -> Tasks of the application tcp 8000`. */
function flows(all: Record<string, Resource>, direction: 'Ingress' | 'Egress'): string[] {
  const nameOf = (id: string) => String(all[id]?.Properties['GroupDescription']);
  const words = (group: string, flow: Flow) => {
    const other = flow.DestinationSecurityGroupId ?? flow.SourceSecurityGroupId;
    const peer = other ? nameOf(other['Fn::GetAtt'][0]) : (flow.CidrIp ?? flow.CidrIpv6 ?? flow.SourcePrefixListId);
    const ports = flow.FromPort === flow.ToPort ? flow.FromPort : `${flow.FromPort}-${flow.ToPort}`;
    const ends = direction === 'Egress' ? [group, peer] : [peer, group];
    return `${ends.join(' -> ')} ${flow.IpProtocol} ${ports}`;
  };
  const inline = Object.entries(all)
    .filter(([, { Type }]) => Type === 'AWS::EC2::SecurityGroup')
    .flatMap(([id, { Properties }]) =>
      z
        .array(Flow)
        .parse(Properties[`SecurityGroup${direction}`] ?? [])
        .map((flow) => words(nameOf(id), flow)),
    );
  const apart = ofType(all, `AWS::EC2::SecurityGroup${direction}`).map(({ Properties }) =>
    words(nameOf(Reference.parse(Properties['GroupId'])['Fn::GetAtt'][0]), Flow.parse(Properties)),
  );
  return [...inline, ...apart].toSorted();
}

describe.each(SERVICES)('$name', ({ all, target, protection }) => {
  const { egress } = target.network;
  const byEndpoints = egress.by === 'endpoints';

  test('lets out what is named and nothing else: all the world is reached by tasks alone, on 443', () => {
    expect(flows(all, 'Egress')).toEqual(
      [
        // CDK's way to say "nothing": a group without a rule would get AWS's own, which lets everything out.
        'Checks of a slot before it gets traffic -> 255.255.255.255/32 icmp 252-86',
        'Database -> 255.255.255.255/32 icmp 252-86',
        'Load balancer -> 255.255.255.255/32 icmp 252-86',
        'The function that prepares the database -> 255.255.255.255/32 icmp 252-86',
        ...(byEndpoints ? ['Endpoints of AWS services -> 255.255.255.255/32 icmp 252-86'] : []),
        'Checks of a slot before it gets traffic -> Load balancer tcp 8081',
        'Checks of a slot before it gets traffic -> Load balancer tcp 8082',
        'Load balancer -> Tasks of the application tcp 8000',
        'Tasks of the application -> 0.0.0.0/0 tcp 443',
        'Tasks that plan a migration -> 0.0.0.0/0 tcp 443',
        'Tasks of the application -> Database tcp 5432',
        'Tasks that plan a migration -> Database tcp 5432',
        'The function that prepares the database -> Database tcp 5432',
        ...(byEndpoints
          ? [
              'Tasks of the application -> Endpoints of AWS services tcp 443',
              'Tasks that plan a migration -> Endpoints of AWS services tcp 443',
            ]
          : []),
      ].toSorted(),
    );
  });

  test('no group outgrows the rules that AWS gives it each way, of which CloudFront’s prefix list takes most', () => {
    const weights = new Map<string, number>();
    for (const direction of ['Egress', 'Ingress'] as const)
      for (const flow of flows(all, direction)) {
        const [from = '', to = ''] = flow.split(' -> ');
        const group = `${direction} of ${direction === 'Egress' ? from : to.replace(/ \S+ \S+$/, '')}`;
        weights.set(group, (weights.get(group) ?? 0) + (from.startsWith('pl-') ? PREFIX_LIST_WEIGHT : 1));
      }
    expect(weights.get('Ingress of Load balancer')).toBe(PREFIX_LIST_WEIGHT + 2);
    expect([...weights].filter(([, weight]) => weight > RULES_OF_A_GROUP)).toEqual([]);
  });

  test('each group says itself what leaves it', () => {
    for (const { Properties } of ofType(all, 'AWS::EC2::SecurityGroup'))
      expect(Properties, String(Properties['GroupDescription'])).toHaveProperty('SecurityGroupEgress.0');
  });

  test('lets in what is named and nothing else, nobody from everywhere', () => {
    expect(flows(all, 'Ingress')).toEqual(
      [
        'Checks of a slot before it gets traffic -> Load balancer tcp 8081',
        'Checks of a slot before it gets traffic -> Load balancer tcp 8082',
        'Load balancer -> Tasks of the application tcp 8000',
        'Tasks of the application -> Database tcp 5432',
        'Tasks that plan a migration -> Database tcp 5432',
        'The function that prepares the database -> Database tcp 5432',
        ...(byEndpoints
          ? [
              'Tasks of the application -> Endpoints of AWS services tcp 443',
              'Tasks that plan a migration -> Endpoints of AWS services tcp 443',
            ]
          : []),
        `${target.edge?.prefixList} -> Load balancer tcp 80`,
      ].toSorted(),
    );
  });

  /** Ids of the subnets of a kind. */
  const subnets = (kind: string) =>
    Object.entries(all)
      .filter(
        ([, { Type, Properties }]) =>
          Type === 'AWS::EC2::Subnet' && JSON.stringify(Properties['Tags']).includes(`"${kind}"`),
      )
      .map(([id]) => id);
  /** Where the routes of some subnets lead. */
  const waysOut = (kind: string) => {
    const tables = ofType(all, 'AWS::EC2::SubnetRouteTableAssociation')
      .filter(({ Properties }) =>
        subnets(kind).includes(z.object({ Ref: z.string() }).parse(Properties['SubnetId']).Ref),
      )
      .map(({ Properties }) => JSON.stringify(Properties['RouteTableId']));
    expect(tables).toHaveLength(target.network.zones.length);
    return ofType(all, 'AWS::EC2::Route')
      .filter(({ Properties }) => tables.includes(JSON.stringify(Properties['RouteTableId'])))
      .map(({ Properties }) => Object.keys(Properties).find((key) => key.endsWith('GatewayId')));
  };

  test('the database stands in subnets that no route leads out of', () => {
    expect(waysOut('database')).toEqual([]);
    const [group] = ofType(all, 'AWS::RDS::DBSubnetGroup');
    expect(group?.Properties['SubnetIds']).toEqual(subnets('database').map((Ref) => ({ Ref })));
  });

  test('tasks have an address of their own only where the settings say so', () => {
    const [parameter] = ofType(all, 'AWS::SSM::Parameter');
    const text = JSON.stringify(parameter?.Properties['Value']);
    const own = egress.by === 'public address';
    expect(text).toContain(String.raw`\"assignPublicIp\":${own}`);
    for (const id of subnets('public')) expect(text.includes(`{"Ref":"${id}"}`)).toBe(own);
    for (const id of subnets('application')) expect(text.includes(`{"Ref":"${id}"}`)).toBe(!own);
    expect(waysOut('application')).toEqual(egress.by === 'nat' ? target.network.zones.map(() => 'NatGatewayId') : []);
  });

  test('the load balancer is internal, drops headers that are none, and stays where production does', () => {
    const [loadBalancer, ...more] = ofType(all, 'AWS::ElasticLoadBalancingV2::LoadBalancer');
    expect(more).toEqual([]);
    expect(loadBalancer?.Properties['Scheme']).toBe('internal');
    expect(loadBalancer?.Properties['LoadBalancerAttributes']).toEqual(
      expect.arrayContaining([
        { Key: 'routing.http.drop_invalid_header_fields.enabled', Value: 'true' },
        { Key: 'deletion_protection.enabled', Value: String(protection) },
      ]),
    );
  });
});

test.each(withType('AWS::EC2::Subnet'))('$name: nothing gets a public address by itself', ({ these }) => {
  for (const { Properties } of these) expect(Properties['MapPublicIpOnLaunch'] ?? false).toBe(false);
});

test.each(withType('AWS::S3::Bucket'))('$name: no bucket is public in any way, and each is encrypted', ({ these }) => {
  for (const { Properties } of these)
    expect(Properties).toMatchObject({
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      BucketEncryption: expect.anything(),
    });
});

test.each(withType('AWS::Logs::LogGroup'))(
  '$name: every log forgets after a time, but for the anchors',
  ({ these }) => {
    for (const { Properties } of these) {
      const kept = Properties['LogGroupName'] === ORCHESTRATOR.anchors;
      expect(typeof Properties['RetentionInDays']).toBe(kept ? 'undefined' : 'number');
    }
  },
);

test.each(withType('AWS::ECR::Repository'))('$name: tags never move, and images are scanned', ({ these }) => {
  for (const { Properties } of these)
    expect(Properties).toMatchObject({
      ImageTagMutability: 'IMMUTABLE',
      ImageScanningConfiguration: { ScanOnPush: true },
    });
});

test.each(withType('AWS::StepFunctions::StateMachine'))(
  '$name: executions are logged without data, and traced',
  ({ these }) => {
    for (const { Properties } of these)
      expect(Properties).toMatchObject({
        LoggingConfiguration: { Level: 'ALL', IncludeExecutionData: false },
        TracingConfiguration: { Enabled: true },
      });
  },
);

test.each(withType('AWS::DynamoDB::GlobalTable'))(
  '$name: the ledger can be brought back, and stays',
  ({ these, protection }) => {
    for (const { Properties } of these)
      expect(Properties['Replicas']).toEqual([
        expect.objectContaining({
          DeletionProtectionEnabled: protection,
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        }),
      ]);
  },
);

test.each(withType('AWS::RDS::DBInstance'))(
  '$name: the database is encrypted and out of reach',
  ({ these, protection }) => {
    for (const { Properties } of these)
      expect(Properties).toMatchObject({
        StorageEncrypted: true,
        PubliclyAccessible: false,
        DeletionProtection: protection,
      });
  },
);

test.each(withType('AWS::RDS::DBParameterGroup'))('$name: nobody talks to the database in clear', ({ these }) => {
  for (const { Properties } of these) expect(Properties['Parameters']).toMatchObject({ 'rds.force_ssl': '1' });
});
