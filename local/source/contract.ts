import { posix } from 'node:path';
import { FixableError } from '@farol/local-aws/fixable-error.mjs';
import * as z from 'zod';
import { ReleaseJson } from '#core/contract/release.ts';
import { git } from './git.ts';

/** The application's side of the contract, in its root. */
export const FILE = 'release.json';

/** Where the application lies in a tagged tree, and what its release.json says. */
export interface TaggedApplication {
  readonly commit: string;
  /** Who wrote the commit, as it says itself. */
  readonly author: string;
  /** Folder of the tree; empty: its root. */
  readonly folder: string;
  readonly release: ReleaseJson;
}

/**
 * @param repository git repository that holds the tag
 * @param prefix the application's folder in a tree that has no release.json at its root
 * @param object what the tag points to, where its reference is not stored yet
 * @throws {FixableError} if it is missing, or does not follow the contract
 */
export async function readApplication(
  repository: string,
  tag: string,
  prefix: string,
  object = `refs/tags/${tag}`,
): Promise<TaggedApplication> {
  const commit = await git(repository, ['rev-parse', '--verify', `${object}^{commit}`]);
  const author = await git(repository, ['log', '-1', '--format=%an <%ae>', commit]);
  const places = [...new Set(['', prefix])];
  for (const folder of places) {
    const file = posix.join(folder, FILE);
    if (!(await git(repository, ['ls-tree', '--name-only', commit, '--', file]))) continue;
    const parsed = ReleaseJson.safeParse(json(await git(repository, ['show', `${commit}:${file}`])));
    if (!parsed.success)
      throw new FixableError(`${FILE} of ${tag} does not follow the contract:\n${z.prettifyError(parsed.error)}`);
    return { commit, author, folder, release: parsed.data };
  }
  throw new FixableError(`${tag} has no ${places.map((place) => posix.join(place, FILE)).join(' and no ')}`);
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new FixableError(`${FILE} is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}
