import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { delimiter, join, posix, resolve } from 'node:path';
import { finished } from 'node:stream/promises';
import { ExecaError, execa } from 'execa';
import semver from 'semver';
import { extract } from 'tar';
import * as z from 'zod';
import { ReleaseJson } from '#core/contract/release.ts';
import { buildImage } from '../image/build.ts';
import { RegistryError, type Repository } from '../image/registry.ts';
import { PYTHON } from '../setup.mjs';
import type { BuildRecords } from './build-records.ts';
import { git } from './git.ts';
import type { TagBuilder } from './receiver.ts';

/** Milliseconds that one command of `local.prepare` may take. */
const PREPARE_TIMEOUT = 5 * 60_000;
const FILE = 'release.json';

/** Earlier releases whose trees the commands of a build may look at. */
const PREVIOUS = 2;

interface Tree {
  readonly version: string;
  readonly folder: string;
  readonly release: ReleaseJson;
}

/** An image that lies in the registry. */
export interface Built {
  readonly version: string;
  readonly commit: string;
  readonly digest: string;
}

export interface BuilderOptions {
  /** Where trees are built. */
  readonly folder: string;
  /** Persists between builds: FAROL_CACHE of the commands. */
  readonly cache: string;
  /** Log file of the build of a version. */
  readonly log: (version: string) => string;
  /** The application's folder in a tagged tree that has no release.json at its root. */
  readonly prefix: string;
  readonly records: BuildRecords;
  readonly repository: Repository;
}

/** Turns tags into images in the registry. */
export class Builder implements TagBuilder {
  readonly #options: BuilderOptions;
  readonly #trees = new Map<string, Promise<Tree>>();
  readonly #ready: Tree[] = [];
  /** What was built, by tag. */
  readonly built = new Map<string, Built>();

  constructor(options: BuilderOptions) {
    this.#options = options;
  }

  async build(repository: string, tag: string, say: (line: string) => void): Promise<void> {
    const { digest } = await this.publish(repository, tag, say);
    say(
      `${tag} is in the registry as ${digest.slice(0, 'sha256:'.length + 12)}; its deployment is on the screen of npm start`,
    );
  }

  /** Makes the tree of `tag` ready to run, so that its build is quick later. */
  async prepare(repository: string, tag: string): Promise<ReleaseJson> {
    const { release } = await this.#tree(repository, tag, await commitOf(repository, tag));
    return release;
  }

  /** Builds `tag` of the git repository and pushes its image. */
  async publish(repository: string, tag: string, say: (line: string) => void): Promise<Built> {
    const { records, repository: images } = this.#options;
    const commit = await commitOf(repository, tag);
    say(`building ${tag} (${commit.slice(0, 8)})`);
    const { folder, release } = await this.#tree(repository, tag, commit);
    const build = await records.begin(tag, commit);
    try {
      const image = await buildImage({ tree: folder, release, version: tag, commit, build });
      await images.push(image, tag);
      const built = { version: tag, commit, digest: image.digest };
      this.built.set(tag, built);
      return built;
    } catch (error) {
      await records.abandon(build);
      if (error instanceof RegistryError && error.code === 'TAG_INVALID') {
        throw new Error(`the registry has a ${tag} already, and a version never changes: give it a new tag`, {
          cause: error,
        });
      }
      throw error;
    }
  }

  #tree(repository: string, tag: string, commit: string): Promise<Tree> {
    const known = this.#trees.get(commit);
    if (known) return known;
    const tree = this.#makeTree(repository, tag, commit);
    this.#trees.set(commit, tree);
    tree.catch(() => this.#trees.delete(commit));
    return tree;
  }

  async #makeTree(repository: string, tag: string, commit: string): Promise<Tree> {
    const inside = await this.#applicationIn(repository, tag, commit);
    const folder = join(this.#options.folder, commit);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const archive = execa('git', ['archive', '--format=tar', inside ? `${commit}:${inside}` : commit], {
      cwd: repository,
      buffer: false,
      timeout: 60_000,
    });
    await Promise.all([archive, finished(archive.stdout.pipe(extract({ cwd: folder })))]);
    const parsed = ReleaseJson.safeParse(json(await readFile(join(folder, FILE), 'utf8')));
    if (!parsed.success)
      throw new Error(`${FILE} of ${tag} does not follow the contract:\n${z.prettifyError(parsed.error)}`);
    const release = parsed.data;
    await this.#prepare(folder, release, tag, commit);
    const tree = { version: tag, folder, release };
    this.#ready.push(tree);
    return tree;
  }

  /** Folders of the releases before `version`, newest first. */
  #previous(version: string): string[] {
    const earlier = this.#ready.filter((tree) => semver.lt(tree.version, version));
    return earlier
      .toSorted((a, b) => semver.rcompare(a.version, b.version))
      .slice(0, PREVIOUS)
      .map(({ folder }) => folder);
  }

  /** The folder with release.json in the tagged tree; empty: its root. */
  async #applicationIn(repository: string, tag: string, commit: string): Promise<string> {
    const places = ['', this.#options.prefix];
    for (const place of places) {
      if (await git(repository, ['ls-tree', '--name-only', commit, '--', posix.join(place, FILE)])) return place;
    }
    throw new Error(`${tag} has no ${[...new Set(places)].map((place) => posix.join(place, FILE)).join(' and no ')}`);
  }

  async #prepare(folder: string, release: ReleaseJson, version: string, commit: string): Promise<void> {
    const { cache } = this.#options;
    mkdirSync(cache, { recursive: true });
    const path = (release.local?.path ?? []).map((entry) => resolve(folder, entry));
    const log: string[] = [];
    for (const [command = '', ...args] of release.local?.prepare ?? []) {
      const words = [command, ...args].join(' ');
      log.push(`$ ${words}`);
      try {
        const { all } = await execa(command, args, {
          cwd: folder,
          all: true,
          timeout: PREPARE_TIMEOUT,
          env: {
            PATH: [...path, join(PYTHON, 'bin'), process.env['PATH'] ?? ''].join(delimiter),
            FAROL_CACHE: cache,
            FAROL_PREVIOUS: this.#previous(version).join(delimiter),
            FAROL_VERSION: version,
            FAROL_COMMIT: commit,
          },
        });
        log.push(all);
      } catch (error) {
        if (!(error instanceof ExecaError)) throw error;
        const output = error.all ?? error.shortMessage;
        log.push(output);
        throw new Error(
          `"${words}" failed (${error.shortMessage.split('\n')[0]}):\n${output.split('\n').slice(-15).join('\n')}`,
          { cause: error },
        );
      } finally {
        writeFileSync(this.#options.log(version), `${log.join('\n')}\n`);
      }
    }
  }
}

async function commitOf(repository: string, tag: string): Promise<string> {
  return git(repository, ['rev-parse', '--verify', `refs/tags/${tag}^{commit}`]);
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${FILE} is not JSON: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
