import type { DeployedStack } from './account.ts';
import { type Finding, failure, ok, warning } from './finding.ts';

/** What a deployment would make of a stack: new, or changed. */
export function isThere(stack: DeployedStack | undefined): boolean {
  return stack !== undefined && !['REVIEW_IN_PROGRESS', 'ROLLBACK_COMPLETE', 'DELETE_COMPLETE'].includes(stack.status);
}

/** How a stack stands, and what to do before it can be deployed (CloudFormation User Guide, "Stack status codes"). */
export function stackFinding(name: string, stack: DeployedStack | undefined): Finding {
  const status = stack?.status;
  const about = `stack ${name}`;
  if (status === undefined || status === 'REVIEW_IN_PROGRESS') return ok(about, 'will be made');
  if (status === 'ROLLBACK_COMPLETE')
    return warning(
      about,
      'its first making failed',
      'It holds nothing and is made again; its events tell why it failed.',
    );
  if (status === 'UPDATE_ROLLBACK_FAILED')
    return failure(
      about,
      'an update failed, and so did the way back',
      `Put right what its events name, then: aws cloudformation continue-update-rollback --stack-name ${name}`,
    );
  if (status === 'DELETE_FAILED')
    return failure(about, 'it was to be deleted, which failed', 'Finish that first: npm run destroy -- <environment>');
  if (status.endsWith('_IN_PROGRESS'))
    return failure(
      about,
      `something changes it just now (${status})`,
      `Wait for its end: aws cloudformation describe-stacks --stack-name ${name} --query 'Stacks[0].StackStatus'`,
    );
  if (status.endsWith('_FAILED'))
    return failure(
      about,
      `it is ${status}`,
      `Delete what is left of it: aws cloudformation delete-stack --stack-name ${name}`,
    );
  return ok(about, 'will be updated where something changed');
}

/** One orchestrator serves an account and region: targets that the environment does not name would lose it. */
export function otherStacks(stacks: Iterable<string>, environment: readonly string[]): Finding[] {
  const left = [...stacks].filter((name) => name.endsWith('-service') && !environment.includes(name));
  return left.map((name) =>
    failure(
      `stack ${name}`,
      'it is deployed here, and the environment does not name its target: the orchestrator would no longer serve it',
      'Put both targets into one environment, use another account or region, or take that one away: npm run destroy -- <its environment>',
    ),
  );
}
