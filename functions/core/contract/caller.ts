import * as z from 'zod';

/**
 * Who called a function's URL, as AWS says: Lambda verifies the request's signature and puts this into the event
 * (`requestContext.authorizer.iam`), so that no caller writes it. Lambda Developer Guide, "Invoking Lambda function URLs",
 * request payload format.
 */
export const Caller = z.object({
  accountId: z.string().regex(/^\d{12}$/),
  /** `arn:<partition>:iam::<account>:user/<path><name>`, or `arn:<partition>:sts::<account>:assumed-role/<role>/<session>`, and others. */
  userArn: z.string().min(1).max(2048),
  /** A user's unique id; of a role's session `<unique id of the role>:<session>`. IAM User Guide, "IAM identifiers". */
  userId: z.string().min(1).max(256),
});
export type Caller = z.infer<typeof Caller>;

/**
 * Path of the roles that IAM Identity Center makes. IAM lets no one else make a role below `/aws-reserved/`, and these trust
 * Identity Center alone, which names the session after the user. IAM Identity Center User Guide, "Referencing permission
 * sets in resource policies". The name alone, AWSReservedSSO_..., anybody who makes roles may give.
 */
export const IDENTITY_CENTER_PATH = 'aws-reserved/sso.amazonaws.com/';

/** An event of a function URL with IAM authorisation, as far as a function of Farol looks at it. */
export const UrlRequest = z.object({
  requestContext: z.object({ authorizer: z.object({ iam: Caller }) }),
  body: z.string().max(10_000).default(''),
  isBase64Encoded: z.boolean().default(false),
});

/** What a person wants of a function, and who it is. */
export interface PersonalRequest {
  /** The body; `undefined`: it is no JSON. */
  readonly input: unknown;
  readonly caller: Caller;
}
