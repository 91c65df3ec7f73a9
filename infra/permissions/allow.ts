import { PolicyStatement } from 'aws-cdk-lib/aws-iam';

/** A statement that allows some actions on some resources, under conditions if any are given. */
export function allow(
  actions: string[],
  resources: string[],
  conditions?: Record<string, Record<string, unknown>>,
): PolicyStatement {
  return new PolicyStatement({ actions, resources, ...(conditions && { conditions }) });
}
