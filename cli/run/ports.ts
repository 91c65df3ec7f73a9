import type { RegisterTaskDefinitionCommandInput, TaskDefinition } from '@aws-sdk/client-ecs';
import type { Head } from '#core/contract/ledger.ts';
import type { Settings } from '#core/contract/settings.ts';
import type { Target } from '#core/contract/target.ts';
import type { TaskStatus } from '#core/ports.ts';

/** What is known of the targets of an account and region. */
export interface Targets {
  published(): Promise<readonly Settings[]>;
  head(target: Target): Promise<Head>;
}

/** Tasks that people start. */
export interface StandaloneTasks {
  definition(arn: string): Promise<TaskDefinition>;
  register(input: RegisterTaskDefinitionCommandInput): Promise<string>;
  deregister(arn: string): Promise<void>;
  /** `reason`: ECS could not place it. */
  start(settings: Settings, definition: string, startedBy: string): Promise<{ taskArn: string } | { reason: string }>;
  status(settings: Settings, taskArn: string): Promise<TaskStatus>;
  stop(settings: Settings, taskArn: string, reason: string): Promise<void>;
  /** Lines that were written since it was last asked of this task. */
  newLines(settings: Settings, taskArn: string): Promise<readonly string[]>;
}

/** Values that only one task may read, for as long as it runs. */
export interface TemporarySecrets {
  /** Keeps the values. @returns for each variable what a task definition's `valueFrom` names */
  keep(target: Target, values: Readonly<Record<string, string>>, by: string): Promise<KeptSecret>;
  remove(kept: KeptSecret): Promise<void>;
}

interface KeptSecret {
  readonly arn: string;
  readonly valueFrom: Readonly<Record<string, string>>;
}
