import * as z from 'zod';
import { Target } from './target.ts';

/** What a person says who has put right what a target was frozen for: the input of `unfreeze`, and what comes back. */
export const Unfreeze = {
  input: z.strictObject({
    target: Target,
    /** Who, as the credentials of the caller name them (STS, GetCallerIdentity). */
    by: z.string().min(1).max(512),
    /** What was put right, for the ledger. */
    reason: z.string().min(1).max(500),
  }),
  output: z.strictObject({ outcome: z.enum(['unfrozen', 'refused']), sentence: z.string() }),
};
