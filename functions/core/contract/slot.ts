import * as z from 'zod';

/** Blue or green: a target group, a preview listener and one ECS service. What it is used for is its {@link SlotRole}. */
export const Slot = z.enum(['blue', 'green']);
export type Slot = z.infer<typeof Slot>;
export const SLOTS = Slot.options;

/** What a slot is used for. A slot without a role is idle. Not an IAM role. */
export const SlotRole = z.enum(['live', 'candidate', 'warm']);

/** The slot beside `slot`. */
export function otherSlot(slot: Slot): Slot {
  return slot === 'blue' ? 'green' : 'blue';
}

/** Weights of the production rule by slot, each 0 to 100; `null`: no rule, so that the listener's fixed 503 answers. */
export const Weights = z.strictObject({
  blue: z.int().min(0).max(100),
  green: z.int().min(0).max(100),
});
export type Weights = z.infer<typeof Weights>;
