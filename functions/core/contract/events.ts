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

/** "Step Functions Execution Status Change" as EventBridge delivers it. Source: Step Functions Developer Guide, "EventBridge events". */
export const ExecutionStatusChange = z.object({
  source: z.literal('aws.states'),
  detail: z.object({
    executionArn: z.string(),
    stateMachineArn: z.string(),
    name: z.string(),
    status: z.enum(['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED', 'PENDING_REDRIVE']),
  }),
});
export type ExecutionStatusChange = z.infer<typeof ExecutionStatusChange>;
