import type * as z from 'zod';
import type { DeploymentRequest, Head, Lock } from '#core/contract/ledger.ts';
import type { AcquireLock } from '#core/contract/states.ts';
import { targetSlug } from '#core/contract/target.ts';
import { deploymentName } from '#core/domain/deployment-name.ts';
import { isSettled } from '#core/domain/intent.ts';
import { refusalOf } from '#core/domain/order.ts';
import { secondsUntilQuiet } from '#core/domain/repair.ts';
import { sentenceOf } from '#core/domain/sentence.ts';
import type { Clock, Executions, Ledger, Notifier } from '#core/ports.ts';

type Output = z.infer<typeof AcquireLock.output>;

interface Ports {
  readonly ledger: Ledger;
  readonly executions: Executions;
  readonly notifier: Notifier;
  readonly clock: Clock;
}

/**
 * Takes the target's lock for an execution, queues behind its holder, or says why not. Repeating it is harmless: the
 * execution that holds the lock gets its token again.
 */
export async function acquireLock(
  { request, executionArn }: z.infer<typeof AcquireLock.input>,
  ports: Ports,
): Promise<Output> {
  const { ledger } = ports;
  const forged = misnamed(request, executionArn);
  if (forged !== undefined) return { outcome: 'refused', reason: forged };
  const lock = await ledger.lock(request.target);
  if (lock?.executionArn === executionArn) return acquired(request, lock.token, 0, ledger);
  const record = await ledger.deployment(request.deployment);
  // Written a moment ago by this execution, whose answer was lost: the name is no other's.
  if (record?.ended?.result === 'refused') return tell(request, record.ended.sentence, ports);
  if (record?.ended !== undefined)
    return { outcome: 'duplicate', reason: `${request.deployment} has ended: ${record.ended.sentence}` };
  if (request.kind === 'recovery') return recover(request, executionArn, lock, ports);
  const head = await ledger.head(request.target);
  if (request.kind === 'settings' && head.live?.deployable.digest !== request.digest)
    return {
      outcome: 'duplicate',
      reason: `${request.version} is no longer live. The new settings will be deployed with the version that is.`,
    };
  const refusal = refusalOf(request, head);
  if (refusal !== undefined) return tellRefusal(request, head, refusal, ports);
  if (lock?.deployment !== undefined) return queue(request, lock, ports);
  const token = await ledger.takeLock(request, executionArn, lock);
  if (token !== undefined) return acquired(request, token, 0, ledger);
  const faster = await ledger.lock(request.target);
  if (faster?.executionArn === executionArn) return acquired(request, faster.token, 0, ledger);
  if (faster?.deployment === undefined)
    throw new Error(`the lock of ${request.target} changed hands twice while it was taken`);
  return queue(request, faster, ports);
}

/**
 * Why an execution is not what its input says, in a sentence; undefined: it is. Its name is the deployment's, and follows
 * from what is deployed where: so a caller that may start executions cannot start one in the name of another deployment. Nothing is
 * written of it, under a name that is not its own.
 */
function misnamed(request: DeploymentRequest, executionArn: string): string | undefined {
  const { kind, target, version, digest, attempt, deployment } = request;
  // arn:<partition>:states:<region>:<account>:execution:<state machine>:<name>
  const execution = executionArn.split(':').at(-1);
  const name =
    kind === 'recovery'
      ? new RegExp(`^${targetSlug(target)}-recovery-\\d+-${attempt}$`).exec(deployment)?.[0]
      : deploymentName(target, version, digest, attempt);
  if (deployment === name && execution === deployment) return undefined;
  return `The execution ${execution} was started for the deployment ${deployment}; its input names ${name ?? `a recovery of ${target}`}. Start deployments by a push or by farol redeploy. Nothing was changed.`;
}

/** Written down and told like any other end, though nothing began. */
async function tellRefusal(request: DeploymentRequest, { live }: Head, refusal: string, ports: Ports): Promise<Output> {
  const reason = sentenceOf(request, 'refused', refusal, live);
  await ports.ledger.refuse(request, reason, refusal);
  return tell(request, reason, ports);
}

/** Again after an interruption: told twice is better than not at all. */
async function tell({ target }: DeploymentRequest, reason: string, { notifier }: Ports): Promise<Output> {
  await notifier.publish(`${target}: refused`, reason);
  return { outcome: 'refused', reason };
}

/** The name of this execution is used up, so what waits is the next attempt. */
async function queue(request: DeploymentRequest, holder: Lock, { ledger }: Ports): Promise<Output> {
  // Settings wait in no queue: what is live when the holder has ended decides what they are deployed with.
  if (request.kind === 'settings')
    return {
      outcome: 'busy',
      reason: `${holder.deployment} holds the lock; the settings are looked at again after it.`,
    };
  const attempt = request.attempt + 1;
  const { target, version, digest } = request;
  const next = { ...request, attempt, deployment: deploymentName(target, version, digest, attempt) };
  const queued = await ledger.enqueue(next, holder, request.deployment);
  switch (queued) {
    case 'queued':
      return { outcome: 'busy', reason: `${holder.deployment} holds the lock; ${next.deployment} follows it.` };
    case 'older':
      return { outcome: 'busy', reason: 'A newer push is waiting already.' };
    case 'lock moved':
      throw new Error(`the lock of ${target} moved while ${request.deployment} was queued`);
    default:
      return queued satisfies never;
  }
}

async function recover(
  request: DeploymentRequest,
  executionArn: string,
  lock: Lock | undefined,
  ports: Ports,
): Promise<Output> {
  const { ledger, executions, clock } = ports;
  const ended = lock?.executionArn === undefined ? undefined : await executions.status(lock.executionArn);
  if (ended?.running === true)
    return { outcome: 'busy', reason: `${lock?.deployment} still runs; there is nothing to recover.` };
  const token = await ledger.takeLock(request, executionArn, lock);
  if (token === undefined)
    return { outcome: 'busy', reason: `Somebody else took the lock of ${request.target} first.` };
  const waitSeconds = lock?.deployment === undefined ? 0 : secondsUntilQuiet(ended?.stopped, clock.now());
  return acquired(request, token, waitSeconds, ledger);
}

/** The lock is this execution's; says in which state the target was found, which decides what comes first. */
async function acquired(
  { target }: DeploymentRequest,
  token: number,
  waitSeconds: number,
  ledger: Ledger,
): Promise<Output> {
  const [intent, { frozen }] = await Promise.all([ledger.intent(target), ledger.head(target)]);
  const taken = { outcome: 'acquired', token, waitSeconds } as const;
  if (frozen !== undefined) return { ...taken, found: 'frozen', reason: frozen.reason };
  if (intent === undefined || isSettled(intent))
    return { ...taken, found: 'settled', reason: 'The last deployment was brought to its end.' };
  return {
    ...taken,
    found: 'unsettled',
    reason: `${intent.deployment} was not brought to its end: it was in the phase ${intent.phase}.`,
  };
}
