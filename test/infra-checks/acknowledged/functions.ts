import type { Acknowledgement } from '../acknowledgement.ts';

const EVERY = ['*/farol-orchestrator/*Function/Function', '*/*-service/SlotRemoval/Remove/Function'];

/** How the functions run. */
export const FUNCTIONS: readonly Acknowledgement[] = [
  {
    rule: 'CKV_AWS_116',
    on: [...EVERY, '*/*-service/Probe/Function', '*/*-service/DatabaseFunction/Function'],
    reason:
      'Those that events invoke have a failure destination, which also tells why it failed, but for report-targets: its next report is a minute away, and an old one would say what was. The others are called by the state machine, by smoke checks or by CloudFormation, which wait for the answer.',
  },
  {
    rule: 'CKV_AWS_117',
    on: EVERY,
    reason:
      'They call AWS’s APIs and nothing inside a network. In one they would need NAT or endpoints to do it; those that ask the application and the database stand in it.',
  },
  {
    rule: 'CKV_AWS_115',
    on: [...EVERY, '*/*-service/Probe/Function', '*/*-service/DatabaseFunction/Function'],
    reason:
      'Lambda keeps 100 executions unreserved, and new accounts have fewer in all: a reservation would be refused there. The lock lets one deployment of a target run at a time.',
  },
  {
    rule: 'W3005',
    on: [
      ...EVERY,
      '*/*-service/Probe/Function',
      '*/*-service/DatabaseFunction/Function',
      '*/farol-orchestrator/Release/StateMachine',
      '*/*-pipeline/Release/Pipeline',
    ],
    reason: 'CDK writes the dependency on the role twice: a reference is one already. It does no harm.',
  },
  {
    rule: 'W3005',
    on: ['*/farol-orchestrator/Budget/Month'],
    reason:
      'The budget waits for the topic’s policy, not only for the topic that it names: it publishes when it is made.',
  },
  {
    rule: 'CKV_AWS_66',
    on: ['*/farol-orchestrator/Anchors/Log'],
    reason: 'What proves the ledger is kept as long as the ledger, for ever: 150 bytes for an entry.',
  },
  {
    rule: 'AwsSolutions-SQS3',
    on: ['*/farol-orchestrator/DeadLetters'],
    reason:
      'It is the place for what could not be delivered, of rules and of functions; cdk-nag knows queues of queues.',
  },
];
