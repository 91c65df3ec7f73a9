import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';

/** Synthesizes in a folder of its own, of which nothing is left. @param use must read the templates that it needs */
export function inApp<T>(context: Record<string, unknown>, use: (app: App) => T): T {
  const outdir = mkdtempSync(join(tmpdir(), 'farol-cdk-'));
  try {
    return use(new App({ context, outdir }));
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}
