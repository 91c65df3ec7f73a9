import { BatchGetBuildsCommand, type CodeBuildClient, InvalidInputException } from '@aws-sdk/client-codebuild';
import type { BuildRecords } from '#core/ports.ts';

/** Builds that CodeBuild made. */
export class CodeBuildRecords implements BuildRecords {
  readonly #client: CodeBuildClient;

  constructor(client: CodeBuildClient) {
    this.#client = client;
  }

  async build(id: string): ReturnType<BuildRecords['build']> {
    const build = await this.#get(id);
    return build === undefined
      ? undefined
      : { status: build.buildStatus ?? 'unknown', source: build.resolvedSourceVersion ?? build.sourceVersion ?? '' };
  }

  async #get(id: string) {
    try {
      const { builds } = await this.#client.send(new BatchGetBuildsCommand({ ids: [id] }));
      return builds?.[0];
    } catch (error) {
      // The id is what an image says of itself, so it may be anything; what is no build id names no build.
      if (error instanceof InvalidInputException) return undefined;
      throw error;
    }
  }
}
