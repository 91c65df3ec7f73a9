import { resolve } from 'node:path';
import { App } from 'aws-cdk-lib';
import { releaseDefinition } from '../statemachines/definition.ts';
import { loadEnvironments, OWN_ENVIRONMENTS } from './environments/load.ts';
import { EnvironmentsError } from './environments/schema.ts';
import { FEATURE_FLAGS } from './feature-flags.ts';
import { addStacks } from './stacks/add-stacks.ts';

const root = resolve(import.meta.dirname, '..');

const app = new App({ context: FEATURE_FLAGS });
const chosen: unknown = app.node.tryGetContext('environments') ?? OWN_ENVIRONMENTS;
try {
  addStacks(app, await loadEnvironments(root, String(chosen)), {
    functionsDirectory: resolve(root, 'functions'),
    definition: releaseDefinition(),
  });
  app.synth();
} catch (error) {
  if (!(error instanceof EnvironmentsError)) throw error;
  console.error(`${String(chosen)} cannot be deployed:\n${error.message}`);
  process.exitCode = 1;
}
