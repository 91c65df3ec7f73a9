import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';

const ROOT = join(import.meta.dirname, '..', '..');

/** A command of a buildspec that stands for a script of Farol's own. */
const SCRIPT = /^( *)- farol:script ([a-z-]+)$/gm;

/**
 * The text of a buildspec of this checkout, ready for CodeBuild. Each command `farol:script <name>` is replaced by one that writes
 * the script to `$FAROL_SCRIPTS/<name>.cjs`: it is bundled from `infra/build/<name>.ts`, so that the build follows the
 * same rules as everything else. CodeBuild's own images have Node.
 * @param path of the file, from the checkout's root
 */
export function buildspecText(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8').replaceAll(SCRIPT, (_, indent: string, name: string) =>
    [
      `${indent}- |`,
      `${indent}  export FAROL_SCRIPTS="$(mktemp --directory)"`,
      `${indent}  cat > "$FAROL_SCRIPTS/${name}.cjs" <<'END_OF_SCRIPT'`,
      ...bundled(name).map((line) => `${indent}  ${line}`),
      `${indent}  END_OF_SCRIPT`,
    ].join('\n'),
  );
}

function bundled(name: string): string[] {
  const { outputFiles } = buildSync({
    entryPoints: [join(ROOT, 'infra', 'build', `${name}.ts`)],
    bundle: true,
    write: false,
    minify: true,
    charset: 'ascii',
    platform: 'node',
    // Node 18 is what CodeBuild's standard images begin with, unless a buildspec names another. Their Dockerfiles, "n $NODE_18_VERSION".
    target: 'node18',
    format: 'cjs',
  });
  return (outputFiles[0]?.text ?? '').trimEnd().split('\n');
}
