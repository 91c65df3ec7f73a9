import {
  IpAddresses,
  type ISecurityGroup,
  type IVpc,
  Port,
  SecurityGroup,
  type SubnetSelection,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import type { EnvironmentTarget } from '../environment-schema.ts';

export interface NetworkProps {
  readonly cidr: string;
  readonly zones: readonly string[];
  readonly egress: EnvironmentTarget['network']['egress'];
  /** Ports of the load balancer. */
  readonly ports: EnvironmentTarget['loadBalancer']['ports'];
  /** Port of the application. */
  readonly servicePort: number;
}

/**
 * A network with subnets for what faces outwards, for the application and for the database, and one security group for
 * each of those who talk, naming each flow that is allowed.
 */
export class Network extends Construct {
  readonly vpc: IVpc;
  /** Of the load balancer. */
  readonly applicationSubnets: SubnetSelection = { subnetGroupName: 'application' };
  /** Without a way out. */
  readonly databaseSubnets: SubnetSelection = { subnetGroupName: 'database' };
  readonly taskSubnetIds: string[];
  /** Whether tasks need an address of their own to reach the registry. */
  readonly assignPublicIp: boolean;
  readonly loadBalancerGroup: ISecurityGroup;
  readonly taskGroup: ISecurityGroup;
  readonly databaseGroup: ISecurityGroup;
  /** Of whoever checks a slot before it gets traffic: nobody else reaches the preview listeners. */
  readonly smokeGroup: ISecurityGroup;

  constructor(scope: Construct, id: string, props: NetworkProps) {
    super(scope, id);
    const byNat = props.egress.by === 'nat';
    const vpc = new Vpc(this, 'Vpc', {
      ipAddresses: IpAddresses.cidr(props.cidr),
      availabilityZones: [...props.zones],
      natGateways: props.egress.by === 'nat' ? props.egress.gateways : 0,
      subnetConfiguration: [
        { name: 'public', subnetType: SubnetType.PUBLIC, cidrMask: 24, mapPublicIpOnLaunch: false },
        {
          name: 'application',
          subnetType: byNat ? SubnetType.PRIVATE_WITH_EGRESS : SubnetType.PRIVATE_ISOLATED,
          cidrMask: 22,
        },
        { name: 'database', subnetType: SubnetType.PRIVATE_ISOLATED, cidrMask: 24 },
      ],
    });
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- CDK does not tell absent members from undefined ones, the strict types here do
    this.vpc = vpc as IVpc;
    this.assignPublicIp = !byNat;
    this.taskSubnetIds = this.vpc.selectSubnets({ subnetGroupName: byNat ? 'application' : 'public' }).subnetIds;

    const group = (groupId: string, description: string, allowAllOutbound: boolean) =>
      new SecurityGroup(this, groupId, { vpc: this.vpc, description, allowAllOutbound });
    this.loadBalancerGroup = group('LoadBalancerGroup', 'Load balancer', false);
    // Tasks fetch their image and secrets from AWS, whose addresses are not known here.
    this.taskGroup = group('TaskGroup', 'Tasks of the application', true);
    this.databaseGroup = group('DatabaseGroup', 'Database', false);
    this.smokeGroup = group('SmokeGroup', 'Checks of a slot before it gets traffic', false);

    const toTasks = Port.tcp(props.servicePort);
    this.taskGroup.connections.allowFrom(this.loadBalancerGroup, toTasks, 'requests and health checks');
    this.databaseGroup.connections.allowFrom(this.taskGroup, Port.tcp(5432), 'PostgreSQL');
    for (const slot of ['blue', 'green'] as const) {
      this.loadBalancerGroup.connections.allowFrom(this.smokeGroup, Port.tcp(props.ports[slot]), `preview of ${slot}`);
    }
  }
}
