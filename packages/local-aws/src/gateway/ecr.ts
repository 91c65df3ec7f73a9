/** What the gateway does about ECR's API, so that it behaves as AWS's does towards its clients and event rules. */

import type { OperationModel } from '../protocol/model.ts';
import { AwsError } from '../protocol/service.ts';
import { isStructure, type Structure } from '../protocol/values.ts';
import type { ImageAction } from './events.ts';
import { mediaTypes } from './registry.ts';

/**
 * The address of a layer, as one that can be reached: an emulator answers with the public host name of the registry,
 * while the blob is behind the gateway.
 */
export function rewriteLayerUrl(operation: OperationModel, body: Uint8Array, gatewayUrl: string): Uint8Array {
  if (operation.service.name !== 'ecr' || operation.name !== 'GetDownloadUrlForLayer') return body;
  const answer: unknown = JSON.parse(Buffer.from(body).toString('utf8'));
  if (!isStructure(answer) || typeof answer['downloadUrl'] !== 'string') return body;
  const { pathname, search } = new URL(answer['downloadUrl']);
  return Buffer.from(JSON.stringify({ ...answer, downloadUrl: `${gatewayUrl}${pathname}${search}` }));
}

/**
 * What AWS answers instead, where an emulator is too kind: DescribeImages names an image that is not there, it does not
 * leave it out (Amazon ECR API Reference, DescribeImages, ImageNotFoundException).
 */
export function correction(operation: OperationModel, params: Structure, response: Structure): AwsError | undefined {
  if (operation.service.name !== 'ecr' || operation.name !== 'DescribeImages') return undefined;
  const { imageIds: wanted, repositoryName } = params;
  const { imageDetails: found } = response;
  if (!Array.isArray(wanted) || wanted.length === 0 || !Array.isArray(found) || found.length > 0) return undefined;
  const { imageDigest: digest = 'null', imageTag: tag = 'null' } = isStructure(wanted[0]) ? wanted[0] : {};
  return new AwsError(
    'ImageNotFoundException',
    `The image with imageId {imageDigest:'${String(digest)}', imageTag:'${String(tag)}'} does not exist within the repository with name '${String(repositoryName)}'`,
  );
}

/** The image actions of a call of ECR's API that succeeded: PutImage pushes, BatchDeleteImage deletes. */
export function imageActionsOf(
  operation: OperationModel,
  params: Structure,
  response: Structure | null,
): readonly ImageAction[] {
  if (operation.service.name !== 'ecr' || response === null) return [];
  const repository = String(params['repositoryName']);
  if (operation.name === 'PutImage') {
    const image = response['image'];
    const manifest = params['imageManifest'];
    const id = isStructure(image) ? identifier(image['imageId']) : undefined;
    if (id === undefined || typeof manifest !== 'string') return [];
    const contentType = params['imageManifestMediaType'];
    const types = mediaTypes(manifest, typeof contentType === 'string' ? contentType : undefined);
    return [{ action: 'PUSH', repository, ...id, ...types }];
  }
  if (operation.name !== 'BatchDeleteImage' || !Array.isArray(response['imageIds'])) return [];
  return response['imageIds'].flatMap((each) => {
    const id = identifier(each);
    return id === undefined ? [] : [{ action: 'DELETE' as const, repository, ...id }];
  });
}

function identifier(value: unknown): { readonly digest: string; readonly tag: string | undefined } | undefined {
  if (!isStructure(value) || typeof value['imageDigest'] !== 'string') return undefined;
  return { digest: value['imageDigest'], tag: typeof value['imageTag'] === 'string' ? value['imageTag'] : undefined };
}
