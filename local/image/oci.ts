import { createHash } from 'node:crypto';
import * as z from 'zod';

/** Media types of the OCI image specification: https://github.com/opencontainers/image-spec/blob/v1.1.1/media-types.md */
export const MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json';
export const CONFIG_TYPE = 'application/vnd.oci.image.config.v1+json';
export const LAYER_TYPE = 'application/vnd.oci.image.layer.v1.tar+gzip';

const Descriptor = z.object({
  mediaType: z.string(),
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  size: z.int(),
});

export const Manifest = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.literal(MANIFEST_TYPE),
  config: Descriptor,
  layers: z.array(Descriptor).length(1),
});
export type Manifest = z.infer<typeof Manifest>;

export const ImageConfig = z.object({
  architecture: z.string(),
  os: z.string(),
  config: z.object({
    Env: z.array(z.string()).default([]),
    Cmd: z.array(z.string()),
    WorkingDir: z.string(),
    Labels: z.record(z.string(), z.string()).default({}),
  }),
  rootfs: z.object({ type: z.literal('layers'), diff_ids: z.array(z.string()) }),
});
export type ImageConfig = z.infer<typeof ImageConfig>;

/** An image in memory: what a registry holds of it. */
export interface Image {
  readonly manifest: Buffer;
  readonly config: Buffer;
  readonly layer: Buffer;
  /** The manifest's digest: the image's name for good. */
  readonly digest: string;
}

/** `sha256:` and the hash of `content`. */
export function digestOf(content: Uint8Array): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}
