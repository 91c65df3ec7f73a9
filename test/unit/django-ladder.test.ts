import { cp, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as semver from 'semver';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { ReleaseJson, Version } from '#core/contract/release.ts';
import { releaseDefinition } from '../../statemachines/definition.ts';

const app = path.resolve(import.meta.dirname, '../../django');
const ladder = path.join(app, 'ladder');

const Rung = z.strictObject({
  version: Version,
  on: z.string().nullable(),
  start: z.int().min(1).max(4).optional(),
  title: z.string().min(1),
  outcome: z.enum(['live', 'rolled back', 'failed before traffic', 'refused']),
  state: z.string().optional(),
  reason: z.string().optional(),
});
type Rung = z.infer<typeof Rung>;

const names = (await readdir(ladder)).toSorted();
const rungs = new Map<string, Rung>();
for (const name of names) {
  rungs.set(name, Rung.parse(JSON.parse(await readFile(path.join(ladder, name, 'rung.json'), 'utf8'))));
}

function rung(name: string): Rung {
  const found = rungs.get(name);
  if (found === undefined) {
    throw new Error(`There is no rung ${name}.`);
  }
  return found;
}

async function exists(file: string): Promise<boolean> {
  return await stat(file).then(
    () => true,
    () => false,
  );
}

/** Lays the rung's files over those of the rung that it stands on, down to the application itself. */
async function lay(name: string, tree: string): Promise<void> {
  const { on } = rung(name);
  await (on === null ? cp(path.join(app, 'release.json'), path.join(tree, 'release.json')) : lay(on, tree));
  const files = path.join(ladder, name, 'files');
  if (await exists(files)) {
    await cp(files, tree, { recursive: true });
  }
}

/** The names of all states, those inside of parallel branches too. */
function statesOf(part: unknown): string[] {
  const { States } = z
    .object({ States: z.record(z.string(), z.looseObject({ Branches: z.array(z.unknown()).optional() })) })
    .parse(part);
  return Object.entries(States).flatMap(([name, state]) => [name, ...(state.Branches ?? []).flatMap(statesOf)]);
}
const states = statesOf(JSON.parse(releaseDefinition()));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'ladder-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

test('the application itself keeps the contract', async () => {
  const release = ReleaseJson.parse(JSON.parse(await readFile(path.join(app, 'release.json'), 'utf8')));
  expect(release.local?.path).toEqual(['.venv/bin']);
});

describe.each(names)('%s', (name) => {
  test('stands on an older release', () => {
    const { on, version } = rung(name);
    expect(on === null || semver.gt(version, rung(on).version)).toBe(true);
  });

  test('names a state that there is, if it names one', () => {
    expect([undefined, ...states]).toContain(rung(name).state);
  });

  test('keeps the contract once it is laid', async () => {
    const tree = path.join(folder, name);
    await lay(name, tree);
    const release: unknown = JSON.parse(await readFile(path.join(tree, 'release.json'), 'utf8'));
    expect(ReleaseJson.safeParse(release).error).toBeUndefined();
  });
});

test('each version is there once', () => {
  const versions = [...rungs.values()].map(({ version }) => version);
  expect(new Set(versions).size).toBe(versions.length);
});

test('npm start climbs four rungs: a first, a good, one that fails smoke, one that fails under traffic', () => {
  const climbed = [...rungs.values()]
    .filter(({ start }) => start !== undefined)
    .toSorted((a, b) => (a.start ?? 0) - (b.start ?? 0));
  expect(climbed.map(({ start, version, outcome }) => [start, version, outcome])).toEqual([
    [1, 'v1.0.0', 'live'],
    [2, 'v1.1.0', 'live'],
    [3, 'v1.2.0', 'failed before traffic'],
    [4, 'v1.2.1', 'rolled back'],
  ]);
});
