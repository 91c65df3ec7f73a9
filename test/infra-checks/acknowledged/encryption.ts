import type { Acknowledgement } from '../acknowledgement.ts';

/** Encrypted by AWS's own keys, which cost nothing; a customer managed key costs a dollar a month and its requests (KMS pricing). */
export const ENCRYPTION: readonly Acknowledgement[] = [
  {
    rule: 'CKV_AWS_158',
    on: [
      '*/farol-orchestrator/*Function/Log',
      '*/farol-orchestrator/Anchors/Log',
      '*/farol-orchestrator/Release/Log',
      '*/*-pipeline/Release/Build/Log',
      '*/*-service/Log',
      '*/*-service/Database/*Log',
      '*/*-service/Probe/Log',
      '*/*-service/DatabaseFunction/Log',
      '*/*-service/SlotRemoval/Remove/Log',
      '*/web-production-service/Network/FlowLog',
    ],
    reason:
      'CloudWatch Logs encrypts every log group with a key of its own. Farol logs no secret, token or event body; a key of one’s own would guard against nobody who may read the logs.',
  },
  {
    rule: 'CKV_AWS_26',
    on: ['*/farol-orchestrator/Notices'],
    reason:
      'Notices tell how deployments ended, without secrets, and go out as mail. The free key of SNS shuts out CloudWatch’s alarms, whose service may not use it.',
  },
  {
    rule: 'CKV_AWS_27',
    on: ['*/farol-orchestrator/DeadLetters'],
    reason: 'The queue is encrypted by SQS (SqsManagedSseEnabled); checkov looks for a KMS key alone.',
  },
  {
    rule: 'CKV_AWS_136',
    on: ['*/*-repository/Images'],
    reason: 'ECR encrypts images with a key of its own. They hold the application’s code and no secret.',
  },
  {
    rule: 'CKV_AWS_149',
    on: ['*/*-service/SecretKey'],
    reason:
      'Secrets Manager encrypts with the account’s key aws/secretsmanager. Who may read is limited by role; a key of one’s own is needed to share a secret with another account.',
  },
  {
    rule: 'CKV_AWS_173',
    on: [
      '*/farol-orchestrator/*Function/Function',
      '*/*-service/Probe/Function',
      '*/*-service/DatabaseFunction/Function',
      '*/*-service/SlotRemoval/Remove/Function',
    ],
    reason: 'The variables are names and ARNs, no secrets, and Lambda encrypts them with the account’s key aws/lambda.',
  },
  {
    rule: 'AwsSolutions-CB4',
    on: ['*/*-pipeline/Release/Build/Project'],
    reason:
      'What a build hands on is encrypted with the account’s key aws/s3; it leaves nothing but the image, which ECR encrypts.',
  },
];
