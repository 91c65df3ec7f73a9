import { Template } from 'aws-cdk-lib/assertions';
import { parseEnvironments } from '../../infra/environments/schema.ts';
import { addServiceStack } from '../../infra/stacks/add-stacks.ts';
import { inApp } from './in-app.ts';
import { context, sources } from './synthesized.ts';

/** The template of the first target's service stack alone, which is quick to make. */
export function serviceTemplate(value: unknown): unknown {
  const environments = parseEnvironments(value);
  const [target] = environments.targets;
  if (target === undefined) throw new TypeError('there is no target');
  return inApp(context, (app) =>
    Template.fromStack(addServiceStack(app, environments, target, sources.functionsDirectory)).toJSON(),
  );
}

/** An environments module's value with another value of one setting: of the first target, unless it is `orchestrator.` something. */
export function withSetting(path: string, value: unknown): (environments: object) => object {
  const keys = path.startsWith('orchestrator.') ? path.split('.') : ['targets', '0', ...path.split('.')];
  return (environments) => set(environments, keys, value);
}

function set(object: object, [key = '', ...rest]: readonly string[], value: unknown): object {
  const inner: unknown = Reflect.get(object, key);
  const next = rest.length === 0 ? value : set(typeof inner === 'object' && inner !== null ? inner : {}, rest, value);
  return Array.isArray(object) ? object.with(Number(key), next) : { ...object, [key]: next };
}
