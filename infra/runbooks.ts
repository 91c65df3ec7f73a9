import type { Environments, PipelineSettings } from './environments/schema.ts';

/** A section of a file below docs/runbooks, as in `target.md#lost-requests`. */
export type Runbook = `${'target' | 'database' | 'orchestrator' | 'ledger'}.md#${string}`;

/** How the providers write the address of a file of a branch. */
const BROWSED: Readonly<Record<string, (repository: string, branch: string) => string>> = {
  GitHub: (repository, branch) => `https://github.com/${repository}/blob/${branch}`,
  GitLab: (repository, branch) => `https://gitlab.com/${repository}/-/blob/${branch}`,
  Bitbucket: (repository, branch) => `https://bitbucket.org/${repository}/src/${branch}`,
};

/** Where this repository's files are read in a browser; undefined where neither a setting nor a pipeline tells. */
export function documentationOf({ orchestrator, pipelines }: Pick<Environments, 'orchestrator' | 'pipelines'>) {
  return orchestrator.documentation?.replace(/\/$/, '') ?? browsed(pipelines[0]);
}

function browsed(pipeline: PipelineSettings | undefined): string | undefined {
  if (pipeline === undefined) return undefined;
  const { connection, repository, branch } = pipeline.source;
  return BROWSED[connection]?.(repository, branch);
}

/** Address of a runbook's section; where the repository's is not known, its path. */
export function runbookLink(documentation: string | undefined, runbook: Runbook | 'README.md'): string {
  return [documentation, 'docs/runbooks', runbook].filter((part) => part !== undefined).join('/');
}
