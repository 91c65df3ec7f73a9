import { type Caller, IDENTITY_CENTER_PATH } from '../contract/caller.ts';

/** Somebody whom AWS names: a name that the caller could not choose. */
export interface Person {
  readonly kind: 'IAM user' | 'Identity Center user';
  /** As AWS says it, and the ledger keeps it. */
  readonly arn: string;
}

/** A role as IAM knows it. */
export interface KnownRole {
  /** With its path. */
  readonly arn: string;
  /** Unique among all roles that ever were: `AROA...`. */
  readonly id: string;
}

const USER = /^arn:[\w-]+:iam::(\d{12}):user\/.+$/;
const SESSION = /^arn:[\w-]+:sts::(\d{12}):assumed-role\/([\w+=,.@-]+)\/([\w+=,.@-]+)$/;

/** The role of a caller whose session may be Identity Center's, by the role's name; `undefined`: it cannot be. */
export function roleToAskFor({ userArn }: Caller): string | undefined {
  const role = SESSION.exec(userArn)?.[2];
  return role?.startsWith('AWSReservedSSO_') ? role : undefined;
}

/**
 * The person that a caller is, or a sentence that says why it is not a person. Of a role's session only Identity Center's count: who takes
 * another role chooses the session's name.
 * @param role the role of that name, as IAM knows it; `undefined`: Identity Center made no such role
 */
export function personOf(caller: Caller, role: KnownRole | undefined): Person | string {
  const { userArn, userId, accountId } = caller;
  const no = (why: string) =>
    `${userArn} does not count as a person: ${why} Answer as a user of IAM Identity Center, or as an IAM user.`;
  const [, userAccount] = USER.exec(userArn) ?? [];
  if (userAccount !== undefined)
    return userAccount === accountId ? { kind: 'IAM user', arn: userArn } : no('it is a user of another account.');
  const [, account, roleName, session] = SESSION.exec(userArn) ?? [];
  if (session === undefined)
    return no(
      userArn.endsWith(':root')
        ? 'the root user can be anyone who has the account.'
        : 'only an IAM user and a session of IAM Identity Center have a name that they did not choose.',
    );
  const [, , , , owner, resource = ''] = role?.arn.split(':') ?? [];
  const made = resource.startsWith(`role/${IDENTITY_CENTER_PATH}`) && resource.endsWith(`/${roleName}`);
  // The id says that it is a session of this role, and of no other that once had its name.
  if (!made || owner !== account || account !== accountId || userId !== `${role?.id}:${session}`)
    return no('the person who takes this role chooses the name of the session.');
  return { kind: 'Identity Center user', arn: userArn };
}

/**
 * Why the answer of a person does not count; `undefined`: it does.
 * @param arn as {@link Person} has it
 * @param approvers who is asked; left out, everyone who may call
 */
export function unasked(arn: string, approvers: readonly string[] | undefined): string | undefined {
  // An IAM user is named by the ARN, which no user of Identity Center has.
  const name = SESSION.exec(arn)?.[3] ?? arn;
  if (approvers === undefined || approvers.includes(name)) return undefined;
  return `${arn} is not among those who are asked (approval.approvers): ${approvers.join(', ')}.`;
}
