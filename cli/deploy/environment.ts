import { resolve } from 'node:path';
import { nearest } from '../../infra/environments/known-keys.ts';
import { loadModule, OWN_ENVIRONMENTS } from '../../infra/environments/load.ts';
import { type Environments, EnvironmentsError, parseEnvironments } from '../../infra/environments/schema.ts';
import { EXIT, Problem } from '../problem.ts';

export const ROOT = resolve(import.meta.dirname, '../..');
/** The module whose exported values are the environments, unless another is named. */
export const ENVIRONMENTS = OWN_ENVIRONMENTS;

/** One of the module's values, checked. */
export interface NamedEnvironment {
  readonly name: string;
  /** What `infra/app.ts` takes as its context `environments`. */
  readonly context: string;
  readonly value: Environments;
}

/** Picks the environment of a name. @throws {Problem} in one line for each mistake; nothing was asked of AWS */
export function pickEnvironment(module: object, file: string, name: string): NamedEnvironment {
  const names = Object.keys(module).filter((key) => key !== 'default');
  if (!names.includes(name)) {
    const near = nearest(name, names);
    throw new Problem(
      `${file} exports no environment "${name}".${near === undefined ? '' : ` Did you mean "${near}"?`}`,
      names.length > 0 ? `Give one of: ${names.join(', ')}.` : 'Export one by name: export const production = { ... }.',
      EXIT.usage,
    );
  }
  try {
    return { name, context: `${file}#${name}`, value: parseEnvironments(Reflect.get(module, name)) };
  } catch (error) {
    throw asProblem(error, file, name);
  }
}

function asProblem(error: unknown, file: string, name: string): unknown {
  if (!(error instanceof EnvironmentsError)) return error;
  return new Problem(
    `${file}#${name} cannot be deployed:\n${error.message}`,
    `Put it right in ${file}; nothing was asked of AWS.`,
    EXIT.usage,
  );
}

/** Loads the module and picks an environment, see {@link pickEnvironment}. @param file from the project's root, or absolute */
export async function loadEnvironment(file: string, name: string): Promise<NamedEnvironment> {
  const module = await loadModule(ROOT, file).catch((error: unknown) => {
    throw asProblem(error, file, name);
  });
  return pickEnvironment(module, file, name);
}
