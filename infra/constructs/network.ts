import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import {
  CfnSecurityGroup,
  FlowLogDestination,
  FlowLogTrafficType,
  GatewayVpcEndpointAwsService,
  InterfaceVpcEndpointAwsService,
  IpAddresses,
  type ISecurityGroup,
  type IVpc,
  Peer,
  Port,
  SecurityGroup,
  type SubnetSelection,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { type IRole, PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { type ILogGroup, LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { EnvironmentTarget } from '../environments/schema.ts';

/**
 * A rule that matches no traffic, as CDK writes it. A group without a rule of its own gets EC2's, which lets everything out
 * (CloudFormation, AWS::EC2::SecurityGroup, SecurityGroupEgress).
 */
const NOTHING_OUT: CfnSecurityGroup.EgressProperty = {
  cidrIp: '255.255.255.255/32',
  description: 'Nothing leaves but what other rules name',
  ipProtocol: 'icmp',
  fromPort: 252,
  toPort: 86,
};

export interface NetworkProps extends Readonly<EnvironmentTarget['network']> {
  readonly logRetention: RetentionDays;
  /** Addresses that may reach the production port. */
  readonly prefixList?: string | undefined;
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
  /** Of tasks that plan a migration: no request reaches them. */
  readonly planGroup: ISecurityGroup;
  /** Of Farol's own function that prepares the database and reads from it: it reaches nothing else. */
  readonly databaseFunctionGroup: ISecurityGroup;
  /** Of the function that checks a slot before it gets traffic: nothing else reaches the preview listeners. */
  readonly smokeGroup: ISecurityGroup;

  constructor(scope: Construct, id: string, props: NetworkProps) {
    super(scope, id);
    const { by } = props.egress;
    const vpc = new Vpc(this, 'Vpc', {
      ipAddresses: IpAddresses.cidr(props.cidr),
      availabilityZones: [...props.zones],
      natGateways: props.egress.by === 'nat' ? props.egress.gateways : 0,
      subnetConfiguration: [
        { name: 'public', subnetType: SubnetType.PUBLIC, cidrMask: 24, mapPublicIpOnLaunch: false },
        {
          name: 'application',
          subnetType: by === 'nat' ? SubnetType.PRIVATE_WITH_EGRESS : SubnetType.PRIVATE_ISOLATED,
          cidrMask: 22,
        },
        { name: 'database', subnetType: SubnetType.PRIVATE_ISOLATED, cidrMask: 24 },
      ],
    });
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- CDK does not tell absent members from undefined ones, the strict types here do
    this.vpc = vpc as IVpc;
    this.assignPublicIp = by === 'public address';
    this.taskSubnetIds = this.vpc.selectSubnets({
      subnetGroupName: this.assignPublicIp ? 'public' : 'application',
    }).subnetIds;

    // A group without outgoing traffic keeps CDK's rule that allows nothing; each flow is named below.
    const group = (groupId: string, description: string) =>
      new SecurityGroup(this, groupId, { vpc: this.vpc, description, allowAllOutbound: false });
    this.loadBalancerGroup = group('LoadBalancerGroup', 'Load balancer');
    this.taskGroup = group('TaskGroup', 'Tasks of the application');
    this.databaseGroup = group('DatabaseGroup', 'Database');
    this.planGroup = group('PlanGroup', 'Tasks that plan a migration');
    this.databaseFunctionGroup = group('DatabaseFunctionGroup', 'The function that prepares the database');
    this.smokeGroup = group('SmokeGroup', 'Checks of a slot before it gets traffic');

    const toTasks = Port.tcp(props.servicePort);
    this.taskGroup.connections.allowFrom(this.loadBalancerGroup, toTasks, 'requests and health checks');
    // The registry, its layers in S3, logs and secrets have addresses that are not known here.
    this.taskGroup.connections.allowTo(Peer.anyIpv4(), Port.tcp(443), 'AWS: image, secrets, log');
    // Fargate pulls the image and sends the log through the task's own interface, so that a plan cannot do without. Where the
    // network has endpoints and no other way out, they are all that this reaches.
    this.planGroup.connections.allowTo(Peer.anyIpv4(), Port.tcp(443), 'AWS: image, log');
    if (props.prefixList !== undefined) {
      const users = Port.tcp(props.ports.production);
      this.loadBalancerGroup.connections.allowFrom(Peer.prefixList(props.prefixList), users, 'users by CloudFront');
    }
    for (const client of [this.taskGroup, this.planGroup, this.databaseFunctionGroup])
      this.databaseGroup.connections.allowFrom(client, Port.tcp(5432), 'PostgreSQL');
    for (const slot of ['blue', 'green'] as const) {
      this.loadBalancerGroup.connections.allowFrom(this.smokeGroup, Port.tcp(props.ports[slot]), `preview of ${slot}`);
    }
    if (by === 'endpoints') this.#endpoints(group('EndpointGroup', 'Endpoints of AWS services'));
    // CDK takes its rule away with the first flow, also where that flow becomes a resource apart: the group itself would then say
    // nothing, and a reader could not tell it from one that lets everything out.
    for (const apart of [this.loadBalancerGroup, this.smokeGroup, this.databaseFunctionGroup]) saysNothingOut(apart);
    if (props.flowLogs) {
      const logGroup = new LogGroup(this, 'FlowLog', {
        retention: props.logRetention,
        removalPolicy: RemovalPolicy.DESTROY,
      });
      vpc.addFlowLog('Flows', {
        destination: FlowLogDestination.toCloudWatchLogs(logGroup, this.#flowLogRole(logGroup)),
        trafficType: FlowLogTrafficType.ALL,
      });
    }
  }

  /** CDK's own could be taken by another account's flow log. Amazon VPC User Guide, "IAM role for publishing flow logs to CloudWatch Logs". */
  #flowLogRole(logGroup: ILogGroup): IRole {
    const stack = Stack.of(this);
    const flowLogs = stack.formatArn({ service: 'ec2', resource: 'vpc-flow-log', resourceName: '*' });
    return new Role(this, 'FlowLogRole', {
      description: 'Writes the flow logs of the network',
      assumedBy: new ServicePrincipal('vpc-flow-logs.amazonaws.com', {
        conditions: {
          StringEquals: { 'aws:SourceAccount': stack.account },
          // A flow log's id is drawn when it is made, with this role.
          ArnLike: { 'aws:SourceArn': flowLogs },
        },
      }),
      inlinePolicies: {
        work: new PolicyDocument({
          statements: [
            new PolicyStatement({
              actions: ['logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents'],
              resources: [logGroup.logGroupArn],
            }),
          ],
        }),
      },
    }).withoutPolicyUpdates();
  }

  /** What a task on Fargate needs without a way out. Amazon ECR User Guide, "Amazon ECR interface VPC endpoints". */
  #endpoints(securityGroup: ISecurityGroup): void {
    securityGroup.connections.allowFrom(this.taskGroup, Port.tcp(443), 'tasks');
    securityGroup.connections.allowFrom(this.planGroup, Port.tcp(443), 'plans');
    const subnets = this.applicationSubnets;
    this.vpc.addGatewayEndpoint('S3', { service: GatewayVpcEndpointAwsService.S3, subnets: [subnets] });
    const services = {
      EcrApi: InterfaceVpcEndpointAwsService.ECR,
      EcrDocker: InterfaceVpcEndpointAwsService.ECR_DOCKER,
      Logs: InterfaceVpcEndpointAwsService.CLOUDWATCH_LOGS,
      Secrets: InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
    };
    for (const [endpointId, service] of Object.entries(services)) {
      // Their group's rules stand above: without `open`, the whole VPC gets none.
      this.vpc.addInterfaceEndpoint(endpointId, { service, subnets, securityGroups: [securityGroup], open: false });
    }
  }
}

/** Writes into the group itself that nothing leaves it, whatever resources apart allow. */
function saysNothingOut(group: ISecurityGroup): void {
  const resource = group.node.defaultChild;
  if (!(resource instanceof CfnSecurityGroup))
    throw new TypeError(`${group.node.path} is not a security group of this stack`);
  resource.securityGroupEgress = [NOTHING_OUT];
}
