import {
  BatchGetImageCommand,
  type ECRClient,
  GetDownloadUrlForLayerCommand,
  paginateDescribeImages,
} from '@aws-sdk/client-ecr';
import * as z from 'zod';
import {
  BUILD_LABEL,
  COMMIT_LABEL,
  Digest,
  RELEASE_LABEL,
  type Release,
  ReleaseJson,
  Version,
} from '#core/contract/release.ts';
import { compareVersions } from '#core/domain/version.ts';
import type { ReleaseSource } from '#core/ports.ts';

const SINGLE_IMAGE = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
] as const;

const Manifest = z.object({
  config: z.object({ digest: z.string() }).optional(),
  manifests: z.array(z.unknown()).optional(),
});
const ImageConfig = z.object({ config: z.object({ Labels: z.record(z.string(), z.string()).nullish() }) });

/** Releases in Amazon ECR: the image's labels carry release.json, commit and build. */
export class EcrReleases implements ReleaseSource {
  readonly #client: ECRClient;

  constructor(client: ECRClient) {
    this.#client = client;
  }

  async release(repository: string, digest: Digest, version: Version): Promise<Release | string> {
    const { images, failures } = await this.#client.send(
      new BatchGetImageCommand({
        repositoryName: repository,
        imageIds: [{ imageTag: version }],
        acceptedMediaTypes: [...SINGLE_IMAGE],
      }),
    );
    const [image] = images ?? [];
    if (image === undefined) {
      return `The image ${repository}:${version} is not in the registry (${failures?.[0]?.failureReason ?? failures?.[0]?.failureCode ?? 'no reason given'}).`;
    }
    const found = image.imageId?.imageDigest;
    if (found !== digest)
      return `The tag ${version} now names ${found}, not ${digest}, which was announced. The newer push has a deployment of its own.`;
    const manifest = Manifest.parse(JSON.parse(image.imageManifest ?? '{}'));
    if (manifest.config === undefined)
      return `The image ${repository}:${version} is an index of several images. Push one image for one platform, without attestations.`;
    const labels = await this.#labels(repository, manifest.config.digest);
    return read(repository, digest, version, labels);
  }

  async newest(repository: string): ReturnType<ReleaseSource['newest']> {
    let newest: Awaited<ReturnType<ReleaseSource['newest']>>;
    const tagged = { repositoryName: repository, filter: { tagStatus: 'TAGGED' } } as const;
    for await (const page of paginateDescribeImages({ client: this.#client }, tagged)) {
      for (const { imageDigest, imageTags = [], imagePushedAt } of page.imageDetails ?? []) {
        const digest = Digest.safeParse(imageDigest);
        if (!digest.success || imagePushedAt === undefined) continue;
        for (const tag of imageTags) {
          const version = Version.safeParse(tag);
          if (!version.success || (newest !== undefined && compareVersions(version.data, newest.version) <= 0))
            continue;
          newest = { version: version.data, digest: digest.data, pushed: imagePushedAt.toISOString() };
        }
      }
    }
    return newest;
  }

  async #labels(repository: string, configDigest: string): Promise<Record<string, string>> {
    const { downloadUrl } = await this.#client.send(
      new GetDownloadUrlForLayerCommand({ repositoryName: repository, layerDigest: configDigest }),
    );
    if (downloadUrl === undefined) throw new Error(`ECR gave no address for the image configuration ${configDigest}`);
    const response = await fetch(downloadUrl, { signal: AbortSignal.timeout(8_000) });
    if (!response.ok)
      throw new Error(`the image configuration ${configDigest} answered with status ${response.status}`);
    return ImageConfig.parse(await response.json()).config.Labels ?? {};
  }
}

function read(repository: string, digest: Digest, version: Version, labels: Record<string, string>): Release | string {
  const text = labels[RELEASE_LABEL];
  if (text === undefined) return `The image ${repository}:${version} carries no release.json (label ${RELEASE_LABEL}).`;
  const parsed = ReleaseJson.safeParse(parseJson(text));
  if (!parsed.success) return `release.json of ${version} is wrong: ${z.prettifyError(parsed.error)}`;
  return {
    repository,
    digest,
    version,
    commit: labels[COMMIT_LABEL] ?? '',
    build: labels[BUILD_LABEL] ?? '',
    releaseJson: parsed.data,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
