import type {
  AddTagsInput,
  DescribeTagsInput,
  DescribeTagsOutput,
  RemoveTagsInput,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { operation } from '../operation.ts';
import { AwsError, type Operation } from '../protocol/service.ts';
import type { Elbv2State } from './state.ts';

export function tagOperations(state: Elbv2State): Record<string, Operation> {
  const tagsOf = (arn: string): Map<string, string> => {
    exists(state, arn);
    return state.tags.get(arn) ?? new Map<string, string>();
  };
  return {
    AddTags: operation((input: AddTagsInput): object => {
      for (const arn of input.ResourceArns ?? []) {
        exists(state, arn);
        state.setTags(arn, input.Tags);
      }
      return {};
    }),
    RemoveTags: operation((input: RemoveTagsInput): object => {
      for (const arn of input.ResourceArns ?? []) for (const key of input.TagKeys ?? []) tagsOf(arn).delete(key);
      return {};
    }),
    DescribeTags: operation(
      (input: DescribeTagsInput): DescribeTagsOutput => ({
        TagDescriptions: (input.ResourceArns ?? []).map((arn) => ({
          ResourceArn: arn,
          Tags: [...tagsOf(arn)].map(([Key, Value]) => ({ Key, Value })),
        })),
      }),
    ),
  };
}

function exists(state: Elbv2State, arn: string): void {
  const kind = arn.split(':')[5]?.split('/')[0];
  if (kind === 'loadbalancer') state.loadBalancer(arn);
  else if (kind === 'targetgroup') state.targetGroup(arn);
  else if (kind === 'listener') state.listener(arn);
  else if (kind === 'listener-rule') state.rule(arn);
  else throw new AwsError('ValidationError', `'${arn}' is not a valid ARN`);
}
