import { execa } from 'execa';
import { AUTHOR_LABEL, type ReleaseJson } from '#core/contract/release.ts';
import { buildImage } from './build.ts';
import { RegistryError, type Repository } from './registry.ts';

/** A tagged tree from which an image is made. */
interface TaggedTree {
  readonly folder: string;
  readonly release: ReleaseJson;
  readonly version: string;
  readonly commit: string;
  /** Of the commit. */
  readonly author: string;
  /** Id of the build, as CodeBuild answers it. */
  readonly build: string;
  /** Versions whose images are in the registry and whose static files this one keeps. */
  readonly previous: readonly string[];
}

/** Makes images and puts them into the registry. */
export interface ImageMaker {
  /** Whether the tree has to be runnable by itself: release.json's `local.prepare` is run before. */
  readonly wantsPrepared: boolean;
  /** @returns the image's digest @throws if the registry has an image of this version, in words */
  publish(tree: TaggedTree): Promise<string>;
  /** Takes away what it left on this machine. */
  close(): Promise<void>;
}

/** The registry has an image of this version. */
class AlreadyThere extends Error {
  constructor(version: string, cause: unknown) {
    super(`the registry has a ${version} already, and a version never changes: give it a new tag`, { cause });
  }
}

/** Images of nothing but the tree, for tasks that are processes of this machine. */
export function treeImages(repository: Repository): ImageMaker {
  return {
    wantsPrepared: true,
    async publish({ folder, ...of }) {
      const image = await buildImage({ ...of, tree: folder });
      try {
        await repository.push(image, of.version);
      } catch (error) {
        if (error instanceof RegistryError && error.code === 'TAG_INVALID') throw new AlreadyThere(of.version, error);
        throw error;
      }
      return image.digest;
    },
    close: () => Promise.resolve(),
  };
}

/**
 * Images by the Docker engine from the tree's Dockerfile, with the arguments that the buildspec gives it.
 * @param repository host, port and name, as in `127.0.0.1:4566/web`
 * @param given further arguments of the Dockerfile, such as BASE
 */
export function dockerImages(repository: string, given: Readonly<Record<string, string>>): ImageMaker {
  const tags = new Set<string>();
  return {
    wantsPrepared: false,
    async publish({ folder, release, version, commit, author, build, previous }) {
      const tag = `${repository}:${version}`;
      const kept = previous.map((before, index) => [`PREVIOUS_${index + 1}`, `${repository}:${before}`] as const);
      const values = {
        ...given,
        ...Object.fromEntries(kept),
        VERSION: version,
        COMMIT: commit,
        BUILD: build,
        RELEASE_JSON: JSON.stringify(release),
      };
      const words = Object.entries(values).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]);
      const env = { BUILDX_NO_DEFAULT_ATTESTATIONS: '1' };
      await docker(['build', '--quiet', '--tag', tag, '--label', `${AUTHOR_LABEL}=${author}`, ...words, folder], env);
      tags.add(tag);
      await docker(['push', '--quiet', tag]);
      const digests = await docker(['image', 'inspect', '--format', '{{join .RepoDigests "\\n"}}', tag]);
      const digest = digests.split('\n').find((name) => name.startsWith(`${repository}@`));
      if (digest === undefined) throw new Error(`the engine does not say which digest ${tag} has in the registry`);
      return digest.slice(repository.length + 1);
    },
    async close() {
      if (tags.size > 0) await docker(['image', 'rm', ...tags]);
    },
  };
}

/** What the docker command prints. @throws with the last lines of what it says of a failure */
async function docker(args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const { stdout, all, exitCode } = await execa('docker', args, { env, all: true, reject: false });
  if (exitCode === 0) return stdout;
  throw new Error(`docker ${args[0]} failed:\n${all.split('\n').slice(-15).join('\n')}`);
}
