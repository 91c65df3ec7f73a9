import * as z from 'zod';
import { Version } from './release.ts';
import { Target } from './target.ts';

/** A person's command to deploy a version again (who it is, AWS says: caller.ts): the input of `start-deployment`, and what comes back. */
export const StartDeployment = {
  input: z.strictObject({
    target: Target,
    version: Version,
    /** Why it is a rescue: it opens a frozen target, and goes ahead where no task of live is healthy. */
    rescue: z.string().min(1).max(500).optional(),
  }),
  output: z.strictObject({
    outcome: z.enum(['started', 'queued', 'refused']),
    sentence: z.string(),
    deployment: z.string().optional(),
  }),
};
