import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { ROOT } from '../../local/setup.mjs';
import { git } from '../../local/source/git.ts';

const Package = z.object({ imports: z.record(z.string(), z.string()) });
const { imports } = Package.parse(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')));

/** The file of the project that an import names; undefined: a package, or what Node brings. */
function fileOf(from: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return normalize(join(dirname(from), specifier));
  if (specifier.startsWith('@farol/')) return specifier.replace(/^@farol\/([^/]+)\//, 'packages/$1/src/');
  for (const [pattern, target] of Object.entries(imports)) {
    const [prefix = ''] = pattern.split('*');
    if (specifier.startsWith(prefix)) return normalize(target.replace('*', specifier.slice(prefix.length)));
  }
  return undefined;
}

const IMPORT = /^(?:import|export)\s(?:[^'";]*?\sfrom\s)?'([^']+)';/gm;
const listed = (await git(ROOT, ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts', '*.mjs'])).split(
  '\n',
);
/** What each file imports: files by their paths, packages by their names. */
const graph = new Map(
  listed
    .filter((file) => existsSync(join(ROOT, file)))
    .map((file): [string, { files: string[]; packages: string[] }] => {
      const found = [...readFileSync(join(ROOT, file), 'utf8').matchAll(IMPORT)].map(([, specifier = '']) => specifier);
      const files = found.flatMap((specifier) => fileOf(file, specifier) ?? []);
      const packages = found.filter(
        (specifier) => fileOf(file, specifier) === undefined && !specifier.startsWith('node:'),
      );
      return [file, { files, packages }];
    }),
);

describe('imports go one way', () => {
  /** What may be imported from where: nothing else may. */
  const MAY: readonly (readonly [string, RegExp, RegExp])[] = [
    ['the core', /^functions\/core\//, /^functions\/core\//],
    ['adapters', /^functions\/aws\//, /^functions\/(core|aws)\//],
    ['the runtime', /^functions\/runtime\//, /^functions\/(core|aws|runtime)\//],
    ['functions', /^functions\/(?!core|aws|runtime)/, /^functions\//],
    ['the state machine', /^statemachines\//, /^statemachines\//],
    ['the infrastructure', /^infra\//, /^(infra|statemachines|functions\/core)\//],
    ['the local AWS', /^packages\/local-aws\//, /^packages\/local-aws\//],
    ['the command', /^cli\//, /^(cli|infra|functions)\//],
  ];
  test.each(MAY)('of %s', (_what, from, to) => {
    const sources = [...graph].filter(([file]) => from.test(file));
    expect(sources.length).toBeGreaterThan(0);
    const wrong = sources.flatMap(([file, { files }]) =>
      files.filter((path) => !to.test(path)).map((path) => `${file} imports ${path}`),
    );
    expect(wrong).toEqual([]);
  });

  test('the core knows no package but zod and semver', () => {
    const packages = [...graph].flatMap(([file, found]) => (file.startsWith('functions/core/') ? found.packages : []));
    expect([...new Set(packages.map((name) => name.split('/')[0] ?? ''))].toSorted()).toEqual(['semver', 'zod']);
  });
});

test('no file leads back to itself', () => {
  const circles: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    const at = path.indexOf(file);
    if (at >= 0) circles.push([...path.slice(at), file].join(' -> '));
    if (at >= 0 || done.has(file)) return;
    for (const next of graph.get(file)?.files ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  expect(circles).toEqual([]);
});

/** Types alone: nothing in it decides. */
const WITHOUT_TESTS = ['observed'];

test('each file of the domain has the test file of its name', () => {
  const domain = join(ROOT, 'functions', 'core', 'domain');
  const tests = join(ROOT, 'test', 'unit', 'functions', 'core', 'domain');
  const files = readdirSync(domain).map((file) => file.replace(/\.ts$/, ''));
  const missing = files.filter((file) => !existsSync(join(tests, `${file}.test.ts`)));
  expect(missing).toEqual(WITHOUT_TESTS);
});
