import * as z from 'zod';
import { Version } from './release.ts';
import { Target } from './target.ts';

/** A person's command to deploy a version (again): the input of `start-deployment`, and what comes back. */
export const StartDeployment = {
  input: z.strictObject({
    target: Target,
    version: Version,
    /** Who wants it, as the credentials of the caller name them (STS, GetCallerIdentity). */
    by: z.string().min(1).max(512),
  }),
  output: z.strictObject({
    outcome: z.enum(['started', 'queued', 'refused']),
    sentence: z.string(),
    deployment: z.string().optional(),
  }),
};
