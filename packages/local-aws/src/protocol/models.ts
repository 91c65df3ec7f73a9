/** Finds and loads AWS's service models where botocore keeps them. */

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type RawModel, ServiceModel } from './model.ts';

/** Where the service models of a Python environment are: `<environment>/lib/python<x>/site-packages/botocore/data`. */
export function botocoreData(pythonEnvironment: string): string {
  const lib = join(pythonEnvironment, 'lib');
  const versions = existsSync(lib) ? readdirSync(lib).filter((name) => name.startsWith('python')) : [];
  for (const version of versions.toSorted().toReversed()) {
    const data = join(lib, version, 'site-packages', 'botocore', 'data');
    if (existsSync(data)) return data;
  }
  throw new Error(`no botocore in the Python environment ${pythonEnvironment}`);
}

/** All service models of one botocore; a model is read when it is first asked for, in its newest API version. */
export class ServiceModels {
  readonly #folder: string;
  readonly #models = new Map<string, ServiceModel | undefined>();

  /** @param folder botocore's `data` folder, see `botocoreData` */
  constructor(folder: string) {
    if (!existsSync(folder) || !statSync(folder).isDirectory()) throw new Error(`no service models in ${folder}`);
    this.#folder = folder;
  }

  /** The model of a service by botocore's name, or undefined when botocore has none. */
  find(service: string): ServiceModel | undefined {
    if (!this.#models.has(service)) this.#models.set(service, this.#load(service));
    return this.#models.get(service);
  }

  /** @throws {Error} when botocore has no such service. */
  get(service: string): ServiceModel {
    const model = this.find(service);
    if (model === undefined) throw new Error(`botocore has no service ${service}`);
    return model;
  }

  #load(service: string): ServiceModel | undefined {
    if (!/^[a-z0-9][a-z0-9-]*$/.test(service)) return undefined;
    const folder = join(this.#folder, service);
    if (!existsSync(folder)) return undefined;
    // Versions are dates (2012-08-10), so the newest sorts last.
    for (const version of readdirSync(folder).toSorted().toReversed()) {
      const plain = join(folder, version, 'service-2.json');
      if (existsSync(plain)) return parse(service, readFileSync(plain));
      if (existsSync(`${plain}.gz`)) return parse(service, gunzipSync(readFileSync(`${plain}.gz`)));
    }
    return undefined;
  }
}

function parse(service: string, text: Buffer): ServiceModel {
  const raw: RawModel = JSON.parse(text.toString('utf8'));
  return new ServiceModel(service, raw);
}
