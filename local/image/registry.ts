import { CONFIG_TYPE, digestOf, type Image, ImageConfig, MANIFEST_TYPE, Manifest } from './oci.ts';

const TIMEOUT = 60_000;

/** A registry's answer that was not what the distribution API foresees; `code` is its own, as in `TAG_INVALID`. */
export class RegistryError extends Error {
  readonly code: string;

  constructor(what: string, status: number, body: string) {
    const [, code = ''] = /"code":\s*"([A-Z_]+)"/.exec(body) ?? [];
    super(`${what}: the registry answered ${status} ${body.slice(0, 300)}`);
    this.code = code;
  }
}

/**
 * One repository of a registry by the distribution API: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md
 */
export class Repository {
  readonly #base: string;

  /** @param registry the registry's address, without /v2/ */
  constructor(registry: string, name: string) {
    this.#base = new URL(`/v2/${name}/`, registry).href;
  }

  /** Pushes an image; its manifest last, so that everything is there when the tag is announced. */
  async push(image: Image, tag: string): Promise<void> {
    await Promise.all([this.#pushBlob(image.layer), this.#pushBlob(image.config)]);
    await this.#call('PUT', `manifests/${tag}`, 201, { body: image.manifest, type: MANIFEST_TYPE });
  }

  /** @param reference tag or digest */
  async manifest(reference: string): Promise<Manifest> {
    const response = await this.#call('GET', `manifests/${reference}`, 200, { accept: MANIFEST_TYPE });
    return Manifest.parse(await response.json());
  }

  async config(manifest: Manifest): Promise<ImageConfig> {
    const config = JSON.parse((await this.blob(manifest.config.digest)).toString());
    if (manifest.config.mediaType !== CONFIG_TYPE) throw new Error(`not an image: ${manifest.config.mediaType}`);
    return ImageConfig.parse(config);
  }

  /** @throws if the content is not what the digest says */
  async blob(digest: string): Promise<Buffer> {
    const response = await this.#call('GET', `blobs/${digest}`, 200, {});
    const content = Buffer.from(await response.arrayBuffer());
    if (digestOf(content) !== digest) throw new Error(`the registry sent something else as ${digest}`);
    return content;
  }

  async #pushBlob(content: Buffer): Promise<void> {
    const digest = digestOf(content);
    const there = await fetch(new URL(`blobs/${digest}`, this.#base), {
      method: 'HEAD',
      signal: AbortSignal.timeout(TIMEOUT),
    });
    if (there.ok) return;
    const session = await this.#call('POST', 'blobs/uploads/', 202, {});
    const location = new URL(session.headers.get('location') ?? '', this.#base);
    // Whatever host the registry names, the way to it is the one we came.
    const upload = new URL(`${location.pathname}${location.search}`, this.#base);
    upload.searchParams.set('digest', digest);
    await this.#call('PUT', upload.href, 201, { body: content, type: 'application/octet-stream' });
  }

  async #call(
    method: string,
    path: string,
    expected: number,
    { body, type, accept }: { body?: Buffer; type?: string; accept?: string },
  ): Promise<Response> {
    const response = await fetch(new URL(path, this.#base), {
      method,
      headers: { ...(type ? { 'content-type': type } : {}), ...(accept ? { accept } : {}) },
      ...(body ? { body: new Uint8Array(body) } : {}),
      signal: AbortSignal.timeout(TIMEOUT),
    });
    if (response.status !== expected)
      throw new RegistryError(`${method} ${path}`, response.status, await response.text());
    return response;
  }
}
