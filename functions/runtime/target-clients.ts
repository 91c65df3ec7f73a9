import { fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import { memoize } from '@smithy/core/config';
import type { AwsCredentialIdentity } from '@smithy/types';
import type { Target } from '#core/contract/target.ts';
import { type TargetRole, targetRoleName } from '#core/contract/target-roles.ts';
import { clientsOf, config } from './clients.ts';
import { required } from './env.ts';

/**
 * Keys that end sooner are not begun with. Longer than any function runs (infra/stacks/orchestrator-stack.ts), so that no keys are
 * renewed in the middle of one: a change of AWS would then last longer than CHANGE_LASTS_SECONDS (core/domain/repair.ts) allows for.
 */
const LEFT_AT_LEAST_MS = 5 * 60_000;

interface Session {
  readonly clients: ReturnType<typeof clientsOf>;
  /** When its keys end; undefined: they have not been asked for yet, or say nothing of it. */
  expiration: Date | undefined;
}
const sessions = new Map<string, Session>();

/**
 * Clients that call with a role of one target, and so reach that target alone. The role's name is made of the target, never of
 * its settings. To be asked for by each invocation: its keys then last for all of it. They last an hour, which is the most for
 * a role that takes another one (STS API Reference, AssumeRole, DurationSeconds).
 */
export function targetClients(kind: TargetRole, target: Target): Session['clients'] {
  const role = `${required('FAROL_TARGET_ROLES')}${targetRoleName(target, kind, required('AWS_REGION'))}`;
  const known = sessions.get(role);
  const left = (known?.expiration?.getTime() ?? Number.POSITIVE_INFINITY) - Date.now();
  if (known !== undefined && left > LEFT_AT_LEAST_MS) return known.clients;
  const take = fromTemporaryCredentials({
    params: { RoleArn: role, RoleSessionName: required('AWS_LAMBDA_FUNCTION_NAME') },
    clientConfig: { ...config, region: required('AWS_REGION') },
  });
  const session: Session = {
    expiration: undefined,
    clients: clientsOf(
      memoize(async (): Promise<AwsCredentialIdentity> => {
        const keys = await take();
        session.expiration = keys.expiration;
        return keys;
      }),
    ),
  };
  sessions.set(role, session);
  return session.clients;
}
