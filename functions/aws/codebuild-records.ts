import { BatchGetBuildsCommand, type CodeBuildClient } from '@aws-sdk/client-codebuild';
import type { BuildRecords } from '#core/ports.ts';

/** Builds that CodeBuild made. */
export class CodeBuildRecords implements BuildRecords {
  readonly #client: CodeBuildClient;

  constructor(client: CodeBuildClient) {
    this.#client = client;
  }

  async build(id: string): ReturnType<BuildRecords['build']> {
    const { builds } = await this.#client.send(new BatchGetBuildsCommand({ ids: [id] }));
    const [build] = builds ?? [];
    return build === undefined
      ? undefined
      : { status: build.buildStatus ?? 'unknown', source: build.resolvedSourceVersion ?? build.sourceVersion ?? '' };
  }
}
