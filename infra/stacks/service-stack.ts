import {
  ArnFormat,
  CfnDeletionPolicy,
  CfnOutput,
  Duration,
  RemovalPolicy,
  Stack,
  type StackProps,
  Validations,
} from 'aws-cdk-lib';
import { Cluster, ContainerInsights } from 'aws-cdk-lib/aws-ecs';
import {
  ApplicationListener,
  ApplicationLoadBalancer,
  ApplicationProtocol,
  ApplicationTargetGroup,
  ListenerAction,
  TargetType,
} from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { CfnRole } from 'aws-cdk-lib/aws-iam';
import type { Code } from 'aws-cdk-lib/aws-lambda';
import { CfnLogGroup, LogGroup } from 'aws-cdk-lib/aws-logs';
import { CfnSecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { ParameterTier, StringParameter } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import { seconds } from '#core/contract/duration.ts';
import type { Settings } from '#core/contract/settings.ts';
import type { Slot } from '#core/contract/slot.ts';
import {
  DATABASE,
  PROBE,
  type TargetNames,
  type TaskRoleKind,
  targetNames,
  taskRoleNames,
} from '#core/contract/target-names.ts';
import { Database } from '../constructs/database.ts';
import { DeployFunction } from '../constructs/deploy-function.ts';
import { Edge, PROTOCOL_HEADER } from '../constructs/edge.ts';
import { functionCode } from '../constructs/function-code.ts';
import { Network } from '../constructs/network.ts';
import { SlotRemoval } from '../constructs/slot-removal.ts';
import { TargetObservability } from '../constructs/target-observability.ts';
import { TargetRoles } from '../constructs/target-roles.ts';
import { TaskRoles } from '../constructs/task-roles.ts';
import { Wake } from '../constructs/wake.ts';
import { type Environments, EnvironmentsError, type EnvironmentTarget } from '../environments/schema.ts';
import { repositoryName, runSecretPrefix } from '../names.ts';
import { publishedSettings, tooLongToPublish } from '../published-settings.ts';

export interface ServiceStackProps extends StackProps {
  readonly target: EnvironmentTarget;
  readonly orchestrator: Environments['orchestrator'];
  /** Folder with one folder for each function. */
  readonly functionsDirectory: string;
  /** Where runbooks are read; undefined: not known. */
  readonly documentation: string | undefined;
}

/**
 * The infrastructure that one target runs on, and its settings. What runs there belongs to Farol: no ECS service, no rule that sends
 * traffic and no scalable target stand here, so that no change of this stack can restart, resize or reroute what serves.
 */
export class ServiceStack extends Stack {
  readonly #props: ServiceStackProps;
  readonly #names: TargetNames;
  readonly #taskRoles: Readonly<Record<TaskRoleKind, string>>;

  constructor(scope: Construct, id: string, props: ServiceStackProps) {
    super(scope, id, props);
    this.#props = props;
    const { target, orchestrator } = props;
    this.#names = targetNames(target.app, target.environment);
    this.#taskRoles = taskRoleNames(target.app, target.environment, this.region);
    Validations.of(this).acknowledge({
      id: 'CloudFormation-Validate::W3010',
      reason: 'Zones are settings, so that synthesis asks no account for them.',
    });

    const network = new Network(this, 'Network', {
      ...target.network,
      ports: target.loadBalancer.ports,
      servicePort: target.service.port,
      prefixList: target.edge?.prefixList,
      logRetention: orchestrator.logRetention,
    });
    const database = new Database(this, 'Database', {
      ...target.database,
      identifier: this.#names.slug,
      logRetention: orchestrator.logRetention,
      network,
      deletionProtection: orchestrator.deletionProtection,
    });
    const { secretKey, logGroup, cluster, roles } = this.#forTasks(network, database);
    new TargetRoles(this, 'FarolRoles', {
      target: `${target.app}/${target.environment}`,
      names: this.#names,
      taskRoles: this.#taskRoles,
    });
    const { loadBalancer, groups, production } = this.#loadBalancing(network);
    const code = functionCode(props.functionsDirectory);
    this.#functions(network, database, code);
    const removal = new SlotRemoval(this, 'SlotRemoval', {
      names: this.#names,
      listener: production.listenerArn,
      code,
      logRetention: orchestrator.logRetention,
    });
    removal.node.addDependency(cluster, groups.blue, groups.green, roles, network, logGroup);
    const edge = this.#edge(network, loadBalancer, production);
    const inside = (target.address && new URL(target.address).hostname) ?? loadBalancer.loadBalancerDnsName;
    const settings = publishedSettings(target, {
      infrastructure: this.#infrastructure(network, { cluster, loadBalancer, production, groups, roles, logGroup }),
      hosts: edge?.hosts ?? [inside],
      edge: edge && { protocolHeader: PROTOCOL_HEADER },
      database: {
        function: this.#names.database,
        environment: database.environment,
        application: database.users.application.environment,
        migrator: database.users.migrator.environment,
        planner: database.users.planner.environment,
      },
      secretKey: secretKey.secretArn,
      migration: { taskRole: roles.migration.roleArn },
      plan: {
        taskRole: roles.plan.roleArn,
        executionRole: roles.planExecution.roleArn,
        securityGroups: [network.planGroup.securityGroupId],
      },
    });
    new TargetObservability(this, 'Observability', {
      target,
      loadBalancer,
      groups,
      distribution: edge?.distributionId,
      address: settings.address,
      documentation: props.documentation,
    });
    new CfnOutput(this, 'Address', { value: settings.address, description: `Where ${target.app} is reached` });
    const json = this.toJsonString(settings);
    const tooLong = tooLongToPublish(this.resolve(json));
    if (tooLong !== undefined) throw new EnvironmentsError([`${target.app}/${target.environment}: ${tooLong}`]);
    const published = new StringParameter(this, 'Settings', {
      parameterName: this.#names.settingsParameter,
      description: `How Farol deploys ${target.app}/${target.environment}`,
      stringValue: json,
      // Settings outgrow a standard parameter's 4 KB with a few environment variables more.
      tier: ParameterTier.INTELLIGENT_TIERING,
    });
    keepWhenReplaced(roles, database, secretKey, logGroup);
    // On deletion the other way round: once the settings are gone, nothing fills the slots again.
    published.node.addDependency(removal);
  }

  /** What every task of the target needs: cluster, logs, roles, the key that the application signs with. */
  #forTasks(network: Network, database: Database) {
    const { target, orchestrator } = this.#props;
    const { slug, secretKey: secretName, logGroup: logGroupName } = this.#names;
    const removalPolicy = orchestrator.deletionProtection ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
    const secretKey = new Secret(this, 'SecretKey', {
      secretName,
      description: `Key with which ${slug} signs sessions and tokens`,
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
      removalPolicy,
    });
    const logGroup = new LogGroup(this, 'Log', { logGroupName, retention: orchestrator.logRetention, removalPolicy });
    const cluster = new Cluster(this, 'Cluster', {
      clusterName: slug,
      vpc: network.vpc,
      containerInsightsV2: target.service.insights ? ContainerInsights.ENABLED : ContainerInsights.DISABLED,
    });
    const roles = new TaskRoles(this, 'Roles', {
      names: this.#taskRoles,
      repository: repositoryName(target.app),
      logGroup,
      database,
      secrets: [
        secretKey.secretArn,
        // What a person gives a task of theirs: kept for the time of the task, under a name that is not known yet.
        this.formatArn({
          service: 'secretsmanager',
          resource: 'secret',
          resourceName: `${runSecretPrefix(`${target.app}/${target.environment}`)}*`,
          arnFormat: ArnFormat.COLON_RESOURCE_NAME,
        }),
      ],
    });
    return { secretKey, logGroup, cluster, roles };
  }

  /** The load balancer with a target group and a preview for each slot. Until Farol adds its rule, users are answered 503. */
  #loadBalancing(network: Network) {
    const { target, orchestrator } = this.#props;
    const { ports } = target.loadBalancer;
    const loadBalancer = new ApplicationLoadBalancer(this, 'LoadBalancer', {
      loadBalancerName: this.#names.slug,
      vpc: network.vpc,
      vpcSubnets: network.applicationSubnets,
      internetFacing: false,
      securityGroup: network.loadBalancerGroup,
      idleTimeout: Duration.seconds(seconds(target.drain.idle)),
      dropInvalidHeaderFields: true,
      deletionProtection: orchestrator.deletionProtection,
    });
    const targetGroup = (slot: Slot) =>
      new ApplicationTargetGroup(this, slot === 'blue' ? 'Blue' : 'Green', {
        targetGroupName: this.#names.targetGroups[slot],
        vpc: network.vpc,
        protocol: ApplicationProtocol.HTTP,
        // Each task registers its own port: this one is used by none, and a change of it would replace the group.
        port: 80,
        targetType: TargetType.IP,
        // Path, interval, thresholds and delay are settings: converge gives them to the slot before it fills it.
        healthCheck: { path: '/', healthyHttpCodes: '200' },
      });
    const groups = { blue: targetGroup('blue'), green: targetGroup('green') };
    const listener = (id: string, port: number, defaultAction: ListenerAction) =>
      new ApplicationListener(this, id, {
        loadBalancer,
        protocol: ApplicationProtocol.HTTP,
        port,
        defaultAction,
        open: false,
      });
    const production = listener(
      'Production',
      ports.production,
      ListenerAction.fixedResponse(503, { contentType: 'text/plain', messageBody: 'Nothing is deployed here yet.' }),
    );
    listener('PreviewBlue', ports.blue, ListenerAction.forward([groups.blue]));
    listener('PreviewGreen', ports.green, ListenerAction.forward([groups.green]));
    return { loadBalancer, groups, production };
  }

  /** Farol's functions inside the network. The orchestrator serves many targets and is in the network of none. */
  #functions(network: Network, database: Database, code: Code): void {
    const { logRetention } = this.#props.orchestrator;
    const shared = { code, timeout: Duration.seconds(25), logRetention };
    const inside = { vpc: network.vpc, subnets: network.applicationSubnets };
    const probe = new DeployFunction(this, 'Probe', {
      ...shared,
      folder: PROBE,
      name: this.#names.probe,
      permissions: [],
      environment: {},
      network: { ...inside, securityGroup: network.smokeGroup },
    });
    const { AWS_REGION: _ofLambda, POSTGRES_AUTH: _iam, ...databaseAddress } = database.environment;
    const inDatabase = new DeployFunction(this, 'DatabaseFunction', {
      ...shared,
      folder: DATABASE,
      name: this.#names.database,
      permissions: [database.users.master.mayConnect],
      environment: { ...databaseAddress, ...database.users.master.environment },
      network: { ...inside, securityGroup: network.databaseFunctionGroup },
    });
    new Wake(this, 'Awake', { functions: [probe.function, inDatabase.function] });
  }

  #edge(network: Network, loadBalancer: ApplicationLoadBalancer, production: ApplicationListener): Edge | undefined {
    const { target } = this.#props;
    if (target.edge === undefined) return undefined;
    const { production: port } = target.loadBalancer.ports;
    const edge = new Edge(this, 'Edge', { ...target.edge, slug: this.#names.slug, loadBalancer, port });
    // An origin without a listener is refused, and so is one that no traffic could come to.
    edge.node.addDependency(production, network.vpc.internetConnectivityEstablished);
    return edge;
  }

  #infrastructure(
    network: Network,
    made: {
      readonly cluster: Cluster;
      readonly loadBalancer: ApplicationLoadBalancer;
      readonly production: ApplicationListener;
      readonly groups: Readonly<Record<Slot, ApplicationTargetGroup>>;
      readonly roles: TaskRoles;
      readonly logGroup: LogGroup;
    },
  ): Settings['infrastructure'] {
    const { target } = this.#props;
    const { loadBalancer, groups, roles } = made;
    const slot = (colour: Slot) => ({
      targetGroup: groups[colour].targetGroupArn,
      preview: `http://${loadBalancer.loadBalancerDnsName}:${target.loadBalancer.ports[colour]}`,
    });
    return {
      region: this.region,
      cluster: made.cluster.clusterName,
      loadBalancer: loadBalancer.loadBalancerArn,
      productionListener: made.production.listenerArn,
      rulePriority: 100,
      slots: { blue: slot('blue'), green: slot('green') },
      prober: this.#names.probe,
      subnets: network.taskSubnetIds,
      securityGroups: [network.taskGroup.securityGroupId],
      assignPublicIp: network.assignPublicIp,
      executionRole: roles.execution.roleArn,
      taskRole: roles.task.roleArn,
      logGroup: made.logGroup.logGroupName,
      repositoryUri: `${this.account}.dkr.ecr.${this.region}.${this.urlSuffix}/${repositoryName(target.app)}`,
    };
  }

  /** The zones as set, so that synthesis looks nothing up in an account. */
  override get availabilityZones(): string[] {
    return this.#props.target.network.zones;
  }
}

/**
 * Roles, secrets and log groups outlive their replacement: deployables that are live, warm or can be gone back to name
 * them. The stack policy (immutable-settings.ts) refuses the replacement in the first place, unless somebody lifts it.
 */
function keepWhenReplaced(...constructs: readonly Construct[]): void {
  for (const resource of constructs.flatMap((one) => one.node.findAll())) {
    if (!(resource instanceof CfnRole || resource instanceof CfnSecret || resource instanceof CfnLogGroup)) continue;
    resource.cfnOptions.updateReplacePolicy = CfnDeletionPolicy.RETAIN;
    resource.cfnOptions.deletionPolicy ??= CfnDeletionPolicy.DELETE;
  }
}
