import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ImageStore, OpenImage } from '@farol/local-aws/runtime/images.ts';
import { extract } from 'tar';
import { RELEASE_LABEL, ReleaseJson } from '#core/contract/release.ts';
import { Repository } from './registry.ts';

/** Pulls images and extracts each once. */
export class RegistryImages implements ImageStore {
  readonly #registry: string;
  readonly #folder: string;
  readonly #opening = new Map<string, Promise<OpenImage>>();

  /**
   * @param registry address of the registry
   * @param folder where extracted images stay, from run to run
   */
  constructor(registry: string, folder: string) {
    this.#registry = registry;
    this.#folder = folder;
  }

  /** @param image `<registry>/<repository>@sha256:<hash>`, as a task definition names it */
  open(image: string): Promise<OpenImage> {
    const [, repository, digest] = /^[^/]+\/(.+)@(sha256:[0-9a-f]{64})$/.exec(image) ?? [];
    if (!repository || !digest)
      return Promise.reject(new Error(`CannotPullContainerError: "${image}" is not named by its digest`));
    const known = this.#opening.get(digest);
    if (known) return known;
    const opening = this.#open(repository, digest);
    this.#opening.set(digest, opening);
    // A pull that failed may be tried again.
    opening.catch(() => this.#opening.delete(digest));
    return opening;
  }

  async #open(repository: string, digest: string): Promise<OpenImage> {
    const source = new Repository(this.#registry, repository);
    const manifest = await source.manifest(digest);
    const [layer] = manifest.layers;
    if (!layer) throw new Error(`CannotPullContainerError: ${digest} has no layer`);
    const { config } = await source.config(manifest);
    const directory = join(await this.#extract(source, layer.digest), config.WorkingDir);
    const release = ReleaseJson.parse(JSON.parse(config.Labels[RELEASE_LABEL] ?? '{}'));
    return {
      directory,
      command: config.Cmd,
      env: Object.fromEntries(
        config.Env.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
      ),
      path: (release.local?.path ?? []).map((path) => resolve(directory, path)),
    };
  }

  /** The folder with the layer's files; kept by the layer's digest, so that a tree that was built again is not extracted again. */
  async #extract(source: Repository, digest: string): Promise<string> {
    const folder = join(this.#folder, digest.slice('sha256:'.length));
    if (existsSync(folder)) return folder;
    const content = await source.blob(digest);
    // Made aside and moved when whole: an interrupted pull leaves nothing that looks like an image.
    const aside = `${folder}.${process.pid}.${randomUUID()}`;
    mkdirSync(aside, { recursive: true });
    try {
      // Links may lead out of the tree, to what a build keeps for the next one: only this machine's own builds come here.
      await pipeline(Readable.from([content]), extract({ cwd: aside, preservePaths: true }));
      renameSync(aside, folder);
    } catch (error) {
      rmSync(aside, { recursive: true, force: true });
      // Another image with the same layer was quicker.
      if (!existsSync(folder)) throw error;
    }
    return folder;
  }
}
