import type { Stack } from 'aws-cdk-lib';
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { TARGET_ROLES, type TargetRole } from '#core/contract/target-roles.ts';
import type { FunctionName } from '../names.ts';
import {
  cloudWatch,
  codeBuild,
  codePipeline,
  ecr,
  iam,
  ledgerStream,
  logs,
  sns,
  sqs,
  ssm,
  stepFunctions,
  sts,
} from './services.ts';

/**
 * What each function may call besides the ledger (ledger.ts), and on what. What acts on one target is not part of it: for
 * that a function takes the target's own role (targets.ts). So these rights name no application and no target, and do
 * not grow with their number. Which actions take a resource or a condition key follows the Service Authorization Reference;
 * an action on `*` takes no resource there, unless a comment says otherwise.
 */
export function functionPermissions(stack: Stack): Record<FunctionName, PolicyStatement[]> {
  const images = ecr(stack);
  const deployments = stepFunctions(stack);
  const settings = ssm(stack);
  const publish = sns(stack);
  const handBack = sqs(stack);
  const take = (kind: TargetRole) => sts(stack, kind);
  return {
    'receive-push': [settings.list, deployments.start, handBack],
    'receive-settings': [settings.list, deployments.start, deployments.describe, publish, handBack],
    'acquire-lock': [deployments.describe, publish],
    preflight: [settings.read, images.read, codeBuild(stack), take('look')],
    'prepare-database': [take('prepare-database')],
    'start-task': [take('start-task')],
    'check-task': [take('check-task')],
    converge: [take('converge')],
    smoke: [take('smoke')],
    'check-step': [cloudWatch(), take('look')],
    'ask-approval': [publish, deployments.wake],
    'read-approval': [],
    'answer-approval': [deployments.describe, deployments.wake, iam(stack)],
    'start-deployment': [settings.list, images.list, deployments.start, deployments.describe],
    freeze: [publish],
    finish: [publish, deployments.start],
    reconcile: [
      settings.list,
      images.list,
      deployments.start,
      deployments.describe,
      deployments.wake,
      publish,
      handBack,
    ],
    'anchor-entries': [...ledgerStream(stack), logs(stack), publish, handBack],
    'answer-pipeline': [settings.list, deployments.describe, ...codePipeline(stack), handBack],
    'report-targets': [settings.list],
    unfreeze: [deployments.start, deployments.describe],
  };
}

/** Functions that take a target's role. */
export function takersOf(kind: TargetRole): readonly FunctionName[] {
  return TARGET_ROLES[kind];
}
