import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll } from 'vitest';
import { ROOT } from '../../local/setup.mjs';

const NOT_COPIED = ['.venv', '__pycache__', 'staticfiles', '.pytest_cache', '.ruff_cache'];

/** A rung made from another one of the application's ladder. */
export interface OwnRung {
  readonly name: string;
  readonly from: string;
  readonly version: string;
  /** Texts to replace, by the file of the rung that holds them. */
  readonly replace?: Readonly<Record<string, readonly [from: string, to: string]>>;
  /** Files in place of the application's, by their paths. */
  readonly files?: Readonly<Record<string, string>>;
}

/** The project's application with more rungs on its ladder, in a folder that is gone after the last test of the file. */
export function withRungs(rungs: readonly OwnRung[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'farol-ladder-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(join(ROOT, 'django'), folder, { recursive: true, filter: (path) => !NOT_COPIED.includes(basename(path)) });
  for (const { name, from, version, replace = {}, files = {} } of rungs) {
    const rung = join(folder, 'ladder', name);
    cpSync(join(folder, 'ladder', from), rung, { recursive: true });
    const declared: object = JSON.parse(readFileSync(join(rung, 'rung.json'), 'utf8'));
    writeFileSync(join(rung, 'rung.json'), JSON.stringify({ ...declared, version }));
    for (const [file, [text, instead]] of Object.entries(replace)) {
      const before = readFileSync(join(rung, 'files', file), 'utf8');
      if (!before.includes(text)) throw new Error(`${file} of ${from} does not contain "${text}"`);
      writeFileSync(join(rung, 'files', file), before.replace(text, instead));
    }
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(dirname(join(rung, 'files', file)), { recursive: true });
      writeFileSync(join(rung, 'files', file), text);
    }
  }
  return folder;
}
