import type {
  ListTagsForResourceRequest,
  ListTagsForResourceResponse,
  TagResourceRequest,
  UntagResourceRequest,
} from '@aws-sdk/client-ecs';
import { operation } from '../operation.ts';
import { AwsError, type Operation } from '../protocol/service.ts';
import type { EcsState } from './state.ts';

export function tagOperations(state: EcsState): Record<string, Operation> {
  const known = (arn: string | undefined): string => {
    if (arn === undefined || !state.tags.has(arn))
      throw new AwsError('InvalidParameterException', 'The specified resource was not found.');
    return arn;
  };
  return {
    TagResource: operation((input: TagResourceRequest): object => {
      state.setTags(known(input.resourceArn), input.tags);
      return {};
    }),
    UntagResource: operation((input: UntagResourceRequest): object => {
      for (const key of input.tagKeys ?? []) state.tags.get(known(input.resourceArn))?.delete(key);
      return {};
    }),
    ListTagsForResource: operation(
      (input: ListTagsForResourceRequest): ListTagsForResourceResponse => ({
        tags: state.tagList(known(input.resourceArn)),
      }),
    ),
  };
}
