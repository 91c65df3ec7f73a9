import { randomUUID } from 'node:crypto';
import { CreateSecretCommand, DeleteSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { runSecretPrefix } from '../../infra/names.ts';
import type { TemporarySecrets } from '../run/ports.ts';
import { clientConfig } from './clients.ts';

/**
 * Secrets of Secrets Manager, one for each run, which the target's execution role may read by the beginning of their name.
 * Not Parameter Store: a network whose only ways out are endpoints reaches Secrets Manager alone.
 */
export function temporarySecrets(region: string | undefined): TemporarySecrets {
  const client = new SecretsManagerClient(clientConfig(region));
  return {
    async keep(target, values, by) {
      const { ARN } = await client.send(
        new CreateSecretCommand({
          Name: `${runSecretPrefix(target)}${randomUUID()}`,
          Description: `For one task, started by ${by}`.slice(0, 2048),
          SecretString: JSON.stringify(values),
          Tags: [{ Key: 'farol:made-by', Value: 'farol run' }],
        }),
      );
      if (ARN === undefined) throw new TypeError('Secrets Manager answered no ARN');
      return {
        arn: ARN,
        valueFrom: Object.fromEntries(Object.keys(values).map((name) => [name, `${ARN}:${name}::`])),
      };
    },
    async remove({ arn }) {
      await client.send(new DeleteSecretCommand({ SecretId: arn, ForceDeleteWithoutRecovery: true }));
    },
  };
}
