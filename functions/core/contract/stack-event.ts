import * as z from 'zod';

/** What CloudFormation sends a custom resource's function. Source: CloudFormation User Guide, "Custom resource request objects". */
export const StackEvent = z.object({
  RequestType: z.enum(['Create', 'Update', 'Delete']),
  ResponseURL: z.url(),
  StackId: z.string(),
  RequestId: z.string(),
  LogicalResourceId: z.string(),
  /** Not there when it is made. */
  PhysicalResourceId: z.string().optional(),
  ResourceProperties: z.object({ cluster: z.string().min(1), listener: z.string().min(1) }),
});
export type StackEvent = z.infer<typeof StackEvent>;

/** Where a target's slots are. */
export type SlotInfrastructure = StackEvent['ResourceProperties'];
