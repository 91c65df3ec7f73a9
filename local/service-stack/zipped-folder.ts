import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { zipSync } from 'fflate';

/** A folder's files as a zip archive, as Lambda takes a function's code. */
export async function zippedFolder(folder: string): Promise<Uint8Array> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async ({ parentPath, name }): Promise<[string, Uint8Array]> => {
        const path = join(parentPath, name);
        return [relative(folder, path).replaceAll('\\', '/'), await readFile(path)];
      }),
  );
  return zipSync(Object.fromEntries(files), { level: 1 });
}
