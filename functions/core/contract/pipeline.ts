import * as z from 'zod';
import { Digest, Version } from './release.ts';

/** The pipeline that builds an application's releases; one that has none is built elsewhere. */
export function pipelineName(app: string): string {
  return `${app}-release`;
}

/** The CodeBuild project that builds an application's images. */
export function buildProject(app: string): string {
  return `${app}-build`;
}

/** The pipeline's last stage and its one action, a manual approval: it waits until Farol says how the deployment ended. */
export const APPROVAL = { stage: 'Deployment', action: 'Farol' } as const;

/** Variables that buildspec.yml exports. */
export const BUILD_VARIABLES = {
  version: 'FAROL_VERSION',
  digest: 'FAROL_DIGEST',
  commit: 'FAROL_COMMIT',
  /** Who or what began the pipeline's run. */
  started: 'FAROL_STARTED',
  /** Those of the branches asked for (`provenance.branch`) that hold the commit, divided by spaces. */
  branches: 'FAROL_BRANCHES',
} as const;

/** What {@link BUILD_VARIABLES}' version is in a run without a version tag: such a run builds no image, and ends after its tests. */
export const NO_VERSION = 'none';

/** A run of a pipeline whose last stage waits. */
export const WaitingRun = z.strictObject({
  /** Id of the pipeline's execution. */
  run: z.string().min(1),
  version: Version,
  digest: Digest,
  /** With it the approval is answered: never to be logged. */
  token: z.string().min(1),
});
export type WaitingRun = z.infer<typeof WaitingRun>;

/** A run that waits for a deployment that will not begin, and why, in a sentence. */
export interface HopelessRun extends Pick<WaitingRun, 'run' | 'token'> {
  readonly problem: string;
}
