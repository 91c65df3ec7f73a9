import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { DATABASE } from '#core/contract/target-names.ts';
import { bundleFunctions, functionsIn } from '../../infra/constructs/function-code.ts';
import { sources } from './synthesized.ts';

const folders: string[] = [];
function bundled(): string {
  const folder = mkdtempSync(join(tmpdir(), 'farol-asset-'));
  folders.push(folder);
  bundleFunctions(sources.functionsDirectory, folder);
  return folder;
}
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

function files(folder: string): Record<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    entries.map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      return [path.slice(folder.length + 1), createHash('sha256').update(readFileSync(path)).digest('hex')];
    }),
  );
}

describe('the functions’ asset', () => {
  const asset = bundled();

  test('every function loads by itself in Node and exports its handler', () => {
    for (const name of functionsIn(sources.functionsDirectory)) {
      const script = `import { handler } from ${JSON.stringify(pathToFileURL(join(asset, name, 'handler.mjs')).href)};
        console.log(typeof handler)`;
      const output = execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' });
      expect(output, name).toBe('function\n');
    }
  });

  test('is the same bytes wherever it is made, so that only a change of code publishes versions', () => {
    expect(files(bundled())).toEqual(files(asset));
  });

  test('holds what functions share once', () => {
    // It alone speaks PostgreSQL, and brings the roots of RDS's certificates.
    const names = functionsIn(sources.functionsDirectory).filter((name) => name !== DATABASE);
    const sizes = names.map((name) => readFileSync(join(asset, name, 'handler.mjs')).length);
    expect(Math.max(...sizes)).toBeLessThan(64 * 1024);
  });

  test('has a source map beside each file', () => {
    const names = Object.keys(files(asset));
    for (const name of names.filter((one) => one.endsWith('.mjs'))) expect(names).toContain(`${name}.map`);
  });
});
