import * as z from 'zod';
import { Target } from './target.ts';

/** What a person says who has put right what a target was frozen for (who it is, AWS says: caller.ts): the input of `unfreeze`, and what comes back. */
export const Unfreeze = {
  input: z.strictObject({
    target: Target,
    /** What was put right, for the ledger. */
    reason: z.string().min(1).max(500),
  }),
  output: z.strictObject({ outcome: z.enum(['unfrozen', 'refused']), sentence: z.string() }),
};
