import {
  BatchGetImageCommand,
  DescribeImagesCommand,
  type ECRClient,
  GetDownloadUrlForLayerCommand,
  type Image,
  type ImageDetail,
  ImageNotFoundException,
  type ImageScanFindings,
  paginateDescribeImageScanFindings,
  paginateDescribeImages,
  RepositoryNotFoundException,
  ScanNotFoundException,
} from '@aws-sdk/client-ecr';
import * as z from 'zod';
import {
  AUTHOR_LABEL,
  BUILD_LABEL,
  COMMIT_LABEL,
  Digest,
  RELEASE_LABEL,
  type Release,
  ReleaseJson,
  Version,
} from '#core/contract/release.ts';
import { oneLine } from '#core/contract/text.ts';
import { compareVersions } from '#core/contract/version.ts';
import type { ImageScan, ScanFinding } from '#core/domain/scan.ts';
import type { ReleaseSource } from '#core/ports.ts';

/**
 * What the answer may be: also an index of several images, which would else come as "not found" or as the manifest of one
 * of them. ECR takes more than its API reference lists: its own client asks for these four
 * (github.com/awslabs/amazon-ecr-containerd-resolver), and reads image configurations as layers, as is done here.
 */
const MANIFEST_TYPES = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
] as const;

const Manifest = z.object({
  config: z.object({ digest: z.string(), mediaType: z.string().optional() }).optional(),
});
/** What a manifest names as its configuration where it is an image; an OCI artefact (a chart, a signature) names something else. */
const IMAGE_CONFIG_TYPES: readonly (string | undefined)[] = [
  undefined,
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
];
/** OCI Image Format Specification, "Image Configuration": `config` is optional, and so are the labels in it. */
const ImageConfig = z.object({
  config: z.object({ Labels: z.record(z.string(), z.string()).nullish() }).nullish(),
});

/** Bytes of a release.json: plans and heads of the ledger hold it, each an item of 400 KB at most (DynamoDB, "Quotas"). */
const LONGEST_RELEASE_JSON = 50_000;

/** Amazon ECR API Reference, ImageScanStatus. Enhanced scanning goes on for as long as the image is watched: ACTIVE. */
const SCAN_RUNS: ReadonlySet<string> = new Set(['IN_PROGRESS', 'PENDING']);
const SCAN_ENDED: ReadonlySet<string> = new Set(['COMPLETE', 'ACTIVE']);

/** Basic scanning names a finding, enhanced scanning the vulnerability that it is of. What Inspector has closed is mended. */
function findingsOf({ findings = [], enhancedFindings = [] }: ImageScanFindings = {}): ScanFinding[] {
  return [
    ...findings.map(({ name = 'unnamed', severity = 'UNDEFINED' }) => ({ name, severity })),
    ...enhancedFindings
      .filter(({ status }) => status !== 'CLOSED')
      .map(({ packageVulnerabilityDetails, title = 'unnamed', severity = 'UNTRIAGED' }) => ({
        name: packageVulnerabilityDetails?.vulnerabilityId ?? title,
        severity,
      })),
  ];
}

/** Releases in Amazon ECR: the image's labels carry release.json, commit and build. */
export class EcrReleases implements ReleaseSource {
  readonly #client: ECRClient;

  constructor(client: ECRClient) {
    this.#client = client;
  }

  async release(repository: string, digest: Digest, version: Version): Promise<Release | string> {
    const image = await this.#image(repository, version);
    if (typeof image === 'string') return `The image ${repository}:${version} is not in the registry (${image}).`;
    const found = image.imageId?.imageDigest;
    if (found !== digest)
      return `The tag ${version} now names ${found}, not ${digest}, which was announced. The newer push has a deployment of its own.`;
    const { data: manifest } = Manifest.safeParse(parseJson(image.imageManifest ?? ''));
    if (manifest === undefined)
      return `${repository}:${version} is not a container image: its manifest cannot be read. Push an image.`;
    if (!IMAGE_CONFIG_TYPES.includes(manifest.config?.mediaType))
      return `${repository}:${version} is an OCI artefact (${oneLine(manifest.config?.mediaType ?? '', 100)}) and not a container image. Push an image under this tag.`;
    if (manifest.config === undefined)
      return `The image ${repository}:${version} is an index of several images. Push one image for one platform, without attestations.`;
    const labels = await this.#labels(repository, manifest.config.digest);
    if (labels === undefined)
      return `${repository}:${version} is not a container image: its configuration cannot be read. Push an image.`;
    return read(repository, digest, version, labels);
  }

  async digest(repositoryName: string, version: Version): Promise<Digest | undefined> {
    try {
      const imageIds = [{ imageTag: version }];
      const { imageDetails } = await this.#client.send(new DescribeImagesCommand({ repositoryName, imageIds }));
      return Digest.safeParse(imageDetails?.[0]?.imageDigest).data;
    } catch (error) {
      if (error instanceof RepositoryNotFoundException || error instanceof ImageNotFoundException) return undefined;
      throw error;
    }
  }

  async scan(repositoryName: string, imageDigest: Digest): Promise<ImageScan> {
    const findings: ScanFinding[] = [];
    try {
      const asked = { repositoryName, imageId: { imageDigest } };
      for await (const page of paginateDescribeImageScanFindings({ client: this.#client }, asked)) {
        const { status = 'unknown', description } = page.imageScanStatus ?? {};
        const words = description === undefined ? status : `${status}: ${description}`;
        if (SCAN_RUNS.has(status)) return { state: 'open', status: words };
        if (!SCAN_ENDED.has(status)) return { state: 'absent', status: words };
        findings.push(...findingsOf(page.imageScanFindings));
      }
    } catch (error) {
      // Of an image that was just pushed, the scan may not have been begun.
      if (error instanceof ScanNotFoundException) return { state: 'open', status: 'no scan was begun' };
      throw error;
    }
    return { state: 'complete', findings };
  }

  async newest(repository: string): ReturnType<ReleaseSource['newest']> {
    let newest: Awaited<ReturnType<ReleaseSource['newest']>>;
    for await (const { imageDigest, imageTags = [], imagePushedAt } of this.#tagged(repository)) {
      const digest = Digest.safeParse(imageDigest);
      if (!digest.success || imagePushedAt === undefined) continue;
      for (const tag of imageTags) {
        const version = Version.safeParse(tag);
        if (!version.success || (newest !== undefined && compareVersions(version.data, newest.version) <= 0)) continue;
        newest = { version: version.data, digest: digest.data, pushed: imagePushedAt.toISOString() };
      }
    }
    return newest;
  }

  /** Images that have a tag; none in a repository that is not there (yet). */
  async *#tagged(repository: string): AsyncGenerator<ImageDetail> {
    const tagged = { repositoryName: repository, filter: { tagStatus: 'TAGGED' } } as const;
    try {
      for await (const { imageDetails = [] } of paginateDescribeImages({ client: this.#client }, tagged))
        yield* imageDetails;
    } catch (error) {
      if (!(error instanceof RepositoryNotFoundException)) throw error;
    }
  }

  /** The image of a tag, or a sentence that says why it cannot be had. */
  async #image(repository: string, imageTag: string): Promise<Image | string> {
    try {
      const { images, failures } = await this.#client.send(
        new BatchGetImageCommand({
          repositoryName: repository,
          imageIds: [{ imageTag }],
          acceptedMediaTypes: [...MANIFEST_TYPES],
        }),
      );
      const [failure] = failures ?? [];
      return images?.[0] ?? failure?.failureReason ?? failure?.failureCode ?? 'no reason given';
    } catch (error) {
      if (error instanceof RepositoryNotFoundException) return error.message;
      throw error;
    }
  }

  /** undefined: it is no image's configuration. */
  async #labels(repository: string, configDigest: string): Promise<Record<string, string> | undefined> {
    const { downloadUrl } = await this.#client.send(
      new GetDownloadUrlForLayerCommand({ repositoryName: repository, layerDigest: configDigest }),
    );
    if (downloadUrl === undefined) throw new Error(`ECR gave no address for the image configuration ${configDigest}`);
    const response = await fetch(downloadUrl, { signal: AbortSignal.timeout(8_000) });
    if (!response.ok)
      throw new Error(`the image configuration ${configDigest} answered with status ${response.status}`);
    const { data } = ImageConfig.safeParse(parseJson(await response.text()));
    return data && (data.config?.Labels ?? {});
  }
}

function read(repository: string, digest: Digest, version: Version, labels: Record<string, string>): Release | string {
  const text = labels[RELEASE_LABEL];
  if (text === undefined) return `The image ${repository}:${version} carries no release.json (label ${RELEASE_LABEL}).`;
  const bytes = Buffer.byteLength(text);
  if (bytes > LONGEST_RELEASE_JSON)
    return `release.json of ${version} is wrong: it has ${bytes} bytes, and at most ${LONGEST_RELEASE_JSON} are kept`;
  const parsed = ReleaseJson.safeParse(parseJson(text));
  if (!parsed.success) return `release.json of ${version} is wrong: ${z.prettifyError(parsed.error)}`;
  return {
    repository,
    digest,
    version,
    commit: oneLine(labels[COMMIT_LABEL] ?? '', 64),
    author: oneLine(labels[AUTHOR_LABEL] ?? '', 200),
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
