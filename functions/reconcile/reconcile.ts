import { type Settings, targetOf } from '#core/contract/settings.ts';
import { Target } from '#core/contract/target.ts';
import { compareVersions } from '#core/contract/version.ts';
import type { Approvals, Clock, Executions, Ledger, ReleaseSource, SettingsStore } from '#core/ports.ts';
import { startOnce } from '#core/use-cases/begin-deployment.ts';
import { dispatch } from '#core/use-cases/dispatch.ts';
import { followSettings } from '#core/use-cases/follow-settings.ts';
import { offerPromotion } from '#core/use-cases/offer-promotion.ts';
import { recoverUnsettled, startRecovery } from '#core/use-cases/start-recovery.ts';

interface Ports {
  readonly ledger: Ledger;
  readonly approvals: Approvals;
  readonly executions: Executions;
  readonly settings: SettingsStore;
  readonly clock: Clock;
  readonly releases: ReleaseSource;
  readonly warn: (message: string) => void;
}

/** An image younger than this may still have its event under way. */
const EVENT_ARRIVES_WITHIN_MS = 120_000;

export interface Reconciled {
  readonly target: string;
  readonly outcome:
    | 'in order'
    | 'running'
    | 'recovery started'
    | 'dispatched'
    | 'lost push found'
    | 'promotion offered'
    | 'settings changed';
  readonly what?: string;
}

/**
 * Finds what no state machine could end by itself: a lock whose execution was aborted, timed out or failed, an intent that was
 * never found to be true, a deployment left waiting behind a free lock, a warm slot whose time is over, a push or a change of
 * settings whose event was lost (events of ECR and SSM are best effort: EventBridge, "Events from AWS services"), settings
 * that changed while another deployment ran, a release that is live where another target is promoted from, an answer that woke no deployment. Changes
 * nothing while an execution holds the lock, and repairs only by starting an execution, so that there is one path for
 * every change.
 */
export async function reconcile(ports: Ports): Promise<Reconciled[]> {
  const targets = await ports.settings.all();
  const results: Reconciled[] = [];
  const failures: unknown[] = [];
  for (const entry of targets) {
    const target = 'error' in entry ? entry.target : targetOf(entry.settings);
    if ('error' in entry)
      ports.warn(`settings of ${target} cannot be read, so nothing new is deployed there: ${entry.error}`);
    // A parameter that lies there and is no target's has nothing to be repaired.
    if (!Target.safeParse(target).success) continue;
    try {
      const found = await repair(target, ports);
      if (found !== undefined) results.push({ target, ...found });
      else if ('settings' in entry) results.push({ target, ...(await renew(target, entry.settings, ports)) });
    } catch (error) {
      failures.push(error);
      ports.warn(`${target} could not be reconciled: ${String(error)}`);
    }
  }
  // Told after every target had its turn: the invocation fails, is retried, and its failure alarms.
  if (failures.length > 0) throw new AggregateError(failures, `${failures.length} targets could not be reconciled`);
  return results;
}

/** What was left behind. It is told by the ledger alone, so that settings that cannot be read keep nothing from being repaired. */
async function repair(target: Target, ports: Ports): Promise<Omit<Reconciled, 'target'> | undefined> {
  const { ledger, executions, clock } = ports;
  const lock = await ledger.lock(target);
  if (lock?.deployment !== undefined && lock.executionArn !== undefined) {
    const status = await executions.status(lock.executionArn);
    if (status?.running === true) {
      await wakeAnswered(lock.deployment, ports);
      return { outcome: 'running', what: lock.deployment };
    }
    const cause = `The execution of ${lock.deployment} ended ${status?.status ?? 'and is gone'} while it held the lock.`;
    return { outcome: 'recovery started', what: await startRecovery(target, lock, cause, ports) };
  }
  const recovery = await recoverUnsettled(target, ports);
  if (recovery !== undefined) return { outcome: 'recovery started', what: recovery };
  const next = await dispatch(target, ports);
  if (next !== undefined) return { outcome: 'dispatched', what: next };
  const { warm, frozen } = await ledger.head(target);
  if (frozen === undefined && warm !== undefined && warm.until <= clock.now() && lock !== undefined) {
    const cause = `The warm time of ${warm.deployable.version} is over.`;
    return { outcome: 'recovery started', what: await startRecovery(target, lock, cause, ports) };
  }
  return undefined;
}

/** What is new and was not heard of. */
async function renew(target: Target, settings: Settings, ports: Ports): Promise<Omit<Reconciled, 'target'>> {
  const found = await sweep(settings, ports);
  if (found !== undefined) return { outcome: 'lost push found', what: found };
  const offered = await offerPromotion(settings, ports);
  if (offered !== undefined) return { outcome: 'promotion offered', what: offered };
  const followed = await followSettings(settings, ports);
  return followed.outcome === 'started'
    ? { outcome: 'settings changed', what: followed.what }
    : { outcome: 'in order' };
}

/** Wakes a deployment whose question was answered and that the answer did not wake: it would wait for its time-out. */
async function wakeAnswered(deployment: string, { approvals, executions }: Ports): Promise<void> {
  const approval = await approvals.approval(deployment);
  if (approval?.decision !== undefined) await executions.wake(approval.taskToken);
}

/** Starts what the registry holds and no event announced; the deployment's name keeps a late event from starting it twice. */
async function sweep(settings: Settings, { ledger, executions, releases, clock }: Ports): Promise<string | undefined> {
  if (settings.source !== 'push') return undefined;
  const newest = await releases.newest(settings.repository);
  if (newest === undefined || Date.parse(clock.now()) - Date.parse(newest.pushed) < EVENT_ARRIVES_WITHIN_MS)
    return undefined;
  const target = targetOf(settings);
  const { version, digest } = newest;
  const { live } = await ledger.head(target);
  if (live !== undefined && compareVersions(version, live.deployable.version) <= 0) return undefined;
  const cause = `sweep found ${settings.repository}:${version} in the registry`;
  return startOnce({ target, version, digest, cause }, { ledger, executions });
}
