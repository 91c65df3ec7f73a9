import { Stack } from 'aws-cdk-lib';
import { AccountPrincipal, PolicyDocument, Role } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { Target } from '#core/contract/target.ts';
import type { TargetNames, TaskRoleKind } from '#core/contract/target-names.ts';
import { TARGET_ROLE_KINDS, TARGET_ROLE_PATH, targetRoleName } from '#core/contract/target-roles.ts';
import { functionRole, pascalCase } from '../names.ts';
import { takersOf } from '../permissions/functions.ts';
import { targetRights } from '../permissions/targets.ts';

export interface TargetRolesProps {
  readonly target: Target;
  readonly names: TargetNames;
  /** Names of the roles that the target's tasks have. */
  readonly taskRoles: Readonly<Record<TaskRoleKind, string>>;
}

/**
 * The roles by which Farol's functions act on one target. Each trusts only the functions that it is for.
 *
 * They are named in a condition and not as principals: a principal must exist when the role is made, and stands for a role that is
 * gone when the function's role is made again. Of a session, aws:PrincipalArn is the role's ARN (IAM User Guide, "AWS global
 * condition context keys"). The function's own policy must allow it too.
 */
export class TargetRoles extends Construct {
  constructor(scope: Construct, id: string, { target, names, taskRoles }: TargetRolesProps) {
    super(scope, id);
    const stack = Stack.of(this);
    const rights = targetRights(stack, names, taskRoles);
    for (const kind of TARGET_ROLE_KINDS) {
      const takers = takersOf(kind).map((name) =>
        stack.formatArn({
          service: 'iam',
          region: '',
          resource: 'role',
          resourceName: functionRole(name, stack.region),
        }),
      );
      new Role(this, pascalCase(kind), {
        roleName: targetRoleName(target, kind, stack.region),
        path: TARGET_ROLE_PATH,
        description: `What Farol may do to ${target}: ${kind}`,
        assumedBy: new AccountPrincipal(stack.account).withConditions({ ArnEquals: { 'aws:PrincipalArn': takers } }),
        inlinePolicies: { work: new PolicyDocument({ statements: rights[kind] }) },
      });
    }
  }
}
