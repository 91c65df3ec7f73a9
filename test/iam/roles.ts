import * as z from 'zod';
import { TARGET_ROLE_PATH } from '#core/contract/target-roles.ts';
import { parsePolicy, type Statement } from './policy.ts';
import type { ReadTemplate } from './template.ts';

/** A role of a template. */
export interface Role {
  readonly id: string;
  /** Who may take it. */
  readonly trust: readonly TrustStatement[];
  /** What it may do. */
  readonly statements: readonly Statement[];
}

const Texts = z.union([z.string().transform((one) => [one]), z.array(z.string())]);

const TrustStatement = z.strictObject({
  Sid: z.string().optional(),
  Effect: z.literal('Allow'),
  Action: Texts,
  Principal: z.union([z.literal('*'), z.record(z.string(), Texts)]),
  Condition: z.record(z.string(), z.record(z.string(), Texts)).default({}),
});
/** A statement that says who may take a role. */
type TrustStatement = z.infer<typeof TrustStatement>;

const RoleProperties = z.looseObject({
  AssumeRolePolicyDocument: z.looseObject({ Statement: z.array(TrustStatement) }),
  Policies: z.array(z.looseObject({ PolicyDocument: z.unknown() })).default([]),
  ManagedPolicyArns: z.array(z.string()).max(0, 'policies of AWS’s own are not evaluated here').default([]),
});

const PolicyProperties = z.looseObject({ PolicyDocument: z.unknown(), Roles: z.array(z.string()).default([]) });

/** Every role of a template, with the policies inside it and those attached to it. */
export function rolesOf({ resources, resolve }: ReadTemplate): Role[] {
  const ofType = (type: RegExp) => Object.entries(resources).filter(([, { Type }]) => type.test(Type));
  const attached = ofType(/^AWS::IAM::(Managed)?Policy$/).map(([, { Properties }]) =>
    PolicyProperties.parse(resolve(Properties)),
  );
  return ofType(/^AWS::IAM::Role$/).map(([id, { Properties }]) => {
    const { AssumeRolePolicyDocument, Policies } = RoleProperties.parse(resolve(Properties));
    const name = z.string().parse(resolve({ Ref: id }));
    const documents = [...Policies, ...attached.filter(({ Roles }) => Roles.includes(name))];
    return {
      id,
      trust: AssumeRolePolicyDocument.Statement,
      statements: documents.flatMap(({ PolicyDocument }) => parsePolicy(PolicyDocument)),
    };
  });
}

/** What a function's calls are made with. */
export interface FunctionRole {
  readonly statements: readonly Statement[];
  /** Its own ARN, as targets' roles trust it. */
  readonly roleArn: string;
  readonly functionArn: string;
}

const FunctionProperties = z.looseObject({
  FunctionName: z.string(),
  Role: z.looseObject({ 'Fn::GetAtt': z.tuple([z.string(), z.literal('Arn')]) }),
  Environment: z.looseObject({ Variables: z.looseObject({ AWS_SDK_UA_APP_ID: z.string() }) }),
});

/**
 * The roles of a template's functions, by the name that their calls carry in the user agent.
 * @throws {Error} when two functions share a role
 */
export function functionRoles(template: ReadTemplate): Map<string, FunctionRole> {
  const roles = new Map(rolesOf(template).map((role) => [role.id, role]));
  const taken = new Set<string>();
  return new Map(
    Object.entries(template.resources)
      .filter(([, { Type }]) => Type === 'AWS::Lambda::Function')
      .map(([id, { Properties }]) => {
        const { Role, Environment } = FunctionProperties.parse(Properties);
        const [roleId] = Role['Fn::GetAtt'];
        const role = roles.get(roleId);
        if (role === undefined) throw new TypeError(`${id} has a role of another stack`);
        if (taken.has(roleId)) throw new TypeError(`${id} shares its role ${roleId} with another function`);
        taken.add(roleId);
        const functionArn = z.string().parse(template.resolve({ 'Fn::GetAtt': [id, 'Arn'] }));
        const roleArn = z.string().parse(template.resolve({ 'Fn::GetAtt': [roleId, 'Arn'] }));
        return [Environment.Variables.AWS_SDK_UA_APP_ID, { statements: role.statements, roleArn, functionArn }];
      }),
  );
}

/** A role of a target, which functions take. */
export interface TakenRole {
  readonly arn: string;
  readonly statements: readonly Statement[];
  /** ARNs of the roles that may take it. */
  readonly takers: readonly string[];
}

const RoleNames = z.looseObject({ RoleName: z.string().optional(), Path: z.string().default('/') });

/** The roles of targets in a template, by their names. */
export function targetRoles(template: ReadTemplate): Map<string, TakenRole> {
  return new Map(
    rolesOf(template).flatMap((role): [string, TakenRole][] => {
      const { RoleName, Path } = RoleNames.parse(template.resources[role.id]?.Properties);
      if (RoleName === undefined || Path !== TARGET_ROLE_PATH) return [];
      const arn = z.string().parse(template.resolve({ 'Fn::GetAtt': [role.id, 'Arn'] }));
      const takers = role.trust.flatMap(({ Condition }) => Condition['ArnEquals']?.['aws:PrincipalArn'] ?? []);
      return [[RoleName, { arn, statements: role.statements, takers }]];
    }),
  );
}
