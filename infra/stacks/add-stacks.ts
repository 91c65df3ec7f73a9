import { type App, Tags } from 'aws-cdk-lib';
import type { Environments } from '../environment-schema.ts';
import { ORCHESTRATOR, targetNames } from '../names.ts';
import { OrchestratorStack, type OrchestratorStackProps } from './orchestrator-stack.ts';
import { RepositoryStack } from './repository-stack.ts';
import { ServiceStack } from './service-stack.ts';

/** Where the code of functions and state machine lies. */
export type Sources = Pick<OrchestratorStackProps, 'functionsDirectory' | 'definitionFile'>;

/** Every stack of an environments module: the orchestrator, a repository for each application, a service stack for each target. */
export function addStacks(app: App, environments: Environments, sources: Sources): void {
  const { orchestrator, targets } = environments;
  const { deletionProtection } = orchestrator;
  const env = { region: orchestrator.region, ...(orchestrator.account && { account: orchestrator.account }) };
  new OrchestratorStack(app, ORCHESTRATOR.stack, { env, environments, ...sources });
  for (const name of new Set(targets.map((target) => target.app))) {
    new RepositoryStack(app, `${name}-repository`, { env, app: name, deletionProtection });
  }
  for (const target of targets) {
    const { stack } = targetNames(target.app, target.environment);
    new ServiceStack(app, stack, { env, target, orchestrator });
  }
  Tags.of(app).add('farol:made-by', 'farol');
}
