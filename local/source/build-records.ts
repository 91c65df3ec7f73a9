import {
  type CodeBuildClient,
  CreateProjectCommand,
  ResourceAlreadyExistsException,
  StartBuildCommand,
  StopBuildCommand,
} from '@aws-sdk/client-codebuild';

/** Keeps a record of each local build where CodeBuild keeps its own, so that whoever reads the build of an image finds it. */
export class BuildRecords {
  readonly #codebuild: CodeBuildClient;
  readonly #project: string;

  constructor(codebuild: CodeBuildClient, project: string) {
    this.#codebuild = codebuild;
    this.#project = project;
  }

  /** Makes the project; one that is there stays. */
  async prepare(): Promise<void> {
    try {
      await this.#codebuild.send(
        new CreateProjectCommand({
          name: this.#project,
          description: 'Builds pushed tags of the local repository.',
          source: { type: 'NO_SOURCE', buildspec: 'version: 0.2' },
          artifacts: { type: 'NO_ARTIFACTS' },
          environment: { type: 'LINUX_CONTAINER', image: 'local', computeType: 'BUILD_GENERAL1_SMALL' },
          serviceRole: 'arn:aws:iam::000000000000:role/local-build',
        }),
      );
    } catch (error) {
      if (!(error instanceof ResourceAlreadyExistsException)) throw error;
    }
  }

  /** @returns the build's id */
  async begin(version: string, commit: string): Promise<string> {
    const { build } = await this.#codebuild.send(
      new StartBuildCommand({
        projectName: this.#project,
        sourceVersion: version,
        environmentVariablesOverride: [
          { name: 'FAROL_VERSION', value: version },
          { name: 'FAROL_COMMIT', value: commit },
        ],
      }),
    );
    if (!build?.id) throw new Error('CodeBuild answered StartBuild without a build id');
    return build.id;
  }

  async abandon(id: string): Promise<void> {
    await this.#codebuild.send(new StopBuildCommand({ id }));
  }
}
