import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import { CfnConnection } from 'aws-cdk-lib/aws-codeconnections';
import type { Construct } from 'constructs';
import type { Target } from '#core/contract/target.ts';
import { ReleasePipeline } from '../constructs/release-pipeline.ts';
import type { Environments, PipelineSettings } from '../environments/schema.ts';

export interface PipelineStackProps extends StackProps {
  readonly pipeline: PipelineSettings;
  /** Branches that the application's targets ask for (`provenance.branch`). */
  readonly branches: readonly string[];
  /** The application's targets. */
  readonly targets: readonly Target[];
  readonly orchestrator: Environments['orchestrator'];
}

/** What builds the releases of one application. */
export class PipelineStack extends Stack {
  constructor(scope: Construct, id: string, props: PipelineStackProps) {
    super(scope, id, props);
    const { pipeline, branches, targets, orchestrator } = props;
    const { logRetention } = orchestrator;
    new ReleasePipeline(this, 'Release', {
      ...pipeline,
      connectionArn: this.#connection(pipeline),
      branches,
      targets,
      logRetention,
    });
  }

  #connection({ app, source: { connection } }: PipelineSettings): string {
    if (connection.startsWith('arn:')) return connection;
    const made = new CfnConnection(this, 'Connection', { connectionName: `farol-${app}`, providerType: connection });
    // CodeConnections makes it pending: the provider wants a person's consent, once.
    new CfnOutput(this, 'ConnectionToConfirm', {
      value: made.ref,
      description: 'Confirm it once: Developer Tools console, Settings, Connections, "Update pending connection"',
    });
    return made.ref;
  }
}
