/** What stands in the place of a secret. */
export const MASKED = '********';

/**
 * Shapes of what lets its holder in. Each pattern has bounded repetitions or one that cannot start twice on the same text,
 * so that hostile text costs no more than its length.
 * - Access keys: IAM user guide, "IAM identifiers", unique id prefixes `AKIA` and `ASIA`; a secret access key has 40 characters.
 * - An IAM database token is a signed URL: RDS user guide, "Connecting using IAM authentication", `X-Amz-Signature`.
 * - GitHub docs, "About authentication to GitHub", token formats. JSON web tokens: RFC 7519. Basic in a URL: RFC 3986, 3.2.1.
 */
const WHOLE: readonly RegExp[] = [
  /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|$)/g,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g,
  /\bgh[pousr]_\w{20,255}/g,
  /\bgithub_pat_\w{20,255}/g,
  /\bxox[a-z]-[\w-]{10,255}/g,
  /\beyJ[\w-]{8,4000}\.[\w-]{2,8000}\.[\w-]{0,2000}/g,
  /(?<![A-Za-z0-9/+=])(?=[a-z0-9/+]{0,39}[A-Z])(?=[A-Z0-9/+]{0,39}[a-z])(?=[A-Za-z/+]{0,39}[0-9])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])/g,
];

/** Where what comes before stays, since it says what was masked. */
const AFTER: readonly RegExp[] = [
  /(\bX-Amz-(?:Signature|Credential|Security-Token)(?:=|%3D))[^\s&"'|]{1,8000}/gi,
  /(\b(?:Bearer|Basic) )[\w.~+/=-]{8,8000}/gi,
  /([a-z][a-z0-9+.-]{1,20}:\/\/[^\s:@/"']{0,200}:)[^\s@"']{1,1000}(?=@)/gi,
  /(?<!:)((?:passw(?:or)?d|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key)[\w-]{0,40}["']?\s{0,4}(?:=|:|%3D)\s{0,4})(?!\s|arn:|["']arn:)(?:"[^"\n]{1,8000}"?|'[^'\n]{1,8000}'?|[^\s"'&,;|]{1,8000})/gi,
];

/**
 * Text without what has the shape of a secret: access keys and tokens of AWS, GitHub and Slack, JSON web tokens, private keys,
 * passwords in addresses, and what is assigned to a name such as `SECRET_KEY` or `password`.
 *
 * Farol may not read the values of a service's secrets, and so cannot look for them: a value that has no shape and no name
 * beside it is not found. ARNs stay, they name a secret without telling it.
 */
export function maskSecrets(text: string): string {
  const whole = WHOLE.reduce((rest, shape) => rest.replaceAll(shape, MASKED), text);
  return AFTER.reduce((rest, shape) => rest.replaceAll(shape, (_, before: string) => `${before}${MASKED}`), whole);
}
