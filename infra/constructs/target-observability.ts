import { ArnFormat, Stack } from 'aws-cdk-lib';
import type { ApplicationLoadBalancer, ApplicationTargetGroup } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { Construct } from 'constructs';
import type { Slot } from '#core/contract/slot.ts';
import type { EnvironmentTarget } from '../environments/schema.ts';
import { ORCHESTRATOR } from '../names.ts';
import { SlotRoleMetrics } from './slot-role-metrics.ts';
import { TargetAlarms } from './target-alarms.ts';
import { TargetDashboard } from './target-dashboard.ts';

export interface TargetObservabilityProps {
  readonly target: EnvironmentTarget;
  readonly loadBalancer: ApplicationLoadBalancer;
  readonly groups: Readonly<Record<Slot, ApplicationTargetGroup>>;
  /** Id of the CloudFront distribution, where there is one. */
  readonly distribution: string | undefined;
  /** Where users go. */
  readonly address: string;
  /** Where runbooks are read; undefined: not known. */
  readonly documentation: string | undefined;
}

/** What tells people how a target is: its alarms and its dashboard. */
export class TargetObservability extends Construct {
  constructor(scope: Construct, id: string, props: TargetObservabilityProps) {
    super(scope, id);
    const { target, loadBalancer, groups } = props;
    const metrics = new SlotRoleMetrics({ target: `${target.app}/${target.environment}`, loadBalancer, groups });
    const { alarms } = new TargetAlarms(this, 'Alarms', { ...props, metrics });
    const stateMachineArn = Stack.of(this).formatArn({
      service: 'states',
      resource: 'stateMachine',
      resourceName: ORCHESTRATOR.stateMachine,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    new TargetDashboard(this, 'Dashboard', { ...props, metrics, alarms, stateMachineArn });
  }
}
