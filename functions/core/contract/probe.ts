import * as z from 'zod';

/** One request that `probe` makes from inside a target's network, and what came of it. */
export const Probe = {
  input: z.strictObject({
    url: z.url(),
    headers: z.record(z.string(), z.string()),
    timeoutMs: z.int().min(1).max(20_000),
  }),
  output: z.discriminatedUnion('outcome', [
    z.strictObject({ outcome: z.literal('answered'), status: z.int(), body: z.string(), ms: z.number() }),
    /** A connection error or time-out. */
    z.strictObject({ outcome: z.literal('no answer'), reason: z.string() }),
  ]),
};
