import { randomBytes } from 'node:crypto';
import {
  CreateSecretCommand,
  SecretsManagerClient,
  type SecretsManagerClientConfig,
} from '@aws-sdk/client-secrets-manager';
import type { Settings } from '#core/contract/settings.ts';
import type { Database } from '../parts/postgres.ts';

/** Name of the secret with all passwords, by user. */
const SECRET = 'database-passwords';

/**
 * Gives settings passwords with which their tasks come to the database: IAM is the one part of AWS that lets nobody in here.
 * The master's is the database's; the others are new, and the bootstrap task is given them to make the users with. They stay
 * the same when settings are published anew.
 */
export function databasePasswords(
  { name, master }: Pick<Database, 'name' | 'master'>,
  client: Pick<SecretsManagerClientConfig, 'endpoint' | 'region' | 'credentials' | 'userAgentAppId'>,
): (settings: Settings) => Promise<Settings> {
  let secret: Promise<string> | undefined;
  return async (settings) => {
    const [service] = settings.services;
    const { migrate, bootstrap } = settings.tasks;
    const application = service?.environment['POSTGRES_USER'];
    const migrator = migrate.environment['POSTGRES_USER'];
    if (service === undefined || application === undefined || migrator === undefined)
      throw new TypeError('the settings do not say as whom tasks come to the database (POSTGRES_USER)');
    if (bootstrap.environment['POSTGRES_USER'] !== master.user)
      throw new TypeError(
        `the bootstrap task comes as ${bootstrap.environment['POSTGRES_USER']}, yet the database's master is ${master.user}`,
      );
    secret ??= makeSecret(client, `${settings.app}/${settings.environment}/${SECRET}`, {
      [master.user]: master.password,
      [application]: newPassword(),
      [migrator]: newPassword(),
    });
    const arn = await secret;
    const of = (user: string) => `${arn}:${user}::`;
    const environment = { ...service.environment, POSTGRES_AUTH: 'password', POSTGRES_NAME: name };
    return {
      ...settings,
      services: [{ ...service, environment, secrets: { ...service.secrets, POSTGRES_PASSWORD: of(application) } }],
      tasks: {
        migrate: { ...migrate, secrets: { ...migrate.secrets, POSTGRES_PASSWORD: of(migrator) } },
        bootstrap: {
          ...bootstrap,
          secrets: {
            ...bootstrap.secrets,
            POSTGRES_PASSWORD: of(master.user),
            POSTGRES_MIGRATOR_PASSWORD: of(migrator),
            POSTGRES_APPLICATION_PASSWORD: of(application),
          },
        },
      },
    };
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
