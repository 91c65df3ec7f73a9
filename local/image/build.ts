import { readdirSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { create } from 'tar';
import { AUTHOR_LABEL, BUILD_LABEL, COMMIT_LABEL, RELEASE_LABEL, type ReleaseJson } from '#core/contract/release.ts';
import {
  CONFIG_TYPE,
  digestOf,
  type Image,
  type ImageConfig,
  LAYER_TYPE,
  MANIFEST_TYPE,
  type Manifest,
} from './oci.ts';

/** Where the application lies inside the image. */
const WORKING_DIR = '/app';
const VERSION_LABEL = 'org.opencontainers.image.version';
/** What running a tree leaves in it, and would make two builds of one commit differ. */
const LEFT_OUT = new Set(['__pycache__', '.git']);

export interface ImageSource {
  /** The application's folder. */
  readonly tree: string;
  readonly release: ReleaseJson;
  readonly version: string;
  readonly commit: string;
  /** Of the commit. */
  readonly author: string;
  /** Id of the build, as CodeBuild answers it. */
  readonly build: string;
}

/** Everything below `folder` as relative paths, in one order on every machine. */
function files(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !LEFT_OUT.has(name))
    .flatMap((entry) =>
      entry.isDirectory()
        ? [entry.name, ...files(`${folder}/${entry.name}`).map((path) => `${entry.name}/${path}`)]
        : [entry.name],
    )
    .toSorted((a, b) => (a < b ? -1 : 1));
}

/**
 * An OCI image of one layer, the application's tree below `app/`. The same tree gives the same layer: sorted, without owners and times;
 * symbolic links stay links.
 */
export async function buildImage({ tree, release, version, commit, author, build }: ImageSource): Promise<Image> {
  const archive = create(
    {
      cwd: tree,
      prefix: WORKING_DIR.slice(1),
      portable: true,
      gzip: { level: 6 },
      mtime: new Date(0),
      noDirRecurse: true,
    },
    files(tree).map((path) => `./${path}`),
  );
  const layer = await buffer(archive);
  const config: ImageConfig = {
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    config: {
      Env: [`FAROL_VERSION=${version}`, `FAROL_COMMIT=${commit}`],
      Cmd: release.start,
      WorkingDir: WORKING_DIR,
      Labels: {
        [RELEASE_LABEL]: JSON.stringify(release),
        [COMMIT_LABEL]: commit,
        [AUTHOR_LABEL]: author,
        [BUILD_LABEL]: build,
        [VERSION_LABEL]: version,
      },
    },
    rootfs: { type: 'layers', diff_ids: [digestOf(gunzipSync(layer))] },
  };
  const configBytes = Buffer.from(JSON.stringify(config));
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: MANIFEST_TYPE,
    config: { mediaType: CONFIG_TYPE, digest: digestOf(configBytes), size: configBytes.length },
    layers: [{ mediaType: LAYER_TYPE, digest: digestOf(layer), size: layer.length }],
  };
  const manifestBytes = Buffer.from(JSON.stringify(manifest));
  return { manifest: manifestBytes, config: configBytes, layer, digest: digestOf(manifestBytes) };
}
