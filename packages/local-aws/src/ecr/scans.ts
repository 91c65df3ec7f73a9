import type {
  DescribeImageScanFindingsRequest,
  DescribeImageScanFindingsResponse,
  ImageScanFinding,
  ScanStatus,
} from '@aws-sdk/client-ecr';
import type { Place } from '../identity.ts';
import { operation, page } from '../operation.ts';
import { AwsError, type LocalService } from '../protocol/service.ts';

/** How an image's scan stands. */
export interface Scan {
  readonly status: ScanStatus;
  readonly description?: string;
  readonly findings?: readonly Required<Pick<ImageScanFinding, 'name' | 'severity'>>[];
}

/** As many as ECR gives at once unless asked for more or fewer. */
const PAGE = 100;

/**
 * What ECR says of the scans of images (basic scanning, on push). Nothing scans on this machine: an image has no findings,
 * unless it is said what a scan would have found. The emulator, which has the images, knows no scans.
 */
export class ImageScans {
  readonly service: LocalService;
  /** Scans that are otherwise than complete and empty, by the image's digest; null: not scanned. */
  readonly byDigest = new Map<string, Scan | null>();

  constructor(place: Place) {
    this.service = {
      service: 'ecr',
      operations: {
        DescribeImageScanFindings: operation((input: DescribeImageScanFindingsRequest) =>
          describe(input, this.byDigest, place),
        ),
      },
    };
  }
}

function describe(
  { repositoryName, imageId, maxResults = PAGE, nextToken: token }: DescribeImageScanFindingsRequest,
  byDigest: ReadonlyMap<string, Scan | null>,
  { accountId: registryId }: Place,
): DescribeImageScanFindingsResponse {
  const digest = imageId?.imageDigest;
  if (digest === undefined)
    throw new AwsError('InvalidParameterException', 'Images are known here by their digests: give imageDigest.');
  const scan = byDigest.has(digest) ? byDigest.get(digest) : ({ status: 'COMPLETE' } as const);
  if (scan == null)
    throw new AwsError(
      'ScanNotFoundException',
      `Image scan does not exist for the image with '{imageDigest:'${digest}'}' in the repository with name '${repositoryName}' in the registry with id '${registryId}'`,
    );
  const { status, description = 'The scan was completed successfully.', findings = [] }: Scan = scan;
  const about = { registryId, repositoryName, imageId, imageScanStatus: { status, description } };
  if (status !== 'COMPLETE') return about;
  const numbered = findings.map((finding, index) => ({ finding, key: String(index).padStart(6, '0') }));
  const { items, next } = page(numbered, ({ key }) => key, {
    size: maxResults,
    token,
    error: 'InvalidParameterException',
  });
  const findingSeverityCounts: Record<string, number> = {};
  for (const { severity = 'UNDEFINED' } of findings)
    findingSeverityCounts[severity] = (findingSeverityCounts[severity] ?? 0) + 1;
  return {
    ...about,
    imageScanFindings: {
      imageScanCompletedAt: new Date(),
      findings: items.map(({ finding }) => ({ ...finding })),
      findingSeverityCounts,
    },
    ...(next === undefined ? {} : { nextToken: next }),
  };
}
