import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { nearest } from './known-keys.ts';
import { type Environments, EnvironmentsError, parseEnvironments } from './schema.ts';

/** Where environments stand unless something else is said. */
export const OWN_ENVIRONMENTS = 'infra/environments/environments.ts';

/**
 * Reads environments from a module.
 * @param root folder that paths start from
 * @param chosen `<path>`, or `<path>#<name>` of one of the values that the module exports
 * @throws {EnvironmentsError} with one readable line for each mistake
 */
export async function loadEnvironments(root: string, chosen: string): Promise<Environments> {
  const [path = '', name = 'default'] = chosen.split('#');
  const exported = await loadModule(root, path);
  if (!(name in exported)) {
    const names = Object.keys(exported);
    const near = nearest(name, names);
    throw new EnvironmentsError([
      `it exports no "${name}"${near === undefined ? '' : `; did you mean "${near}"? There are: ${names.join(', ')}`}`,
    ]);
  }
  return parseEnvironments(Reflect.get(exported, name));
}

/** What a module of environments exports. @throws {EnvironmentsError} in one line if it is not there or cannot be loaded */
export async function loadModule(root: string, path: string): Promise<object> {
  const file = resolve(root, path);
  if (!statSync(file, { throwIfNoEntry: false })?.isFile())
    throw new EnvironmentsError([
      `${path === '' ? 'no file is named' : `there is no file ${file}`}: a module's path is expected, as in ${OWN_ENVIRONMENTS}`,
    ]);
  try {
    const module: unknown = await import(pathToFileURL(file).href);
    return typeof module === 'object' && module !== null ? module : {};
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    // Node puts the place of a syntax error before its name, in the stack alone.
    const [place = ''] = (error.stack ?? '').split('\n');
    const at = place.startsWith(file) || place.startsWith('file:') ? ` (${place.replace(/^file:\/\//, '')})` : '';
    throw new EnvironmentsError([`the module cannot be loaded: ${error.message.split('\n')[0]}${at}`], {
      cause: error,
    });
  }
}
