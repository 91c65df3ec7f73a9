/** Exit codes of `farol` besides those of the commands that it runs. */
export const EXIT = {
  failed: 1,
  /** Wrong arguments or settings: nothing was asked of AWS. */
  usage: 2,
  /** Ended by Ctrl-C: 128 + SIGINT. */
  interrupted: 130,
} as const;

/** Something that a person can put right: what is the matter, and what to do. */
export class Problem extends Error {
  override readonly name = 'Problem';
  /** What to do next, as a sentence or a command. */
  readonly todo: string;
  readonly exitCode: number;

  constructor(message: string, todo: string, exitCode: number = EXIT.failed) {
    super(message);
    this.todo = todo;
    this.exitCode = exitCode;
  }
}

const DENIED = /^(AccessDenied|AccessDeniedException|UnauthorizedOperation|AccessDeniedError|NotAuthorized)$/;

/** What is said of AWS's and the system's own errors, by the names that the SDK gives them. */
const KNOWN: readonly { readonly names: RegExp; readonly todo: string }[] = [
  {
    names:
      /^(CredentialsProviderError|InvalidClientTokenId|UnrecognizedClientException|AuthFailure|InvalidAccessKeyId|SignatureDoesNotMatch)$/,
    todo: 'Sign in: `aws login` or `aws sso login`, or set AWS_PROFILE; `aws sts get-caller-identity` must name the account that you mean.',
  },
  {
    names: /^(ExpiredToken|ExpiredTokenException|RequestExpired|TokenRefreshRequired|SSOTokenProviderFailure)$/,
    todo: 'Your session has ended: sign in again (`aws login` or `aws sso login`) and repeat the command.',
  },
  {
    names: DENIED,
    todo: 'Ask the administrator of the account for the right that the message names; docs/deploy.md says what each command needs.',
  },
  {
    names: /^(ResourceNotFoundException|ParameterNotFound|ClusterNotFoundException|StateMachineDoesNotExist)$/,
    todo: 'Is Farol deployed in this account and region, and as new as this checkout? npm run deploy -- <environment>; --region names another region.',
  },
  {
    names: /^(ThrottlingException|Throttling|TooManyRequestsException|RequestLimitExceeded|SlowDown)$/,
    todo: 'AWS takes no more requests for the moment: wait a minute and repeat the command.',
  },
  {
    names: /^(ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|TimeoutError|NetworkingError)$/,
    todo: 'AWS was not reached: look at the network, the proxy and AWS_ENDPOINT_URL, then repeat the command.',
  },
];

/** Whether AWS refused a call for lack of a right. */
export function isDenied(error: unknown): boolean {
  return DENIED.test(nameOf(error));
}

/** Any error as a problem: each says what to do. */
export function explain(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (/region is missing/i.test(message))
    return new Problem('No AWS region is set.', 'Give --region us-east-1, or set AWS_REGION.', EXIT.usage);
  const name = nameOf(error);
  const known = KNOWN.find(({ names }) => names.test(name));
  return new Problem(
    name === 'Error' || name === '' ? message : `${name}: ${message}`,
    known?.todo ??
      'Nothing is known of this error here: DEBUG=1 shows where it came from; docs/deploy.md tells how to go on.',
  );
}

/** The SDK's name of an error, or the system's code. */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  if ('code' in error && typeof error.code === 'string' && /^E[A-Z_]+$/.test(error.code)) return error.code;
  return error.name;
}
