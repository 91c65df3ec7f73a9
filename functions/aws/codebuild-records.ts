import { BatchGetBuildsCommand, type CodeBuildClient, InvalidInputException } from '@aws-sdk/client-codebuild';
import { oneLine } from '#core/contract/text.ts';
import type { BuildRecords } from '#core/ports.ts';

/** Characters kept of an exported variable: a list of branches may be long. */
const LONGEST_VARIABLE = 2000;

/** Builds that CodeBuild made. */
export class CodeBuildRecords implements BuildRecords {
  readonly #client: CodeBuildClient;

  constructor(client: CodeBuildClient) {
    this.#client = client;
  }

  async build(id: string): ReturnType<BuildRecords['build']> {
    const build = await this.#get(id);
    if (build === undefined) return undefined;
    const { buildStatus, projectName, initiator, resolvedSourceVersion, exportedEnvironmentVariables = [] } = build;
    return {
      status: buildStatus ?? 'unknown',
      project: projectName ?? 'unknown',
      initiator: initiator ?? 'unknown',
      commit: resolvedSourceVersion,
      exported: Object.fromEntries(
        exportedEnvironmentVariables.map(({ name = '', value = '' }) => [name, oneLine(value, LONGEST_VARIABLE)]),
      ),
    };
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
