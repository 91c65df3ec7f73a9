import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { AssetHashType, DockerImage } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { buildSync } from 'esbuild';

/** Names of the functions below a folder: those that have a handler.ts. */
export function functionsIn(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && readdirSync(join(directory, entry.name)).includes('handler.ts'))
    .map((entry) => entry.name)
    .toSorted();
}

/**
 * One asset with every function below `directory`, each at `<name>/handler.mjs`, made by one run of esbuild: what they
 * share is there once, so that a machine that runs several of them loads and keeps it once.
 */
export function functionCode(directory: string): Code {
  return Code.fromAsset(directory, {
    // By what comes out, not by what goes in: a new comment or test publishes no new versions.
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      image: DockerImage.fromRegistry('scratch'),
      local: {
        tryBundle(output) {
          bundleFunctions(directory, output);
          return true;
        },
      },
    },
  });
}

/** Bundles every function below `directory` into `output`, see {@link functionCode}. */
export function bundleFunctions(directory: string, output: string): void {
  // Built as if into a fixed folder beside the sources, so that neither file names nor source maps tell where the asset was staged.
  const outdir = resolve(directory, '..', 'dist');
  const { outputFiles } = buildSync({
    entryPoints: Object.fromEntries(
      functionsIn(directory).map((name) => [`${name}/handler`, join(directory, name, 'handler.ts')]),
    ),
    outdir,
    absWorkingDir: resolve(directory, '..'),
    write: false,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    outExtension: { '.js': '.mjs' },
    chunkNames: 'shared/[name]-[hash]',
    sourcemap: 'linked',
    sourcesContent: false,
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    logLevel: 'error',
    // CommonJS packages inside an ES module still call require for Node's own modules.
    banner: {
      js: "import { createRequire as nodeRequire } from 'node:module';const require = nodeRequire(import.meta.url);",
    },
  });
  for (const { path, contents } of outputFiles) {
    const file = join(output, relative(outdir, path));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, contents);
  }
}
