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
import { CfnLogGroup, LogGroup } from 'aws-cdk-lib/aws-logs';
import { CfnSecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { ParameterTier, StringParameter } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import { seconds } from '#core/contract/duration.ts';
import type { Settings } from '#core/contract/settings.ts';
import { SLOTS } from '#core/contract/slot.ts';
import { DATABASE, PROBE, targetNames } from '#core/contract/target-names.ts';
import { Database } from '../constructs/database.ts';
import { DeployFunction } from '../constructs/deploy-function.ts';
import { Edge, PROTOCOL_HEADER } from '../constructs/edge.ts';
import { functionCode } from '../constructs/function-code.ts';
import { Network } from '../constructs/network.ts';
import { SlotRemoval } from '../constructs/slot-removal.ts';
import { TargetObservability } from '../constructs/target-observability.ts';
import { TargetRoles } from '../constructs/target-roles.ts';
import { TaskRoles } from '../constructs/task-roles.ts';
import type { Environments, EnvironmentTarget } from '../environment-schema.ts';
import { repositoryName, runSecretPrefix } from '../names.ts';

export interface ServiceStackProps extends StackProps {
  readonly target: EnvironmentTarget;
  readonly orchestrator: Environments['orchestrator'];
  /** Folder with one folder for each function. */
  readonly functionsDirectory: string;
  /** Where runbooks are read; undefined: nobody knows. */
  readonly documentation: string | undefined;
}

/**
 * The infrastructure that one target runs on, and its settings. What runs there belongs to Farol: no ECS service, no rule that sends
 * traffic and no scalable target stand here, so that no change of this stack can restart, resize or reroute what serves.
 */
export class ServiceStack extends Stack {
  readonly #zones: string[];

  constructor(scope: Construct, id: string, props: ServiceStackProps) {
    super(scope, id, props);
    const { target, orchestrator } = props;
    const { health, drain } = target;
    const { ports } = target.loadBalancer;
    const names = targetNames(target.app, target.environment);
    this.#zones = target.network.zones;
    Validations.of(this).acknowledge({
      id: 'CloudFormation-Validate::W3010',
      reason: 'Zones are settings, so that synthesis asks no account for them.',
    });
    const removalPolicy = orchestrator.deletionProtection ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;

    const network = new Network(this, 'Network', {
      ...target.network,
      ports,
      servicePort: target.service.port,
      prefixList: target.edge?.prefixList,
      logRetention: orchestrator.logRetention,
    });
    const database = new Database(this, 'Database', {
      ...target.database,
      identifier: names.slug,
      logRetention: orchestrator.logRetention,
      network,
      deletionProtection: orchestrator.deletionProtection,
    });
    const secretKey = new Secret(this, 'SecretKey', {
      secretName: names.secretKey,
      description: `Key with which ${names.slug} signs sessions and tokens`,
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
      removalPolicy,
    });
    const logGroup = new LogGroup(this, 'Log', {
      logGroupName: names.logGroup,
      retention: orchestrator.logRetention,
      removalPolicy,
    });
    const cluster = new Cluster(this, 'Cluster', {
      clusterName: names.slug,
      vpc: network.vpc,
      containerInsightsV2: target.service.insights ? ContainerInsights.ENABLED : ContainerInsights.DISABLED,
    });
    const roles = new TaskRoles(this, 'Roles', {
      names: names.roles,
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

    new TargetRoles(this, 'FarolRoles', { target: `${target.app}/${target.environment}`, names });

    const loadBalancer = new ApplicationLoadBalancer(this, 'LoadBalancer', {
      loadBalancerName: names.slug,
      vpc: network.vpc,
      vpcSubnets: network.applicationSubnets,
      internetFacing: false,
      securityGroup: network.loadBalancerGroup,
      idleTimeout: Duration.seconds(seconds(drain.idle)),
      dropInvalidHeaderFields: true,
      deletionProtection: orchestrator.deletionProtection,
    });
    const targetGroup = (slot: (typeof SLOTS)[number]) =>
      new ApplicationTargetGroup(this, slot === 'blue' ? 'Blue' : 'Green', {
        targetGroupName: names.targetGroups[slot],
        vpc: network.vpc,
        protocol: ApplicationProtocol.HTTP,
        // Each task registers its own port: this one is used by none, and a change of it would replace the group.
        port: 80,
        targetType: TargetType.IP,
        // Path, interval, thresholds and delay are settings: converge gives them to the slot before it fills it.
        healthCheck: { path: '/', healthyHttpCodes: '200' },
      });
    const groups = { blue: targetGroup('blue'), green: targetGroup('green') };
    const listener = (listenerId: string, port: number, defaultAction: ListenerAction) =>
      new ApplicationListener(this, listenerId, {
        loadBalancer,
        protocol: ApplicationProtocol.HTTP,
        port,
        defaultAction,
        open: false,
      });
    // Farol adds the rule that sends traffic. Until then, and for whatever no rule takes, this answers.
    const production = listener(
      'Production',
      ports.production,
      ListenerAction.fixedResponse(503, { contentType: 'text/plain', messageBody: 'Nothing is deployed here yet.' }),
    );
    listener('PreviewBlue', ports.blue, ListenerAction.forward([groups.blue]));
    listener('PreviewGreen', ports.green, ListenerAction.forward([groups.green]));

    const code = functionCode(props.functionsDirectory);
    // The orchestrator serves many targets and stands in the network of none.
    new DeployFunction(this, 'Probe', {
      folder: PROBE,
      name: names.probe,
      code,
      timeout: Duration.seconds(25),
      permissions: [],
      environment: {},
      logRetention: orchestrator.logRetention,
      network: { vpc: network.vpc, subnets: network.applicationSubnets, securityGroup: network.smokeGroup },
    });
    const { AWS_REGION: _ofLambda, POSTGRES_AUTH: _iam, ...databaseAddress } = database.environment;
    new DeployFunction(this, 'DatabaseFunction', {
      folder: DATABASE,
      name: names.database,
      code,
      timeout: Duration.seconds(25),
      permissions: [database.users.master.mayConnect],
      environment: { ...databaseAddress, ...database.users.master.environment },
      logRetention: orchestrator.logRetention,
      network: {
        vpc: network.vpc,
        subnets: network.applicationSubnets,
        securityGroup: network.databaseFunctionGroup,
      },
    });
    const removal = new SlotRemoval(this, 'SlotRemoval', {
      names,
      listener: production.listenerArn,
      code,
      logRetention: orchestrator.logRetention,
    });
    removal.node.addDependency(cluster, groups.blue, groups.green, roles, network, logGroup);
    const edge =
      target.edge && new Edge(this, 'Edge', { ...target.edge, slug: names.slug, loadBalancer, port: ports.production });
    // An origin without a listener is refused, and so is one that no traffic could come to.
    edge?.node.addDependency(production, network.vpc.internetConnectivityEstablished);
    const host = edge?.host ?? (target.address && new URL(target.address).hostname) ?? loadBalancer.loadBalancerDnsName;
    const address = edge ? `https://${edge.host}` : (target.address ?? `http://${host}`);
    const { port: _port, insights: _insights, ...service } = target.service;
    const slot = (colour: (typeof SLOTS)[number]) => ({
      targetGroup: groups[colour].targetGroupArn,
      preview: `http://${loadBalancer.loadBalancerDnsName}:${ports[colour]}`,
    });
    const settings: Settings = {
      app: target.app,
      environment: target.environment,
      source: target.source,
      repository: repositoryName(target.app),
      address,
      services: [
        {
          ...service,
          environment: {
            ...database.environment,
            ...database.users.application.environment,
            ALLOWED_HOSTS: (edge?.hosts ?? [host]).join(','),
            ...(edge && { FORWARDED_PROTO_HEADER: PROTOCOL_HEADER }),
            ...service.environment,
          },
          secrets: { SECRET_KEY: secretKey.secretArn },
        },
      ],
      tasks: {
        migrate: {
          environment: database.users.migrator.environment,
          secrets: {},
          taskRole: roles.migration.roleArn,
        },
        plan: {
          environment: database.users.planner.environment,
          secrets: {},
          taskRole: roles.plan.roleArn,
          executionRole: roles.planExecution.roleArn,
          securityGroups: [network.planGroup.securityGroupId],
        },
      },
      database: {
        function: names.database,
        ...(target.database.migrations && { migrations: target.database.migrations }),
      },
      capacity: target.capacity,
      health,
      drain,
      migrate: target.migrate,
      candidate: target.candidate,
      traffic: target.traffic,
      analysis: target.analysis,
      provenance: target.provenance,
      scan: target.scan,
      ...(target.approval && { approval: target.approval }),
      warm: target.warm,
      poll: target.poll,
      infrastructure: {
        cluster: cluster.clusterName,
        loadBalancer: loadBalancer.loadBalancerArn,
        productionListener: production.listenerArn,
        rulePriority: 100,
        slots: { blue: slot('blue'), green: slot('green') },
        prober: names.probe,
        subnets: network.taskSubnetIds,
        securityGroups: [network.taskGroup.securityGroupId],
        assignPublicIp: network.assignPublicIp,
        executionRole: roles.execution.roleArn,
        taskRole: roles.task.roleArn,
        logGroup: logGroup.logGroupName,
        repositoryUri: `${this.account}.dkr.ecr.${this.region}.${this.urlSuffix}/${repositoryName(target.app)}`,
      },
    };
    new TargetObservability(this, 'Observability', {
      target,
      loadBalancer,
      groups,
      distribution: edge?.distributionId,
      address,
      documentation: props.documentation,
    });
    new CfnOutput(this, 'Address', { value: address, description: `Where ${target.app} is reached` });
    const published = new StringParameter(this, 'Settings', {
      parameterName: names.settingsParameter,
      description: `How Farol deploys ${target.app}/${target.environment}`,
      stringValue: this.toJsonString(settings),
      // Settings outgrow a standard parameter's 4 KB with a few environment variables more.
      tier: ParameterTier.INTELLIGENT_TIERING,
    });
    keepWhenReplaced(roles, database, secretKey, logGroup);
    // On deletion the other way round: once the settings are gone, nothing fills the slots anew.
    published.node.addDependency(removal);
  }

  /** The zones as set, so that synthesis looks nothing up in an account. */
  override get availabilityZones(): string[] {
    return this.#zones;
  }
}

/**
 * Roles, secrets and log groups outlive their replacement: deployables that are live, warm or can be gone back to name
 * them. The stack policy (fixed-once-made.ts) refuses the replacement in the first place, unless somebody lifts it.
 */
function keepWhenReplaced(...constructs: readonly Construct[]): void {
  for (const resource of constructs.flatMap((one) => one.node.findAll())) {
    if (!(resource instanceof CfnRole || resource instanceof CfnSecret || resource instanceof CfnLogGroup)) continue;
    resource.cfnOptions.updateReplacePolicy = CfnDeletionPolicy.RETAIN;
    resource.cfnOptions.deletionPolicy ??= CfnDeletionPolicy.DELETE;
  }
}
