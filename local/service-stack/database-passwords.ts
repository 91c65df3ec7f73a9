import { randomBytes } from 'node:crypto';
import {
  CreateSecretCommand,
  SecretsManagerClient,
  type SecretsManagerClientConfig,
} from '@aws-sdk/client-secrets-manager';
import type { Settings } from '#core/contract/settings.ts';
import type { Target } from '#core/contract/target.ts';
import { secretPrefix } from '#core/contract/target-names.ts';
import type { Database } from '../parts/postgres.ts';

type Variables = Readonly<Record<string, string>>;

/** What comes to the database by passwords. */
export interface DatabasePasswords {
  /** The variables of the function that prepares the database, with the secret that has the passwords. */
  function(variables: Variables): Promise<Variables>;
  /** Settings whose tasks are given their password, each its own. */
  settings(settings: Settings): Promise<Settings>;
}

/**
 * Passwords in place of IAM, which cannot let anyone in here. The master's is the database's; the others are
 * new, and the function gives them to the users that it makes. They stay the same when settings are published again.
 */
export function databasePasswords(
  { name, master }: Pick<Database, 'name' | 'master'>,
  client: Pick<SecretsManagerClientConfig, 'endpoint' | 'region' | 'credentials' | 'userAgentAppId'>,
  target: Target,
): DatabasePasswords {
  let arn: string | undefined;
  const of = (user: string | undefined): { POSTGRES_PASSWORD: string } => {
    if (arn === undefined || user === undefined)
      throw new TypeError('the template has no function that makes the users of its tasks (POSTGRES_USER)');
    return { POSTGRES_PASSWORD: `${arn}:${user}::` };
  };
  const withPassword = <T extends { environment: Variables; secrets: Variables }>(task: T) => ({
    ...task,
    secrets: { ...task.secrets, ...of(task.environment['POSTGRES_USER']) },
  });
  return {
    async function(variables) {
      const { POSTGRES_USER, POSTGRES_MIGRATOR = '', POSTGRES_APPLICATION = '', POSTGRES_PLANNER = '' } = variables;
      if (POSTGRES_USER !== master.user)
        throw new TypeError(`the function comes as ${POSTGRES_USER}, yet the database's master is ${master.user}`);
      arn ??= await makeSecret(client, `${secretPrefix(target)}passwords`, {
        [master.user]: master.password,
        [POSTGRES_MIGRATOR]: newPassword(),
        [POSTGRES_APPLICATION]: newPassword(),
        [POSTGRES_PLANNER]: newPassword(),
      });
      return { ...variables, POSTGRES_NAME: name, POSTGRES_PASSWORDS: arn, PGSSLMODE: 'disable' };
    },
    async settings(settings) {
      const [service] = settings.services;
      const { plan, migrate } = settings.tasks;
      if (service === undefined) throw new TypeError('settings.services is empty');
      const environment = { ...service.environment, POSTGRES_AUTH: 'password', POSTGRES_NAME: name };
      return {
        ...settings,
        services: [withPassword({ ...service, environment })],
        tasks: { plan: withPassword(plan), migrate: withPassword(migrate) },
      };
    },
  };
}

function newPassword(): string {
  return randomBytes(18).toString('base64url');
}

async function makeSecret(
  client: SecretsManagerClientConfig,
  Name: string,
  passwords: Record<string, string>,
): Promise<string> {
  const SecretString = JSON.stringify(passwords);
  const { ARN } = await new SecretsManagerClient(client).send(new CreateSecretCommand({ Name, SecretString }));
  if (ARN === undefined) throw new TypeError(`no ARN of ${Name} was answered`);
  return ARN;
}
