/** What stands in the place of a secret. */
export const MASKED = '********';

/**
 * Shapes of what lets its holder in. Each pattern has bounded repetitions or one that cannot start twice on the same text,
 * so that hostile text costs no more than its length.
 * - Access keys: IAM user guide, "IAM identifiers", unique id prefixes `AKIA` and `ASIA`.
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
];

/** Where what comes before stays, since it says what was masked. */
const AFTER: readonly RegExp[] = [
  /(\bX-Amz-(?:Signature|Credential|Security-Token)(?:=|%3D))[^\s&"'|]{1,8000}/gi,
  /(\b(?:Bearer|Basic) )[\w.~+/=-]{8,8000}/gi,
  /([a-z][a-z0-9+.-]{1,20}:\/\/[^\s:@/"']{0,200}:)[^\s@"']{1,1000}(?=@)/gi,
  /(?<!:)((?:passw(?:or)?d|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key)[\w-]{0,40}["']?\s{0,4}(?:=|:|%3D)\s{0,4})(?!\s|arn:|["']arn:)(?:"[^"\n]{1,8000}"?|'[^'\n]{1,8000}'?|[^\s"'&,;|]{1,8000})/gi,
];

/** Long words, in which {@link looksRandom} looks for keys that have no name beside them. */
const LONG_WORD = /[A-Za-z0-9+/_-]{32,8000}={0,2}/g;

/** A secret key as a web framework makes it: 50 of these characters. Source: docs/adr/0041. */
const FRAMEWORK_KEY = /(?<![a-z0-9!@#$%^&*(\-_=+)])[a-z0-9!@#$%^&*(\-_=+)]{50}(?![a-z0-9!@#$%^&*(\-_=+)])/g;

/**
 * Whether a long word was drawn at random, and not written by a person: Secrets Manager's passwords, access keys of AWS, task
 * tokens of Step Functions. Such a word changes between capital letters, small ones and digits at 6 of 10 places. Names and
 * paths have few changes, digests and ids have no capitals.
 */
function looksRandom(word: string): boolean {
  const kinds = word
    .replaceAll(/[^A-Za-z0-9]/g, '')
    .replaceAll(/[A-Z]/g, 'A')
    .replaceAll(/[a-z]/g, 'a')
    .replaceAll(/\d/g, '0');
  const runs = kinds.match(/A+|a+|0+/g) ?? [];
  // A secret access key has 40 characters of all kinds: what has that shape is taken for one.
  const changes = /^[A-Za-z0-9+/]{40}$/.test(word) ? 0 : kinds.length * 0.35;
  return new Set(kinds).size === 3 && runs.length > changes;
}

/** Whether it mixes letters, digits and four signs or more, as text of people's own seldom does. */
function looksDrawn(word: string): boolean {
  return /[a-z]/.test(word) && /\d/.test(word) && (word.match(/[^a-z0-9_-]/g)?.length ?? 0) >= 4;
}

/**
 * Text without what has the shape of a secret: access keys and tokens of AWS, GitHub and Slack, JSON web tokens, private keys,
 * passwords in addresses, long random words, and what is assigned to a name such as `SECRET_KEY` or `password`.
 *
 * Farol may not read the values of a service's secrets, and so cannot look for them: a value that people chose, with no name
 * beside it, is not found. ARNs stay, they name a secret without telling it.
 */
export function maskSecrets(text: string): string {
  const whole = WHOLE.reduce((rest, shape) => rest.replaceAll(shape, MASKED), text);
  const named = AFTER.reduce(
    (rest, shape) => rest.replaceAll(shape, (_, before: string) => `${before}${MASKED}`),
    whole,
  );
  return named
    .replaceAll(LONG_WORD, (word) => (looksRandom(word) ? MASKED : word))
    .replaceAll(FRAMEWORK_KEY, (word) => (looksDrawn(word) ? MASKED : word));
}
