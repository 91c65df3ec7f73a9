/** Takes secrets out of what is recorded. What is left still fits the model. */

import type { Member, Shape } from '../protocol/model.ts';
import { isStructure, type Structure } from '../protocol/values.ts';

/** Long enough for the minimum lengths that models give secrets. */
export const masked = '********';

/** Members of AWS's models that hold a secret, in whatever service. */
const secretMembers =
  /^(?:SecretString|SecretBinary|SecretAccessKey|secretAccessKey|SessionToken|sessionToken|authorizationToken|taskToken|Plaintext|PrivateKey|ClientSecret)$|password$/i;

/** Names that people give: environment variables, attributes, keys in a JSON text. */
const secretName = /passw(?:or)?d|passphrase|secret|private_?key|api_?key|access_?key|credential|[a-z]Token$|_TOKEN$/i;

/** Names that only look like it: what identifies a secret is not one, and neither are paging and request tokens. */
const harmlessName =
  /(?:arn|arns|name|names|id|ids|from|version|stages?)$|^(?:next|continuation|client|idempotency|fencing)\w*token$/i;

export function isSecretName(name: string): boolean {
  return secretName.test(name) && !harmlessName.test(name);
}

/** A copy of the parameters or the result of a call, without secrets and without the content of blobs. */
export function mask(shape: Shape | undefined, value: Structure): Structure {
  return shape === undefined ? maskFree(value) : maskStructure(shape, value);
}

function maskStructure(shape: Shape, value: Structure): Structure {
  const placeholders = secretPlaceholders(value);
  const result: Structure = {};
  for (const [name, present] of Object.entries(value)) {
    if (present === undefined || present === null) continue;
    const member = shape.members.get(name);
    if (secretMembers.test(name)) result[name] = hide(present);
    else if (isValueOfSecret(name, value)) result[name] = hide(present);
    else result[name] = member === undefined ? maskLoose(present) : maskMember(member, present, placeholders);
  }
  return result;
}

function maskMember(member: Member, value: unknown, placeholders: ReadonlySet<string>): unknown {
  const { shape } = member;
  if (value instanceof Uint8Array) return `(${value.length} bytes)`;
  if (typeof value === 'string') return maskText(value);
  if (Array.isArray(value))
    return shape.type === 'list' ? value.map((each) => maskMember(shape.member, each, placeholders)) : maskLoose(value);
  if (!isStructure(value)) return value;
  if (shape.type === 'structure') return maskStructure(shape, value);
  if (shape.type !== 'map') return maskLoose(value);
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [
      key,
      isSecretName(key) || placeholders.has(key) ? hide(each) : maskMember(shape.value, each, placeholders),
    ]),
  );
}

/** `{name: 'DB_PASSWORD', value: ...}` and its spellings, and the value of a SecureString parameter. */
function isValueOfSecret(name: string, siblings: Structure): boolean {
  if (!/^(?:value|ParameterValue)$/i.test(name)) return false;
  const { Type: type } = siblings;
  if (type === 'SecureString') return true;
  const label = siblings['name'] ?? siblings['Name'] ?? siblings['key'] ?? siblings['Key'] ?? siblings['ParameterKey'];
  return typeof label === 'string' && isSecretName(label);
}

/** Placeholders of DynamoDB's expressions that stand for a secret attribute: `:t` in `SET #taskToken = :t`. */
function secretPlaceholders(params: Structure): ReadonlySet<string> {
  const found = new Set<string>();
  const names = isStructure(params['ExpressionAttributeNames']) ? params['ExpressionAttributeNames'] : {};
  for (const expression of [params['UpdateExpression'], params['ConditionExpression']]) {
    if (typeof expression !== 'string') continue;
    for (const [, name = '', placeholder = ''] of expression.matchAll(
      /([#\w.]+)\s*=\s*(?:if_not_exists\([^,]+,\s*)?(:\w+)/g,
    )) {
      const attribute = name.split('.').map((part) => names[part] ?? part);
      if (attribute.some((part) => typeof part === 'string' && isSecretName(part))) found.add(placeholder);
    }
  }
  return found;
}

/** A JSON text is masked inside, any other stays. */
function maskText(text: string): string {
  if (!/^\s*[[{]/.test(text)) return text;
  try {
    const value: unknown = JSON.parse(text);
    const clean = JSON.stringify(maskLoose(value));
    return clean === JSON.stringify(value) ? text : clean;
  } catch {
    return text;
  }
}

function maskLoose(value: unknown): unknown {
  if (value instanceof Uint8Array) return `(${value.length} bytes)`;
  if (typeof value === 'string') return maskText(value);
  if (Array.isArray(value)) return value.map(maskLoose);
  return isStructure(value) ? maskFree(value) : value;
}

function maskFree(value: Structure): Structure {
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [
      name,
      isSecretName(name) || isValueOfSecret(name, value) ? hide(each) : maskLoose(each),
    ]),
  );
}

/** Hides every text in a value. ARNs name a secret without telling it; numbers of DynamoDB (`N`) stay valid. */
function hide(value: unknown): unknown {
  if (value instanceof Uint8Array) return masked;
  if (typeof value === 'string') return value.startsWith('arn:') ? value : masked;
  if (Array.isArray(value)) return value.map(hide);
  if (!isStructure(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, name === 'N' ? each : hide(each)]));
}
