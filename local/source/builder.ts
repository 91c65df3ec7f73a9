import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { finished } from 'node:stream/promises';
import type { CodeBuild } from '@farol/local-aws/codebuild/service.ts';
import { ExecaError, execa } from 'execa';
import { extract } from 'tar';
import { BUILD_VARIABLES } from '#core/contract/pipeline.ts';
import type { ReleaseJson } from '#core/contract/release.ts';
import { compareVersions } from '#core/contract/version.ts';
import { keptReleases } from '#core/domain/release-tag.ts';
import type { ImageMaker } from '../image/maker.ts';
import { PYTHON } from '../setup.mjs';
import { readApplication, type TaggedApplication } from './contract.ts';
import { git } from './git.ts';
import type { PushedTag, TagBuilder } from './receiver.ts';

/** Milliseconds that one command of `local.prepare` may take. */
const PREPARE_TIMEOUT = 5 * 60_000;

interface Tree {
  readonly version: string;
  readonly commit: string;
  readonly author: string;
  readonly folder: string;
  readonly release: ReleaseJson;
}

/** The branches of a repository that hold a commit, divided by spaces. @param pushed heads that are stored together with the tag */
async function branchesOf(repository: string, commit: string, pushed: PushedTag['heads']): Promise<string> {
  const names = await git(repository, [
    'for-each-ref',
    '--contains',
    commit,
    '--format=%(refname:lstrip=2)',
    'refs/heads',
  ]);
  const holding = new Set(names.split('\n').filter(Boolean));
  for (const { branch, object } of pushed) {
    const newer = await git(repository, ['rev-list', '--max-count=1', commit, `^${object}`]);
    if (newer === '') holding.add(branch);
  }
  return [...holding].join(' ');
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
  /** Where each build is on record. */
  readonly codebuild: Pick<CodeBuild, 'begin' | 'end'>;
  readonly images: ImageMaker;
  /** The versions that are live at the application's targets, by the ledger. */
  readonly live: () => Promise<readonly string[]>;
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

  async build(repository: string, pushed: PushedTag, say: (line: string) => void): Promise<void> {
    const { tag } = pushed;
    const { digest } = await this.publish(repository, tag, say, pushed);
    say(
      `${tag} is in the registry as ${digest.slice(0, 'sha256:'.length + 12)}; its deployment is on the screen of npm start`,
    );
  }

  /** Makes the tree of `tag` ready to run, so that its build is quick later. */
  async prepare(repository: string, tag: string): Promise<void> {
    await this.#tree(repository, tag);
  }

  /** Builds `tag` of the git repository and pushes its image. @param pushed where its reference is not stored yet */
  async publish(repository: string, tag: string, say: (line: string) => void, pushed?: PushedTag): Promise<Built> {
    const { codebuild, images } = this.#options;
    say(`building ${tag}`);
    const { commit, author, folder, release } = await this.#tree(repository, tag, pushed?.object);
    const build = codebuild.begin(commit);
    try {
      const previous = keptReleases(tag, [...this.built.keys()], await this.#options.live());
      const digest = await images.publish({ folder, release, version: tag, commit, author, build, previous });
      const { version, digest: made, commit: of, started, branches } = BUILD_VARIABLES;
      codebuild.end(build, 'SUCCEEDED', {
        [version]: tag,
        [made]: digest,
        [of]: commit,
        [started]: `the push of ${tag}`,
        [branches]: await branchesOf(repository, commit, pushed?.heads ?? []),
      });
      const built = { version: tag, commit, digest };
      this.built.set(tag, built);
      return built;
    } catch (error) {
      codebuild.end(build, 'FAILED');
      throw error;
    }
  }

  async #tree(repository: string, tag: string, object?: string): Promise<Tree> {
    const application = await readApplication(repository, tag, this.#options.prefix, object);
    const { commit } = application;
    const known = this.#trees.get(commit);
    if (known) return known;
    const tree = this.#makeTree(repository, tag, application);
    this.#trees.set(commit, tree);
    tree.catch(() => this.#trees.delete(commit));
    return tree;
  }

  async #makeTree(repository: string, tag: string, application: TaggedApplication): Promise<Tree> {
    const { commit, author, folder: inside, release } = application;
    const folder = join(this.#options.folder, commit);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const archive = execa('git', ['archive', '--format=tar', inside ? `${commit}:${inside}` : commit], {
      cwd: repository,
      buffer: false,
      timeout: 60_000,
    });
    await Promise.all([archive, finished(archive.stdout.pipe(extract({ cwd: folder })))]);
    if (this.#options.images.wantsPrepared) await this.#prepare(folder, release, tag, commit);
    const tree = { version: tag, commit, author, folder, release };
    this.#ready.push(tree);
    return tree;
  }

  /** Folders of all releases before `version`, newest first: a tree is made before it is known which of them will be live. */
  #previous(version: string): string[] {
    const earlier = this.#ready.filter((tree) => compareVersions(tree.version, version) < 0);
    return earlier.toSorted((a, b) => compareVersions(b.version, a.version)).map(({ folder }) => folder);
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
