import { readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { App, CfnResource, Stack } from 'aws-cdk-lib';
import * as z from 'zod';
import { parseEnvironments } from '../../infra/environments/schema.ts';
import { FEATURE_FLAGS } from '../../infra/feature-flags.ts';
import { addStacks } from '../../infra/stacks/add-stacks.ts';
import { releaseDefinition } from '../../statemachines/definition.ts';

const root = resolve(import.meta.dirname, '../..');

/** The stacks of one environments value, synthesized. */
export interface Assembly {
  /** The name under which the value is exported. */
  readonly environment: string;
  readonly region: string;
  readonly app: App;
  readonly templates: readonly Template[];
}

export interface Template {
  /** `<environment>/<stack>` */
  readonly name: string;
  readonly file: string;
  readonly resources: Readonly<Record<string, Resource>>;
  /** What findings are about: `<environment>/<stack>/<path of the construct>`, or the template where no resource is named. */
  place(logicalId?: string | number): string;
}

const Resource = z.looseObject({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).default({}),
  Metadata: z.record(z.string(), z.unknown()).default({}),
});
type Resource = z.infer<typeof Resource>;

/** Where a resource stands in the tree of constructs, without the last part that is the same for most. */
export function pathOf(resource: CfnResource): string {
  return resource.node.path.replace(/\/Resource$/, '');
}

interface AssembleProps {
  readonly environment: string;
  readonly region: string;
  /** Where the templates are written to; what is in it is replaced. */
  readonly folder: string;
  /** Whether CDK's own rules for templates hold, as they do whenever stacks are synthesized to be deployed. */
  readonly validated: boolean;
}

/** Synthesizes the stacks that `add` gives to an app. */
export function assemble(props: AssembleProps, add: (app: App) => void): Assembly {
  const { environment, region, folder, validated } = props;
  rmSync(folder, { recursive: true, force: true });
  const app = new App({
    outdir: folder,
    // Without bundling: templates do not depend on what is in the functions' asset.
    context: { ...FEATURE_FLAGS, 'aws:cdk:bundling-stacks': [] },
    builtinCloudFormationValidation: validated,
  });
  add(app);
  app.synth();
  const stacks = app.node.findAll().filter((construct) => Stack.isStack(construct));
  return { environment, region, app, templates: stacks.map((stack) => templateOf(stack, environment, folder)) };
}

function templateOf(stack: Stack, environment: string, folder: string): Template {
  const file = join(folder, stack.templateFile);
  const name = `${environment}/${stack.stackName}`;
  const constructs = stack.node.findAll().filter((construct) => CfnResource.isCfnResource(construct));
  const paths = new Map(constructs.map((one) => [String(stack.resolve(one.logicalId)), pathOf(one)]));
  const { Resources } = z
    .looseObject({ Resources: z.record(z.string(), Resource).default({}) })
    .parse(JSON.parse(readFileSync(file, 'utf8')));
  return {
    name,
    file,
    resources: Resources,
    place(logicalId) {
      const path = paths.get(String(logicalId));
      return path === undefined ? name : `${environment}/${path}`;
    },
  };
}

/**
 * Every environments value that a module exports, each once, synthesized into folders below `folder`.
 * @throws EnvironmentsError when an exported value is not an environment
 */
export function assembleEach(module: object, folder: string): Assembly[] {
  const values: [string, unknown][] = Object.entries(module);
  const named = values.filter(
    ([name, value]) => name !== 'default' || !values.some(([other, same]) => other !== name && same === value),
  );
  return named.map(([environment, value]) => {
    const environments = parseEnvironments(value);
    const { region } = environments.orchestrator;
    return assemble({ environment, region, folder: join(folder, environment), validated: true }, (app) => {
      addStacks(app, environments, {
        functionsDirectory: join(root, 'functions'),
        definition: releaseDefinition(),
      });
    });
  });
}
