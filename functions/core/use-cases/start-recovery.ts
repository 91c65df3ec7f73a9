import type { DeploymentRequest, Lock } from '../contract/ledger.ts';
import { type Target, targetSlug } from '../contract/target.ts';
import { isSettled } from '../domain/intent.ts';
import type { Executions, Ledger } from '../ports.ts';

interface Ports {
  readonly ledger: Pick<Ledger, 'head' | 'lock' | 'intent' | 'deployment'>;
  readonly executions: Executions;
}

/**
 * Starts the recovery that belongs to this state of the lock. Its name follows from the lock's token, so that any number of
 * callers start one; a recovery that itself ended without taking the lock is followed by the next attempt.
 * @returns the recovery's deployment
 */
export async function startRecovery(
  target: Target,
  lock: Lock,
  cause: string,
  { ledger, executions }: Ports,
): Promise<string> {
  const about = await subject(target, lock, ledger);
  for (let attempt = 1; ; attempt += 1) {
    const deployment = `${targetSlug(target)}-recovery-${lock.token}-${attempt}`;
    const request: DeploymentRequest = { kind: 'recovery', target, deployment, ...about, attempt, cause };
    const started = await executions.start(request);
    if (started === 'started') return deployment;
    const status = await executions.status(executions.arn(deployment));
    if (status?.running === true) return deployment;
  }
}

/**
 * Starts a recovery where the lock is free and the last intent was never found to be true: weights may be elsewhere than on live,
 * and a slot may hold what nothing needs. A frozen target is left as it is: people look at it first.
 * @returns the recovery's deployment; undefined: there is nothing to recover
 */
export async function recoverUnsettled(target: Target, ports: Ports): Promise<string | undefined> {
  const [lock, intent, { frozen }] = await Promise.all([
    ports.ledger.lock(target),
    ports.ledger.intent(target),
    ports.ledger.head(target),
  ]);
  if (lock === undefined || lock.deployment !== undefined || frozen !== undefined) return undefined;
  if (intent === undefined || isSettled(intent)) return undefined;
  const cause = `${intent.deployment} ended in the phase ${intent.phase} before what is live had all the traffic again for certain.`;
  return startRecovery(target, lock, cause, ports);
}

/** The version that a recovery is about: what its lock's last holder deployed, else what is live, else what the last intent was of. */
async function subject(
  target: Target,
  lock: Lock,
  ledger: Ports['ledger'],
): Promise<Pick<DeploymentRequest, 'version' | 'digest'>> {
  const held = lock.deployment === undefined ? undefined : await ledger.deployment(lock.deployment);
  if (held !== undefined) return { version: held.request.version, digest: held.request.digest };
  const { live } = await ledger.head(target);
  if (live !== undefined) return { version: live.deployable.version, digest: live.deployable.digest };
  const intent = await ledger.intent(target);
  const last = intent === undefined ? undefined : await ledger.deployment(intent.deployment);
  if (last === undefined) throw new Error(`${target} has neither a deployment nor a live release to recover`);
  return { version: last.request.version, digest: last.request.digest };
}
