/** The environment variables that functions are given (infra/constructs). */
export type Variable =
  | 'FAROL_LEDGER'
  | 'FAROL_ANCHORS'
  | 'FAROL_STATE_MACHINE_ARN'
  | 'FAROL_TOPIC_ARN'
  /** What the ARNs of targets' roles begin with, to the path's last slash. */
  | 'FAROL_TARGET_ROLES'
  /** Of Lambda itself. Lambda Developer Guide, "Defined runtime environment variables". */
  | 'AWS_LAMBDA_FUNCTION_NAME'
  | 'AWS_REGION';

/** Value of an environment variable; throws naming the missing one. */
export function required(name: Variable): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`the environment variable ${name} is not set`);
  return value;
}
