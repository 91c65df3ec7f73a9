import { randomUUID } from 'node:crypto';
import type {
  BatchGetBuildsInput,
  BatchGetBuildsOutput,
  Build,
  StartBuildInput,
  StartBuildOutput,
  StatusType,
  StopBuildInput,
  StopBuildOutput,
} from '@aws-sdk/client-codebuild';
import { arn, type Place } from '../identity.ts';
import { operation } from '../operation.ts';
import { AwsError, type LocalService } from '../protocol/service.ts';

interface Project {
  readonly name: string;
  /** The pipeline that starts its builds. */
  readonly pipeline: string;
}

/**
 * CodeBuild's records of one project's builds. What a build does is done by the caller that began it; the record says of it what
 * AWS says: IN_PROGRESS until it has ended, and the exported variables only then.
 */
export class CodeBuild {
  readonly service: LocalService;
  readonly #place: Place;
  readonly #project: Project;
  readonly #builds = new Map<string, Build>();

  constructor(place: Place, project: Project) {
    this.#place = place;
    this.#project = project;
    this.service = {
      service: 'codebuild',
      operations: {
        BatchGetBuilds: operation((input: BatchGetBuildsInput): BatchGetBuildsOutput => this.#batchGet(input)),
        StartBuild: operation((input: StartBuildInput, { id }): StartBuildOutput => this.#start(input, id)),
        StopBuild: operation((input: StopBuildInput): StopBuildOutput => this.#stop(input)),
      },
    };
  }

  /** Begins a build as the project's pipeline does. @param commit what the source stage handed over @returns the build's id */
  begin(commit: string): string {
    return this.#begin(`codepipeline/${this.#project.pipeline}`, commit);
  }

  /** Ends a build. @param exported the variables that its buildspec exports */
  end(id: string, buildStatus: StatusType, exported: Readonly<Record<string, string>> = {}): void {
    const build = this.#builds.get(id);
    if (build === undefined) throw new TypeError(`no build ${id}`);
    this.#builds.set(id, {
      ...build,
      buildStatus,
      buildComplete: true,
      currentPhase: 'COMPLETED',
      endTime: new Date(),
      exportedEnvironmentVariables: Object.entries(exported).map(([name, value]) => ({ name, value })),
    });
  }

  #begin(initiator: string, resolvedSourceVersion: string | undefined): string {
    const { name } = this.#project;
    const id = `${name}:${randomUUID()}`;
    this.#builds.set(id, {
      id,
      arn: arn(this.#place, 'codebuild', `build/${id}`),
      buildNumber: this.#builds.size + 1,
      projectName: name,
      initiator,
      ...(resolvedSourceVersion === undefined ? {} : { resolvedSourceVersion }),
      buildStatus: 'IN_PROGRESS',
      buildComplete: false,
      currentPhase: 'BUILD',
      startTime: new Date(),
    });
    return id;
  }

  #batchGet({ ids = [] }: BatchGetBuildsInput): BatchGetBuildsOutput {
    if (ids.some((id) => !/^[\w-]+:[\w-]+$/.test(id)))
      throw new AwsError('InvalidInputException', 'Invalid build ID given');
    return {
      builds: ids.flatMap((id) => this.#builds.get(id) ?? []),
      buildsNotFound: ids.filter((id) => !this.#builds.has(id)),
    };
  }

  /** The caller is the initiator. Nothing here does what the build would do: it stays in progress. */
  #start({ projectName, sourceVersion }: StartBuildInput, caller: string): StartBuildOutput {
    if (projectName !== this.#project.name)
      throw new AwsError('ResourceNotFoundException', `Project cannot be found: ${projectName}`);
    return { build: this.#builds.get(this.#begin(caller, sourceVersion)) };
  }

  #stop({ id = '' }: StopBuildInput): StopBuildOutput {
    if (!this.#builds.has(id)) throw new AwsError('ResourceNotFoundException', `Build cannot be found: ${id}`);
    this.end(id, 'STOPPED');
    return { build: this.#builds.get(id) };
  }
}
