import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { App } from 'aws-cdk-lib';
import { EnvironmentsError, parseEnvironments } from './environment-schema.ts';
import { FEATURE_FLAGS } from './feature-flags.ts';
import { addStacks } from './stacks/add-stacks.ts';

const root = resolve(import.meta.dirname, '..');

const app = new App({ context: FEATURE_FLAGS });
const chosen: unknown = app.node.tryGetContext('environments') ?? 'infra/environments.ts';
const [path = '', name = 'default'] = String(chosen).split('#');
const module: unknown = await import(pathToFileURL(resolve(root, path)).href);
try {
  const value: unknown = typeof module === 'object' && module !== null ? Reflect.get(module, name) : undefined;
  addStacks(app, parseEnvironments(value), {
    functionsDirectory: resolve(root, 'functions'),
    definitionFile: resolve(root, 'statemachines/release.asl.json'),
  });
  app.synth();
} catch (error) {
  if (!(error instanceof EnvironmentsError)) throw error;
  console.error(`${String(chosen)} cannot be deployed:\n${error.message}`);
  process.exitCode = 1;
}
