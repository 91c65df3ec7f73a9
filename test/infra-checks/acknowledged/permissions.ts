import type { Acknowledgement } from '../acknowledgement.ts';

const RULE = 'AwsSolutions-IAM5';
const FUNCTION = '*/farol-orchestrator/*Function/Role';
/** A role of a target’s own, which a function of Farol takes. */
const ofTarget = (kind: string): string => `*/*-service/FarolRoles/${kind}`;

/** Asterisks in policies. `test/infra/policies.test.ts` says which actions may stand on all resources, and why. */
export const PERMISSIONS: readonly Acknowledgement[] = [
  {
    rule: RULE,
    detail: 'Resource::*',
    on: [
      FUNCTION,
      '*/farol-orchestrator/Release/Role',
      '*/*-pipeline/Release/Build/Role',
      ofTarget('Converge'),
      ofTarget('Look'),
      '*/*-service/Roles/Execution',
      '*/*-service/Roles/PlanExecution',
      '*/*-service/Probe/Role',
      '*/*-service/DatabaseFunction/Role',
      '*/*-service/SlotRemoval/Remove/Role',
    ],
    reason:
      'Actions that take no resource by the Service Authorization Reference, to which test/infra/policies.test.ts compares every statement; those that do take one are in its list of exceptions, each with its reason.',
  },
  {
    rule: RULE,
    detail: 'Resource::arn:aws:logs:{}:{}:log-group:/aws/lambda/farol-{}:*',
    on: [
      FUNCTION,
      '*/*-service/Probe/Role',
      '*/*-service/DatabaseFunction/Role',
      '*/*-service/SlotRemoval/Remove/Role',
    ],
    reason: 'The streams of the function’s own log group, whose names Lambda makes up.',
  },
  {
    rule: RULE,
    detail: 'Resource::arn:aws:dynamodb:{}:{}:table/farol-ledger-entries/stream/*',
    on: ['*/farol-orchestrator/AnchorEntriesFunction/Role'],
    reason: 'The stream of the one table, which DynamoDB names after the time when it was made.',
  },
  {
    rule: RULE,
    detail: 'Resource::arn:aws:logs:{}:{}:log-group:/farol/ledger:*',
    on: ['*/farol-orchestrator/AnchorEntriesFunction/Role'],
    reason: 'The streams of the one log group of anchors, one for each target.',
  },
  {
    rule: RULE,
    detail: 'Resource::arn:aws:iam::{}:role/aws-reserved/sso.amazonaws.com/*',
    on: ['*/farol-orchestrator/AnswerApprovalFunction/Role'],
    reason: 'The roles that Identity Center made, to be looked at: it alone makes any there, and names them itself.',
  },
  {
    rule: RULE,
    detail: 'Resource::arn:aws:logs:{}:{}:log-group:/aws/codebuild/{}-build:*',
    on: ['*/*-pipeline/Release/Build/Role'],
    reason: 'The streams of the project’s own log group, whose names CodeBuild makes up.',
  },
  {
    rule: RULE,
    detail: 'Resource::<{}.Arn>:log-stream:*',
    on: ['*/*-service/Roles/Execution', '*/*-service/Roles/PlanExecution'],
    reason: 'The streams of the target’s own log group: ECS names one for each task.',
  },
  {
    rule: RULE,
    detail: 'Resource::arn:aws:logs:{}:{}:log-group:/farol/{}/{}:log-stream:*',
    on: ['CheckTask', 'Converge', 'Look'].map(ofTarget),
    reason: 'Reads the last lines of a task that failed, in a log group of a target: ECS names a stream for each task.',
  },
  {
    rule: RULE,
    detail: 'Resource::arn:aws:ssm:{}:{}:parameter/farol/targets/*',
    on: [FUNCTION],
    reason: 'The targets’ settings: which targets there are is found out by listing them.',
  },
  {
    rule: RULE,
    detail: 'Resource::arn:aws:iam::{}:role/farol/targets/farol-*-{}',
    on: [FUNCTION],
    reason:
      'One kind of role of whichever target the function works for; nothing but targets’ roles lies below the path, and each of them trusts the functions that it is for alone.',
  },
  {
    rule: RULE,
    detail: 'Resource::arn:aws:ecr:{}:{}:repository/*',
    on: [FUNCTION],
    reason: 'The repositories of all applications, to be read: a condition on their tag limits it to Farol’s.',
  },
  {
    rule: RULE,
    detail: 'Resource::arn:aws:codebuild:{}:{}:project/*-build',
    on: [FUNCTION],
    reason: 'The build projects of all applications, to be read, by the name that Farol’s have.',
  },
  {
    rule: RULE,
    detail: 'Resource::arn:aws:codepipeline:{}:{}:*-release',
    on: ['*/farol-orchestrator/AnswerPipelineFunction/Role'],
    reason: 'The pipelines of all applications, by the name that Farol’s have.',
  },
  {
    rule: RULE,
    detail: 'Resource::arn:aws:codepipeline:{}:{}:*-release/Deployment/Farol',
    on: ['*/farol-orchestrator/AnswerPipelineFunction/Role'],
    reason: 'The one action in them that waits for Farol’s answer.',
  },
  {
    rule: RULE,
    detail: 'Resource::arn:aws:states:{}:{}:execution:farol-release:*',
    on: [FUNCTION],
    reason: 'The executions of the one state machine: one for each deployment.',
  },
  {
    rule: RULE,
    detail: 'Resource::<{}.Arn>:*',
    on: ['*/farol-orchestrator/Release/Role'],
    reason:
      'The published versions of a function that the state machine names: an execution that began before an upgrade ends on those it began with.',
  },
  {
    rule: RULE,
    detail: 'Resource::arn:aws:ecs:{}:{}:service/{}/*',
    on: [ofTarget('Converge'), ofTarget('Look'), '*/*-service/SlotRemoval/Remove/Role'],
    reason: 'The services in the cluster of a target, which Farol makes itself, two for each service of the target.',
  },
  {
    rule: RULE,
    detail: 'Resource::arn:aws:ecs:{}:{}:task/{}/*',
    on: [...['StartTask', 'CheckTask', 'Converge', 'Look'].map(ofTarget), '*/*-service/SlotRemoval/Remove/Role'],
    reason: 'The tasks in the cluster of a target: ECS makes up their ids.',
  },
  {
    rule: RULE,
    detail: 'Resource::arn:aws:ecs:{}:{}:task-definition/{}:*',
    on: ['StartTask', 'Converge'].map(ofTarget),
    reason: 'The revisions of a target’s task definitions of one kind: ECS counts them.',
  },
  {
    rule: RULE,
    detail: 'Resource::arn:aws:elasticloadbalancing:{}:{}:listener/app/{}/*',
    on: [ofTarget('Converge')],
    reason: 'The listeners of a target’s load balancer: their ARNs end in ids that AWS makes up.',
  },
  {
    rule: RULE,
    detail: 'Resource::arn:aws:elasticloadbalancing:{}:{}:listener-rule/app/{}/*',
    on: [ofTarget('Converge'), '*/*-service/SlotRemoval/Remove/Role'],
    reason: 'The rules of a target’s load balancer: their ARNs end in ids that AWS makes up.',
  },
  {
    rule: RULE,
    detail: 'Resource::arn:aws:elasticloadbalancing:{}:{}:targetgroup/{}/*',
    on: [ofTarget('Converge')],
    reason: 'One target group of a target, by its name: its ARN ends in an id that AWS makes up.',
  },
  {
    rule: RULE,
    detail: 'Resource::arn:aws:application-autoscaling:{}:{}:scalable-target/*',
    on: [ofTarget('Converge'), '*/*-service/SlotRemoval/Remove/Role'],
    reason: 'The ARN of a scalable target is an id that AWS makes up; a condition limits it to those of ECS.',
  },
  {
    rule: RULE,
    detail: 'Resource::<{}Artifacts{}.Arn>/*',
    on: ['*/*-pipeline/Release/Role', '*/*-pipeline/Release/Build/Role'],
    reason: 'The objects in the pipeline’s own bucket, whose keys CodePipeline makes up.',
  },
  {
    rule: RULE,
    detail: 'Resource::arn:aws:secretsmanager:{}:{}:secret:farol/{}/{}/run/*',
    on: ['*/*-service/Roles/Execution'],
    reason: 'What a person hands to a task that they start by hand: one secret for each run, removed after it.',
  },
  {
    rule: 'CKV_AWS_111',
    on: ['*/*-service/Probe/Role', '*/*-service/DatabaseFunction/Role'],
    reason:
      'Lambda puts a function into a network with its role, by interfaces that do not exist yet; a second statement denies it to the function’s own code.',
  },
  {
    rule: 'CKV_AWS_111',
    on: [ofTarget('Converge')],
    reason:
      'Application Auto Scaling tries its alarm calls without an alarm’s name, with the caller’s rights, and refuses when one is denied.',
  },
  {
    rule: 'CKV_AWS_32',
    on: ['*/*-repository/Images'],
    reason:
      'The policy’s one statement denies: nobody but the build’s role puts images. checkov takes a principal of everybody for an access of everybody, whatever the effect.',
  },
];
