import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { FixableError } from '@farol/local-aws/fixable-error.mjs';
import * as z from 'zod';
import { Version } from '#core/contract/release.ts';
import { compareVersions } from '#core/contract/version.ts';
import { FILE } from './contract.ts';
import { askGit, git } from './git.ts';

/** How the deployment of a release is meant to end. */
const Outcome = z.enum(['live', 'rolled back', 'failed before traffic', 'refused']);
export type Outcome = z.infer<typeof Outcome>;

/** A release that exists to show something: an overlay on another one, and what is expected of its deployment. */
const Rung = z.strictObject({
  version: Version,
  /** The rung whose tree it changes; null: the application itself. */
  on: z.string().nullable(),
  title: z.string(),
  outcome: Outcome,
  /** The state of the state machine where it is expected to fail. */
  state: z.string().optional(),
  /** What the reason is expected to contain. */
  reason: z.string().optional(),
  /** Its place among the releases of `npm start`; absent: not among them. */
  start: z.int().min(1).optional(),
});
export type Rung = z.infer<typeof Rung>;

/** A tag that can be pushed to the local repository, and how its deployment is meant to end. */
export interface ReleaseToPush {
  readonly tag: string;
  readonly title: string;
  readonly outcome: Outcome;
  readonly state?: string | undefined;
  readonly reason?: string | undefined;
  /** The git repository that holds the tag. */
  readonly repository: string;
}

const LADDER = 'ladder';

/** The rungs in an application's ladder folder, by name. */
export function rungsOf(app: string): ReadonlyMap<string, Rung> {
  const folder = join(app, LADDER);
  const names = readdirSync(folder, { withFileTypes: true }).filter((entry) =>
    existsSync(join(folder, entry.name, 'rung.json')),
  );
  return new Map(
    names.map(({ name }) => {
      const parsed = Rung.safeParse(JSON.parse(readFileSync(join(folder, name, 'rung.json'), 'utf8')));
      if (!parsed.success)
        throw new FixableError(`${join(folder, name, 'rung.json')}:\n${z.prettifyError(parsed.error)}`);
      return [name, parsed.data];
    }),
  );
}

/**
 * What `npm start` deploys, in order: the rungs of the application's ladder that have a place there; else the `v*` tags of its git
 * repository that hold a release.json; else the folder as it is, as v1.0.0.
 * @param app the application's folder
 * @param work a folder to make commits in
 */
export async function releasesOf(app: string, work: string): Promise<{ releases: ReleaseToPush[]; prefix: string }> {
  const prefix = (await askGit(app, ['rev-parse', '--show-prefix']))?.replace(/\/$/, '') ?? '';
  if (existsSync(join(app, LADDER))) {
    const rungs = [...rungsOf(app)].filter(([, rung]) => rung.start !== undefined);
    const names = rungs.toSorted(([, a], [, b]) => (a.start ?? 0) - (b.start ?? 0)).map(([name]) => name);
    return { releases: await new Ladder(app, work).tags(names), prefix };
  }
  const tagged = await taggedReleases(app, prefix);
  if (tagged.length > 0) return { releases: tagged, prefix };
  if (!existsSync(join(app, FILE)))
    throw new FixableError(`${app} has no ${FILE}: see "Bring your own application" in docs/.`);
  const scratch = new Ladder(app, work);
  return { releases: [await scratch.tagFolder('v1.0.0')], prefix };
}

async function taggedReleases(app: string, prefix: string): Promise<ReleaseToPush[]> {
  const tags = (await askGit(app, ['tag', '--list', 'v*']))?.split('\n') ?? [];
  const versions = tags.filter((tag) => Version.safeParse(tag).success).toSorted(compareVersions);
  const repository = (await askGit(app, ['rev-parse', '--absolute-git-dir'])) ?? app;
  const found = await Promise.all(
    versions.map(async (tag) => {
      const files = await askGit(repository, ['ls-tree', '--name-only', tag, '--', FILE, join(prefix, FILE)]);
      return files ? [{ tag, title: tag, outcome: 'live' as const, repository }] : [];
    }),
  );
  return found.flat();
}

/** Makes commits of an application's folder with the overlays of its ladder, tagged with their versions. */
export class Ladder {
  readonly #app: string;
  readonly #work: string;
  #made = false;

  /** @param work begun again: it is emptied */
  constructor(app: string, work: string) {
    this.#app = app;
    this.#work = work;
  }

  /** Tags the rungs of these names, each a child of the one before. */
  async tags(names: readonly string[]): Promise<ReleaseToPush[]> {
    const rungs = rungsOf(this.#app);
    const releases: ReleaseToPush[] = [];
    for (const name of names) {
      const rung = rungs.get(name);
      if (!rung) throw new FixableError(`${this.#app} has no rung ${name} in its ladder.`);
      await this.#lay(overlays(rungs, name));
      const { version, title, outcome, state, reason } = rung;
      releases.push({ ...(await this.#tag(version, title)), outcome, state, reason });
    }
    return releases;
  }

  /** Tags the folder as it is. */
  async tagFolder(version: string): Promise<ReleaseToPush> {
    await this.#lay([]);
    return this.#tag(version, 'the folder as it is');
  }

  /** The application's own files and then those of the rungs, into an otherwise empty work tree. */
  async #lay(rungs: readonly string[]): Promise<void> {
    await this.#make();
    for (const name of readdirSync(this.#work)) {
      if (name !== '.git') rmSync(join(this.#work, name), { recursive: true, force: true });
    }
    for (const file of await ownFiles(this.#app)) {
      mkdirSync(dirname(join(this.#work, file)), { recursive: true });
      cpSync(join(this.#app, file), join(this.#work, file), { verbatimSymlinks: true });
    }
    for (const rung of rungs) {
      const files = join(this.#app, LADDER, rung, 'files');
      if (existsSync(files)) cpSync(files, this.#work, { recursive: true, verbatimSymlinks: true });
    }
  }

  async #make(): Promise<void> {
    if (this.#made) return;
    this.#made = true;
    rmSync(this.#work, { recursive: true, force: true });
    mkdirSync(this.#work, { recursive: true });
    await git(this.#work, ['init', '--quiet', '--initial-branch=main', '.']);
  }

  async #tag(
    tag: string,
    title: string,
  ): Promise<{ tag: string; title: string; outcome: Outcome; repository: string }> {
    // A fixed date: the same files give the same commit, and with it the same image layer, in every run.
    const date = { GIT_AUTHOR_DATE: '2026-01-01T00:00:00Z', GIT_COMMITTER_DATE: '2026-01-01T00:00:00Z' };
    await git(this.#work, ['add', '--all', '--force']);
    await git(this.#work, ['commit', '--quiet', '--allow-empty', '--message', `${tag}: ${title}`], date);
    await git(this.#work, ['tag', '--force', tag]);
    return { tag, title, outcome: 'live', repository: this.#work };
  }
}

/** The rungs whose files make up `name`, the lowest first. */
function overlays(rungs: ReadonlyMap<string, Rung>, name: string): string[] {
  const names: string[] = [];
  for (let next: string | null = name; next !== null; next = rungs.get(next)?.on ?? null) {
    if (!rungs.has(next) || names.includes(next))
      throw new FixableError(`The ladder's rung ${name} stands on ${next}, which leads nowhere.`);
    names.unshift(next);
  }
  return names;
}

/** The files of an application as git sees them (also new ones, not ignored ones), else all of them; without its ladder. */
async function ownFiles(app: string): Promise<string[]> {
  const listed = await askGit(app, [
    'ls-files',
    '-z',
    '--cached',
    '--others',
    '--exclude-standard',
    '--',
    '.',
    `:!${LADDER}`,
  ]);
  if (listed !== undefined)
    return [...new Set(listed.split('\0'))].filter((file) => file !== '' && existsSync(join(app, file)));
  return readdirSync(app, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(app, join(entry.parentPath, entry.name)))
    .filter((file) => !file.startsWith(`${LADDER}/`));
}
