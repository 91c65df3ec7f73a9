import * as z from 'zod';

/** A template as CloudFormation takes it: the members that matter here. */
const Template = z.looseObject({
  Resources: z.record(
    z.string(),
    z.looseObject({ Type: z.string(), Properties: z.record(z.string(), z.unknown()).default({}) }),
  ),
});
type Resource = z.infer<typeof Template>['Resources'][string];

/** What an update does to a resource, in the words of stack policies. */
export type UpdateAction = 'Update:Modify' | 'Update:Replace' | 'Update:Delete';

/** A stack policy. CloudFormation User Guide, "Prevent updates to stack resources". */
export interface StackPolicy {
  readonly Statement: readonly {
    readonly Effect: 'Allow' | 'Deny';
    readonly Principal: '*';
    readonly Action: readonly ('Update:*' | UpdateAction)[];
    /** `*`, or `LogicalResourceId/<id>`. */
    readonly Resource: '*' | readonly string[];
    readonly Condition?: { readonly StringEquals: { readonly ResourceType: readonly string[] } };
  }[];
}

/** Resources that stay as they were made, and the settings that would change them. */
interface Fixed {
  /** What they are, as the subject of a sentence. */
  readonly what: string;
  readonly types: readonly string[];
  readonly actions: readonly ('Update:*' | UpdateAction)[];
  /** Paths in an environments module, within a target unless they begin with `orchestrator.`. */
  readonly settings: readonly string[];
}

const ANY = ['Update:*'] as const;
const REPLACED = ['Update:Replace', 'Update:Delete'] as const;

/**
 * What serves stands on these: CloudFormation would change them at once and without a gate, in the middle of the traffic.
 * Nothing here keeps a resource from being added.
 */
const FIXED: readonly Fixed[] = [
  {
    what: 'the load balancer with its listeners and target groups',
    types: [
      'AWS::ElasticLoadBalancingV2::LoadBalancer',
      'AWS::ElasticLoadBalancingV2::Listener',
      'AWS::ElasticLoadBalancingV2::ListenerRule',
      'AWS::ElasticLoadBalancingV2::TargetGroup',
    ],
    actions: ANY,
    settings: ['loadBalancer.ports', 'drain.idle', 'orchestrator.deletionProtection'],
  },
  { what: 'the cluster', types: ['AWS::ECS::Cluster'], actions: ANY, settings: ['service.insights'] },
  {
    what: 'the network with its security groups',
    types: [
      'AWS::EC2::EIP',
      'AWS::EC2::InternetGateway',
      'AWS::EC2::NatGateway',
      'AWS::EC2::Route',
      'AWS::EC2::RouteTable',
      'AWS::EC2::SecurityGroup',
      'AWS::EC2::SecurityGroupEgress',
      'AWS::EC2::SecurityGroupIngress',
      'AWS::EC2::Subnet',
      'AWS::EC2::SubnetRouteTableAssociation',
      'AWS::EC2::VPC',
      'AWS::EC2::VPCEndpoint',
      'AWS::EC2::VPCGatewayAttachment',
    ],
    actions: ANY,
    settings: ['network.cidr', 'network.zones', 'network.egress', 'edge.prefixList', 'service.port'],
  },
  {
    what: 'the database',
    types: ['AWS::RDS::DBInstance', 'AWS::RDS::DBParameterGroup', 'AWS::RDS::DBSubnetGroup'],
    actions: REPLACED,
    settings: ['database.name', 'database.version'],
  },
  // Its end empties the slots.
  { what: 'what empties the slots', types: ['Custom::FarolSlots'], actions: ANY, settings: [] },
];

/**
 * Properties whose change replaces a resource, of the types that {@link FIXED} and the settings protect from it. Source:
 * CloudFormation Template Reference, "Update requires: Replacement" of each.
 */
const REPLACING: Readonly<Record<string, readonly string[]>> = {
  'AWS::CloudFront::Distribution': [],
  'AWS::IAM::Role': ['RoleName', 'Path'],
  'AWS::Logs::LogGroup': ['LogGroupName'],
  'AWS::RDS::DBInstance': ['DBName', 'DBInstanceIdentifier', 'DBSubnetGroupName', 'KmsKeyId', 'StorageEncrypted'],
  'AWS::RDS::DBParameterGroup': ['DBParameterGroupName', 'Description', 'Family'],
  'AWS::RDS::DBSubnetGroup': ['DBSubnetGroupName'],
  'AWS::SecretsManager::Secret': ['Name'],
};

/**
 * The stack policy of a service stack, from its synthesized template. What is {@link FIXED} is not changed by an update,
 * and what settings name, roles, secrets and log group among them, is not replaced or deleted: deployables that are live,
 * warm or can be gone back to run with it.
 */
export function stackPolicy(template: unknown): StackPolicy {
  const named = namedBySettings(Template.parse(template).Resources);
  return {
    Statement: [
      { Effect: 'Allow', Principal: '*', Action: ANY, Resource: '*' },
      ...FIXED.map(({ types, actions }) => ({
        Effect: 'Deny' as const,
        Principal: '*' as const,
        Action: actions,
        Resource: '*' as const,
        Condition: { StringEquals: { ResourceType: types } },
      })),
      {
        Effect: 'Deny',
        Principal: '*',
        Action: REPLACED,
        Resource: named.map((id) => `LogicalResourceId/${id}`),
      },
    ],
  };
}

/** A change of a resource by an update of its stack. */
export interface ResourceChange {
  readonly id: string;
  readonly type: string;
  readonly action: UpdateAction;
}

/**
 * What an update from one template to another does to resources that are there, as far as templates tell. A resource that
 * only refers to a replaced one is not among them.
 */
export function changesBetween(before: unknown, after: unknown): ResourceChange[] {
  const next = Template.parse(after).Resources;
  return Object.entries(Template.parse(before).Resources).flatMap(([id, old]) => {
    const action = actionOf(old, next[id]);
    return action === undefined ? [] : [{ id, type: old.Type, action }];
  });
}

function actionOf(old: Resource, next: Resource | undefined): UpdateAction | undefined {
  if (next === undefined) return 'Update:Delete';
  if (next.Type !== old.Type) return 'Update:Replace';
  const members = new Set([...Object.keys(old.Properties), ...Object.keys(next.Properties)]);
  const changed = [...members].filter(
    (name) => JSON.stringify(old.Properties[name]) !== JSON.stringify(next.Properties[name]),
  );
  if (changed.length === 0) return undefined;
  return changed.some((name) => REPLACING[old.Type]?.includes(name)) ? 'Update:Replace' : 'Update:Modify';
}

/** Whether a stack policy lets an update make a change. As IAM does: a Deny beats every Allow. */
export function isAllowed({ Statement }: StackPolicy, { id, type, action }: ResourceChange): boolean {
  const effects = Statement.filter(
    ({ Action, Resource, Condition }) =>
      Action.some((one) => one === 'Update:*' || one === action) &&
      (Resource === '*' || Resource.includes(`LogicalResourceId/${id}`)) &&
      (Condition === undefined || Condition.StringEquals.ResourceType.includes(type)),
  ).map(({ Effect }) => Effect);
  return effects.includes('Allow') && !effects.includes('Deny');
}

/**
 * Why an update of a service stack is not to be begun, one sentence for each thing that it would change and must not;
 * none: it may be begun. To be asked before the update: the stack policy stops CloudFormation only when the update has
 * come to the resource, and what was changed before that is rolled back.
 */
export function refusals(before: unknown, after: unknown): string[] {
  const policy = stackPolicy(before);
  const refused = changesBetween(before, after).filter((change) => !isAllowed(policy, change));
  const byReason = Map.groupBy(refused, ({ type, id }) => FIXED.find(({ types }) => types.includes(type))?.what ?? id);
  return [...byReason].map(([what, changes]) => {
    const settings = FIXED.find((one) => one.what === what)?.settings ?? [];
    const ids = changes.map(({ id, action }) => `${action.slice('Update:'.length).toLowerCase()} ${id}`).join(', ');
    return settings.length > 0
      ? `${settings.join(', ')}: fixed once made, because ${what} would be changed under live traffic (${ids}). Set it back, or make an environment of another name beside this one.`
      : `${what} must stay as it is for what runs (${ids}).`;
  });
}

/** Logical ids of the resources that the published settings refer to, sorted. */
function namedBySettings(resources: Record<string, Resource>): string[] {
  const settings = Object.values(resources).filter(({ Type }) => Type === 'AWS::SSM::Parameter');
  if (settings.length === 0) throw new TypeError('the template publishes no settings');
  const ids = new Set<string>();
  JSON.parse(JSON.stringify(settings.map(({ Properties }) => Properties)), (key, value: unknown) => {
    const id = key === 'Ref' ? value : key === 'Fn::GetAtt' && Array.isArray(value) ? value[0] : undefined;
    if (typeof id === 'string') ids.add(id);
    return value;
  });
  return [...ids].filter((id) => id in resources).toSorted();
}

/** How a change of a setting arrives. */
export type Arrival =
  /** By a deployment of what is live, through the gates. */
  | 'deployment'
  /** By the update of the stack itself, which touches nothing of ECS, load balancer or scaling. */
  | 'update'
  /** By both. */
  | 'update and deployment'
  /** Not at all: see {@link FIXED}. */
  | 'fixed'
  /** It is another target, or another place, beside the one that there is. */
  | 'another';

/**
 * How each setting of `orchestrator` and of a target arrives; a path stands for all below it that have no line of their
 * own. A test changes each and compares the templates.
 */
export const ARRIVALS: Readonly<Record<string, Arrival>> = {
  'orchestrator.account': 'another',
  'orchestrator.region': 'another',
  'orchestrator.reconcileEvery': 'update',
  'orchestrator.logRetention': 'update',
  'orchestrator.deletionProtection': 'fixed',
  'orchestrator.notify': 'update',
  'orchestrator.alarms': 'update',
  'orchestrator.documentation': 'update',
  'orchestrator.budget': 'update',
  app: 'another',
  environment: 'another',
  source: 'deployment',
  address: 'deployment',
  protocolHeader: 'deployment',
  'network.cidr': 'fixed',
  'network.zones': 'fixed',
  'network.egress': 'fixed',
  'network.flowLogs': 'update',
  'edge.prefixList': 'fixed',
  'edge.staticPath': 'update',
  'edge.firewall': 'update',
  'edge.largeBodies': 'update',
  'edge.domain': 'update and deployment',
  loadBalancer: 'fixed',
  'database.version': 'fixed',
  'database.instance': 'update',
  'database.storageGiB': 'update',
  'database.storageMaxGiB': 'update',
  'database.multiZone': 'update',
  'database.backupDays': 'update',
  'database.name': 'fixed',
  'database.migrations': 'deployment',
  service: 'deployment',
  'service.port': 'fixed',
  'service.insights': 'fixed',
  capacity: 'deployment',
  health: 'deployment',
  drain: 'deployment',
  'drain.idle': 'fixed',
  alarms: 'update',
  provenance: 'deployment',
  scan: 'deployment',
  approval: 'deployment',
  migrate: 'deployment',
  candidate: 'deployment',
  traffic: 'deployment',
  analysis: 'deployment',
  warm: 'deployment',
  poll: 'deployment',
};

/** How the setting at a path arrives: by the line for the path itself or the nearest one above it. */
export function arrivalOf(path: string): Arrival | undefined {
  const parts = path.split('.');
  for (let length = parts.length; length > 0; length -= 1) {
    const arrival = ARRIVALS[parts.slice(0, length).join('.')];
    if (arrival !== undefined) return arrival;
  }
  return undefined;
}
