import type { ClusterSetting, CreateServiceRequest, TaskDefinition } from '@aws-sdk/client-ecs';
import { AwsError } from '../protocol/service.ts';

export interface Cluster {
  readonly arn: string;
  readonly name: string;
  readonly settings: ClusterSetting[];
}

export interface TaskDefinitionRecord {
  readonly arn: string;
  readonly family: string;
  readonly revision: number;
  readonly shape: TaskDefinition;
}

/** Tasks on Fargate need to know their subnets, as AWS demands of network mode `awsvpc`. */
export function checkNetwork(
  definition: TaskDefinitionRecord,
  network: CreateServiceRequest['networkConfiguration'],
): void {
  if (definition.shape.networkMode === 'awsvpc' && !network?.awsvpcConfiguration)
    throw new AwsError(
      'InvalidParameterException',
      "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
    );
}
