import * as z from 'zod';

/**
 * What a schedule sends to a function that stands in a network, so that it stays ready: Lambda takes the network interface of one that
 * was not invoked for weeks, and the next invocations fail for minutes (Lambda Developer Guide, "Lambda function states").
 */
export const Wake = z.strictObject({ wake: z.literal(true) });
export type Wake = z.infer<typeof Wake>;
