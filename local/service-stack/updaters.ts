import {
  CloudWatchLogsClient,
  type CloudWatchLogsClientConfig,
  PutRetentionPolicyCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { ECSClient, UpdateClusterCommand } from '@aws-sdk/client-ecs';
import {
  ElasticLoadBalancingV2Client,
  ModifyListenerCommand,
  ModifyLoadBalancerAttributesCommand,
  ModifyTargetGroupAttributesCommand,
  ModifyTargetGroupCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { Properties } from './template.ts';

/** Changes a resource that is there to what its template says now. */
type Updater = (ref: string, properties: Readonly<Record<string, unknown>>) => Promise<void>;

/**
 * What CloudFormation calls when a resource's properties change, by type. What is not among them has no counterpart on
 * one machine. Source: CloudFormation Template Reference, "Update requires: No interruption" of each property.
 */
export function updaters({
  client,
  publish,
}: {
  client: Pick<CloudWatchLogsClientConfig, 'endpoint' | 'region' | 'credentials' | 'userAgentAppId'>;
  publish: (value: string) => Promise<string>;
}): Readonly<Record<string, Updater>> {
  const loadBalancing = new ElasticLoadBalancingV2Client(client);
  const [clusters, logs, parameters] = [new ECSClient(client), new CloudWatchLogsClient(client), new SSMClient(client)];
  return {
    'AWS::ECS::Cluster': async (cluster, properties) => {
      const { ClusterSettings = [] } = Properties.cluster.parse(properties);
      const settings = ClusterSettings.map(({ Name: name, Value: value }) => ({ name, value }));
      await clusters.send(new UpdateClusterCommand({ cluster, settings }));
    },
    'AWS::ElasticLoadBalancingV2::LoadBalancer': async (LoadBalancerArn, properties) => {
      const { LoadBalancerAttributes: Attributes } = Properties.loadBalancer.parse(properties);
      await loadBalancing.send(new ModifyLoadBalancerAttributesCommand({ LoadBalancerArn, Attributes }));
    },
    'AWS::ElasticLoadBalancingV2::TargetGroup': async (TargetGroupArn, properties) => {
      const { TargetGroupAttributes: Attributes, HealthCheckPath, Matcher } = Properties.targetGroup.parse(properties);
      await loadBalancing.send(new ModifyTargetGroupCommand({ TargetGroupArn, HealthCheckPath, Matcher }));
      await loadBalancing.send(new ModifyTargetGroupAttributesCommand({ TargetGroupArn, Attributes }));
    },
    'AWS::ElasticLoadBalancingV2::Listener': async (ListenerArn, properties) => {
      const { Port, DefaultActions } = Properties.listener.parse(properties);
      await loadBalancing.send(new ModifyListenerCommand({ ListenerArn, Port, DefaultActions }));
    },
    'AWS::Logs::LogGroup': async (logGroupName, properties) => {
      const { RetentionInDays: retentionInDays } = Properties.logGroup.parse(properties);
      await logs.send(new PutRetentionPolicyCommand({ logGroupName, retentionInDays }));
    },
    'AWS::SSM::Parameter': async (Name, properties) => {
      const { Value } = Properties.parameter.parse(properties);
      const published = await publish(Value);
      await parameters.send(new PutParameterCommand({ Name, Value: published, Type: 'String', Overwrite: true }));
    },
  };
}
