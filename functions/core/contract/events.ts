import * as z from 'zod';

/**
 * "ECR Image Action" as EventBridge delivers it. Loose on purpose: AWS adds members over time (manifest-media-type,
 * artifact-media-type), and an unknown one is no reason to miss a push. `image-tag` is absent for untagged manifests.
 * Source: Amazon ECR User Guide, "Amazon ECR events and EventBridge".
 */
export const EcrImageAction = z.object({
  id: z.string(),
  source: z.literal('aws.ecr'),
  'detail-type': z.literal('ECR Image Action'),
  account: z.string(),
  region: z.string(),
  detail: z.object({
    result: z.string(),
    'action-type': z.string(),
    'repository-name': z.string(),
    'image-digest': z.string().optional(),
    'image-tag': z.string().optional(),
  }),
});
export type EcrImageAction = z.infer<typeof EcrImageAction>;

/**
 * "Parameter Store Change" as EventBridge delivers it, at best effort. Loose as {@link EcrImageAction}. `operation` has no
 * closed list in the documentation. Source: Systems Manager User Guide, "Amazon EventBridge event examples for Systems
 * Manager" and "Setting up notifications or triggering actions based on Parameter Store events".
 */
export const ParameterStoreChange = z.object({
  source: z.literal('aws.ssm'),
  'detail-type': z.literal('Parameter Store Change'),
  detail: z.object({ name: z.string(), operation: z.string() }),
});
export type ParameterStoreChange = z.infer<typeof ParameterStoreChange>;

/**
 * "Step Functions Execution Status Change" as EventBridge delivers it, at best effort and perhaps more than once. Source:
 * Step Functions Developer Guide, "Automating Step Functions event delivery with EventBridge".
 */
export const ExecutionStatusChange = z.object({
  source: z.literal('aws.states'),
  'detail-type': z.literal('Step Functions Execution Status Change'),
  detail: z.object({ name: z.string(), status: z.string() }),
});
