/** Whose access keys are whose: what the gateway learns from the answers by which AWS hands them out. */

import type { OperationModel } from '../protocol/model.ts';
import type { HttpRequest } from '../protocol/request.ts';
import { isStructure, type Structure } from '../protocol/values.ts';

/** A caller as AWS names it. */
export interface Principal {
  readonly arn: string;
  /** A user's unique id; of a role's session `<unique id of the role>:<session>`. */
  readonly userId: string;
}

export interface AccessKey {
  readonly id: string;
  readonly secret: string;
  /** With the keys of a session. */
  readonly token?: string;
  readonly principal: Principal;
}

/** Calls that hand out the keys of a role's session. */
const SESSIONS = /^AssumeRole(?:WithSAML|WithWebIdentity)?$/;

export class Credentials {
  readonly #users = new Map<string, Principal>();
  readonly #keys = new Map<string, AccessKey>();

  /** The keys `test` and `test`, which everything on one machine has, are those of the account's root user, as the emulator says too. */
  constructor(accountId: string) {
    const principal = { arn: `arn:aws:iam::${accountId}:root`, userId: accountId };
    this.#keys.set('test', { id: 'test', secret: 'test', principal });
  }

  find(id: string): AccessKey | undefined {
    return this.#keys.get(id);
  }

  /** ARN of the session of a role whose keys signed a request; undefined: they are no session's. */
  sessionOf({ headers }: Pick<HttpRequest, 'headers'>): string | undefined {
    const [, id = ''] = /\bCredential=([^/,\s]+)\//.exec(headers['authorization'] ?? '') ?? [];
    const key = this.#keys.get(id);
    return key?.token === undefined ? undefined : key.principal.arn;
  }

  /** Takes note of users that are made and of keys that are handed out. */
  learn({ service, name }: OperationModel, answer: Structure | null): void {
    if (answer === null) return;
    if (service.name === 'iam' && name === 'CreateUser') {
      const user = texts(answer['User'], ['UserName', 'Arn', 'UserId']);
      if (user !== undefined) this.#users.set(user.UserName, { arn: user.Arn, userId: user.UserId });
    }
    if (service.name === 'iam' && name === 'CreateAccessKey') {
      const key = texts(answer['AccessKey'], ['UserName', 'AccessKeyId', 'SecretAccessKey']);
      const principal = key === undefined ? undefined : this.#users.get(key.UserName);
      if (key !== undefined && principal !== undefined)
        this.#keys.set(key.AccessKeyId, { id: key.AccessKeyId, secret: key.SecretAccessKey, principal });
    }
    if (service.name === 'sts' && SESSIONS.test(name)) {
      const key = texts(answer['Credentials'], ['AccessKeyId', 'SecretAccessKey', 'SessionToken']);
      const session = texts(answer['AssumedRoleUser'], ['Arn', 'AssumedRoleId']);
      if (key !== undefined && session !== undefined)
        this.#keys.set(key.AccessKeyId, {
          id: key.AccessKeyId,
          secret: key.SecretAccessKey,
          token: key.SessionToken,
          principal: { arn: session.Arn, userId: session.AssumedRoleId },
        });
    }
  }
}

/** These members of a structure, where each is a text. */
function texts<K extends string>(value: unknown, names: readonly K[]): Record<K, string> | undefined {
  if (!isStructure(value)) return undefined;
  const found = names.map((name) => [name, value[name]] as const);
  if (!found.every((pair): pair is [K, string] => typeof pair[1] === 'string')) return undefined;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- made of exactly these names
  return Object.fromEntries(found) as Record<K, string>;
}
