import { BUILD_VARIABLES, buildProject, pipelineName } from '../contract/pipeline.ts';
import type { Release } from '../contract/release.ts';

/** A build as CodeBuild recorded it: written by AWS and by the build, never by the image. */
export interface BuildRecord {
  /** `SUCCEEDED`, `IN_PROGRESS`, `FAILED`, `FAULT`, `STOPPED`, `TIMED_OUT`. */
  readonly status: string;
  readonly project: string;
  /**
   * Who started it: `codepipeline/<pipeline>`, or a user's name. CodeBuild API Reference, Build.
   */
  readonly initiator: string;
  /** The commit that the pipeline's source stage handed over (`resolvedSourceVersion`). */
  readonly commit: string | undefined;
  /** The variables that the buildspec exports, as they were when the build ended. */
  readonly exported: Readonly<Record<string, string>>;
}

/** What is known of where an image comes from. */
export type Provenance =
  /** `started`: who or what began the pipeline's run, as the build found it; undefined: the build did not say. */
  | { readonly state: 'proven'; readonly started: string | undefined }
  /** The build has not ended. */
  | { readonly state: 'open'; readonly reason: string }
  | { readonly state: 'refused'; readonly reason: string };

/**
 * Why an image's label cannot name the build that made it, in a sentence; undefined: CodeBuild is worth asking.
 * A build's id is `<project>:<unique part>`, so that another project's build is known without a right to read it.
 */
export function buildLabelProblem({ build, version }: Release, app: string): string | undefined {
  if (build === '') return `The image of ${version} does not say which build made it (label farol.build).`;
  const project = buildProject(app);
  const [named = '', id, ...more] = build.split(':');
  if (id === undefined || more.length > 0 || !/^[\w-]+$/.test(named) || !/^[\w.-]+$/.test(id))
    return `The image of ${version} names ${JSON.stringify(build.slice(0, 200))} as its build (label farol.build), which is no build's id: one is ${project}:<id>.`;
  if (named !== project)
    return `The image of ${version} names ${build} as its build, which is of the project ${named}; releases of ${app} are built by ${project}.`;
  return undefined;
}

/**
 * Holds what an image says of itself against what CodeBuild recorded of the build that it names. A label is no proof: anyone who
 * can push an image writes it. So the build must have succeeded, in the application's project, started by its pipeline,
 * of the image's commit, and must itself have exported the digest, version and commit that are to be deployed.
 * @param branch the branch that must hold the commit; undefined: any commit will do
 */
export function judgeProvenance(
  release: Release,
  app: string,
  record: BuildRecord | undefined,
  branch?: string,
): Provenance {
  const { build, version, commit, digest } = release;
  if (record === undefined) return refused(`CodeBuild knows no build ${build}, which the image of ${version} names.`);
  const pipeline = `codepipeline/${pipelineName(app)}`;
  if (record.project !== buildProject(app))
    return refused(
      `The build ${build} is of the project ${record.project}; releases of ${app} are built by ${buildProject(app)}.`,
    );
  if (record.initiator !== pipeline)
    return refused(`The build ${build} was started by ${record.initiator}; releases are built by ${pipeline}.`);
  if (record.commit !== commit)
    return refused(
      `The image of ${version} says that it was built from commit ${named(commit)}; its build ${build} built ${named(record.commit)}.`,
    );
  if (record.status === 'IN_PROGRESS')
    return { state: 'open', reason: `The build ${build} of ${version} has not ended: it is IN_PROGRESS.` };
  if (record.status !== 'SUCCEEDED')
    return refused(`The build ${build} of ${version} ended ${record.status}, and must be SUCCEEDED.`);
  const deployed = { digest, version, commit };
  for (const what of ['digest', 'version', 'commit'] as const) {
    const [made, expected] = [record.exported[BUILD_VARIABLES[what]], deployed[what]];
    if (made !== expected)
      return refused(
        `The image to be deployed has the ${what} ${expected}; its build ${build} says that it made ${named(made)}.`,
      );
  }
  const branches = record.exported[BUILD_VARIABLES.branches];
  if (branch !== undefined && !(branches ?? '').split(' ').includes(branch))
    return refused(
      branches === undefined
        ? `Only commits on the branch ${branch} may be released (provenance.branch), and the build ${build} does not export ${BUILD_VARIABLES.branches}. Export it, as Farol's buildspec.yml does, and release a new version.`
        : `Only commits on the branch ${branch} may be released (provenance.branch), and the build ${build} found that commit ${commit} is not on it. Merge the commit, and tag the merged one with a new version.`,
    );
  return { state: 'proven', started: record.exported[BUILD_VARIABLES.started] };
}

function refused(reason: string): Provenance {
  return { state: 'refused', reason };
}

function named(value: string | undefined): string {
  return value === undefined || value === '' ? 'none' : value;
}
