import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { ROOT } from '../../local/setup.mjs';
import { git } from '../../local/source/git.ts';

const Lock = z.object({
  packages: z.record(
    z.string(),
    z.object({ link: z.literal(true).optional(), inBundle: z.boolean().optional(), integrity: z.string().optional() }),
  ),
});

test('each package of npm is pinned by a hash, also those of other systems', () => {
  const { packages } = Lock.parse(JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')));
  const installed = Object.entries(packages).filter(([path]) => path.includes('node_modules/'));
  // A bundled package comes in the archive of another, whose hash covers it.
  const unpinned = installed.filter(([, { link, inBundle, integrity }]) => !link && !inBundle && !integrity);
  expect(installed.length).toBeGreaterThan(0);
  expect(unpinned.map(([path]) => path)).toEqual([]);
});

const lists = (await git(ROOT, ['ls-files', '*requirements*.txt'])).split('\n').filter((file) => file !== '');

test.each(lists)('each package of Python in %s is pinned by a version and a hash', (file) => {
  const logical = readFileSync(join(ROOT, file), 'utf8').replaceAll('\\\n', ' ').split('\n');
  const requirements = logical.filter((line) => /^[A-Za-z0-9]/.test(line));
  expect(requirements.length).toBeGreaterThan(0);
  expect(requirements.filter((line) => !/==\S+ .*--hash=sha256:[0-9a-f]{64}/.test(line))).toEqual([]);
});
