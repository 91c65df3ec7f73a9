import type { DeploymentRequest } from '../contract/ledger.ts';
import { deploymentName } from '../domain/deployment-name.ts';
import type { Executions, Ledger } from '../ports.ts';

/** What somebody or something wants deployed, and why. */
export type DeploymentOrder = Pick<DeploymentRequest, 'target' | 'version' | 'digest' | 'cause'> & {
  /** `release` unless said otherwise. */
  readonly kind?: 'settings';
  readonly rescue?: true;
};

/** `older`: a newer version waits for the target already. */
export interface Begun {
  readonly outcome: 'started' | 'queued' | 'older';
  readonly deployment: string;
}

interface Ports {
  readonly ledger: Ledger;
  readonly executions: Executions;
}

/**
 * Begins a deployment of its own with the next attempt that is unused: a command, a promotion or a change of settings,
 * each of which may deploy again what was deployed before. What must happen once however often it is asked for, chooses
 * its attempt itself and calls {@link startOrQueue}.
 */
export async function beginDeployment(order: DeploymentOrder, ports: Ports): Promise<Begun> {
  for (;;) {
    const request = await unusedRequest(order, ports);
    const outcome = await startOrQueue(request, ports);
    // Somebody else began the same attempt meanwhile.
    if (outcome !== 'exists') return { outcome, deployment: request.deployment };
  }
}

/** The request of the next attempt that is unused. */
export async function unusedRequest(order: DeploymentOrder, ports: Ports): Promise<DeploymentRequest> {
  let request = requestOf(order, 1);
  while (await isUsed(request, ports)) request = requestOf(order, request.attempt + 1);
  return request;
}

/** The request of one attempt. The same order and attempt always make the same one: StartExecution's idempotency rests on it. */
export function requestOf(order: DeploymentOrder, attempt: number): DeploymentRequest {
  const { kind = 'release', target, version, digest, cause, rescue } = order;
  const deployment = deploymentName(target, version, digest, attempt);
  return { kind, target, deployment, version, digest, attempt, cause, ...(rescue && { rescue }) };
}

/** Attempts of one order that reconcile starts by itself. Each is one that failed before it could take its target's lock. */
const ATTEMPTS = 5;

/**
 * Starts an order that must be tried once, however often it is looked at. An execution that ended without a record did not try it:
 * it failed before it took the lock, and its name is used up, so that the next attempt follows.
 * @returns the deployment that was started; undefined: it was tried, it runs, or it failed {@link ATTEMPTS} times
 */
export async function startOnce(order: DeploymentOrder, { ledger, executions }: Ports): Promise<string | undefined> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const request = requestOf(order, attempt);
    const { deployment } = request;
    if ((await ledger.deployment(deployment)) !== undefined) return undefined;
    if ((await executions.start(request)) === 'started') return deployment;
    const before = await executions.status(executions.arn(deployment));
    if (before === undefined || before.running || before.status === 'SUCCEEDED') return undefined;
  }
  return undefined;
}

/** Starts a deployment, or lets it wait behind the one that holds the target's lock. `exists`: its name was used already. */
export async function startOrQueue(
  request: DeploymentRequest,
  { ledger, executions }: Ports,
): Promise<Begun['outcome'] | 'exists'> {
  const holder = await ledger.lock(request.target);
  if (holder?.deployment !== undefined) {
    const queued = await ledger.enqueue(request, holder, request.deployment);
    if (queued !== 'lock moved') return queued;
  }
  return executions.start(request);
}

/** Whether a deployment of this name was, is or will be. One that waits behind another may have neither record nor execution yet. */
async function isUsed({ target, deployment }: DeploymentRequest, { ledger, executions }: Ports): Promise<boolean> {
  if ((await ledger.deployment(deployment)) !== undefined) return true;
  if ((await ledger.waiting(target))?.deployment === deployment) return true;
  return (await executions.status(executions.arn(deployment))) !== undefined;
}
