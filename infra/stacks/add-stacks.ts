import { type App, type Environment, type Stack, Tags } from 'aws-cdk-lib';
import type { Target } from '#core/contract/target.ts';
import { targetNames } from '#core/contract/target-names.ts';
import type { Environments, EnvironmentTarget } from '../environments/schema.ts';
import { MADE_BY, ORCHESTRATOR, pipelineStack } from '../names.ts';
import { documentationOf } from '../runbooks.ts';
import { OrchestratorStack, type OrchestratorStackProps } from './orchestrator-stack.ts';
import { PipelineStack } from './pipeline-stack.ts';
import { RepositoryStack } from './repository-stack.ts';
import { ServiceStack } from './service-stack.ts';

/** The code of the functions, and the state machine. */
export type Sources = Pick<OrchestratorStackProps, 'functionsDirectory' | 'definition'>;

/** Every stack of an environments module: the orchestrator, a repository and a pipeline for each application, a service stack for each target. */
export function addStacks(app: App, environments: Environments, sources: Sources): Stack[] {
  const { orchestrator, targets, pipelines } = environments;
  const { deletionProtection } = orchestrator;
  const env = placeOf(environments);
  const apps = new Set(targets.map((target) => target.app));
  return [
    new OrchestratorStack(app, ORCHESTRATOR.stack, { env, environments, ...sources }),
    ...[...apps].map((name) => new RepositoryStack(app, `${name}-repository`, { env, app: name, deletionProtection })),
    ...pipelines.map(
      (pipeline) =>
        new PipelineStack(app, pipelineStack(pipeline.app), {
          env,
          pipeline,
          branches: branchesOf(pipeline.app, targets),
          targets: targets
            .filter(({ app: of }) => of === pipeline.app)
            .map((one): Target => `${one.app}/${one.environment}`),
          orchestrator,
        }),
    ),
  ]
    .map(tagged)
    .concat(targets.map((target) => addServiceStack(app, environments, target, sources.functionsDirectory)));
}

/** The service stack of one target. */
export function addServiceStack(
  app: App,
  environments: Environments,
  target: EnvironmentTarget,
  functionsDirectory: string,
): Stack {
  return tagged(
    new ServiceStack(app, targetNames(target.app, target.environment).stack, {
      env: placeOf(environments),
      target,
      orchestrator: environments.orchestrator,
      functionsDirectory,
      documentation: documentationOf(environments),
    }),
  );
}

/** The branches that an application's targets ask for, each once. */
function branchesOf(app: string, targets: readonly EnvironmentTarget[]): string[] {
  const asked = targets.filter((target) => target.app === app).map(({ provenance }) => provenance.branch);
  return [...new Set(asked.filter((branch) => branch !== undefined))];
}

function placeOf({ orchestrator: { account, region } }: Environments): Environment {
  return { region, ...(account && { account }) };
}

function tagged(stack: Stack): Stack {
  Tags.of(stack).add(MADE_BY.key, MADE_BY.value);
  return stack;
}
