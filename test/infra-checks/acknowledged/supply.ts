import type { Acknowledgement } from '../acknowledgement.ts';

/** What builds releases and keeps them. */
export const SUPPLY: readonly Acknowledgement[] = [
  {
    rule: 'AwsSolutions-S1',
    on: ['*/*-pipeline/Release/Artifacts'],
    reason:
      'The bucket hands one commit from the pipeline to its build and forgets it after 30 days; two roles reach it. A second bucket for its log would keep more than it does.',
  },
  {
    rule: 'CKV_AWS_18',
    on: ['*/*-pipeline/Release/Artifacts'],
    reason: 'As AwsSolutions-S1 above.',
  },
  {
    rule: 'CKV_AWS_21',
    on: ['*/*-pipeline/Release/Artifacts'],
    reason: 'Each run writes under a key of its own: there are no former versions to keep.',
  },
];
