import type { Approval } from '#core/contract/approval.ts';
import type { Lock } from '#core/contract/ledger.ts';
import { LIVE_SLOT, type TargetMetrics } from '#core/contract/metrics.ts';
import { targetOf } from '#core/contract/settings.ts';
import type { Target } from '#core/contract/target.ts';
import type { Approvals, Clock, Ledger, SettingsStore } from '#core/ports.ts';

interface Ports {
  readonly ledger: Pick<Ledger, 'head' | 'lock'>;
  readonly approvals: Pick<Approvals, 'approval'>;
  readonly settings: Pick<SettingsStore, 'all'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly report: (target: Target, metrics: TargetMetrics) => void;
  readonly warn: (message: string) => void;
}

/**
 * Tells CloudWatch once a minute which slot of each target is live, so that alarms follow the role and not the slot, and
 * whether the target is frozen. Changes nothing. A target of which nothing can be read is left out, and its alarms say
 * that they have no data; the others have their turn.
 */
export async function reportTargets({ settings, report, warn, ...ports }: Ports): Promise<readonly Target[]> {
  const reported: Target[] = [];
  for (const entry of await settings.all()) {
    if ('error' in entry) {
      warn(`settings of ${entry.target} cannot be read, so nothing is reported of it: ${entry.error}`);
      continue;
    }
    const target = targetOf(entry.settings);
    try {
      report(target, await metricsOf(target, ports));
      reported.push(target);
    } catch (error) {
      warn(`nothing is reported of ${target}: ${String(error)}`);
    }
  }
  return reported;
}

async function metricsOf(
  target: Target,
  { ledger, approvals, clock }: Pick<Ports, 'ledger' | 'approvals' | 'clock'>,
): Promise<TargetMetrics> {
  const [{ live, frozen }, lock] = await Promise.all([ledger.head(target), ledger.lock(target)]);
  const approval = lock?.deployment === undefined ? undefined : await approvals.approval(lock.deployment);
  return {
    LiveSlot: LIVE_SLOT[live?.slot ?? 'none'],
    Frozen: frozen === undefined ? 0 : 1,
    DeploymentSeconds: secondsUnderWay(lock, approval, clock.now()),
  };
}

/** A person may take days: the time counts from their answer on, and not before it. */
function secondsUnderWay(lock: Lock | undefined, approval: Approval | undefined, now: string): number {
  if (lock?.deployment === undefined) return 0;
  if (approval !== undefined && approval.decision === undefined) return 0;
  return Math.max(0, Math.round((Date.parse(now) - Date.parse(approval?.decision?.at ?? lock.at)) / 1000));
}
