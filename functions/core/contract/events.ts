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
