import * as z from 'zod';
import { Instant } from './ledger.ts';
import { Context, Irreversible } from './states.ts';

/** The one answer that a question gets. Without an answer in time it is `expired`, which counts as no. */
export const Decision = z.strictObject({
  outcome: z.enum(['approved', 'rejected', 'expired']),
  /** Who answered: the ARN of a person, as AWS named the caller. */
  by: z.string().min(1),
  at: Instant,
  reason: z.string().optional(),
});
export type Decision = z.infer<typeof Decision>;

/** A question to people, for which a deployment waits. */
export const Approval = z.strictObject({
  context: Context,
  before: Irreversible,
  /** Hash of the migration plan that the question is about. */
  plan: z.string(),
  asked: Instant,
  /** An answer that comes later does not count. */
  until: Instant,
  /** With it the state machine is woken: never in a log, a message or a page. */
  taskToken: z.string().min(1),
  decision: Decision.optional(),
});
export type Approval = z.infer<typeof Approval>;

/** What a person answers (who it is, AWS says: caller.ts): the input of `answer-approval`, and what comes back. */
export const AnswerApproval = {
  input: z.strictObject({
    deployment: z.string().min(1).max(80),
    decision: z.enum(['approve', 'reject']),
    reason: z.string().min(1).max(500).optional(),
  }),
  output: z.strictObject({
    outcome: z.enum(['approved', 'rejected', 'refused']),
    sentence: z.string(),
  }),
};
