import type { Head, Lock } from '#core/contract/ledger.ts';
import { LIVE_SLOT, type TargetMetrics } from '#core/contract/metrics.ts';
import { targetOf } from '#core/contract/settings.ts';
import type { Target } from '#core/contract/target.ts';
import type { Clock, Ledger, SettingsStore } from '#core/ports.ts';

interface Ports {
  readonly ledger: Pick<Ledger, 'head' | 'lock'>;
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
export async function reportTargets({ ledger, settings, clock, report, warn }: Ports): Promise<readonly Target[]> {
  const reported: Target[] = [];
  for (const entry of await settings.all()) {
    if ('error' in entry) {
      warn(`settings of ${entry.target} cannot be read, so nothing is reported of it: ${entry.error}`);
      continue;
    }
    const target = targetOf(entry.settings);
    try {
      const [head, lock] = await Promise.all([ledger.head(target), ledger.lock(target)]);
      report(target, metricsOf(head, lock, Date.parse(clock.now())));
      reported.push(target);
    } catch (error) {
      warn(`nothing is reported of ${target}: ${String(error)}`);
    }
  }
  return reported;
}

function metricsOf({ live, frozen }: Head, lock: Lock | undefined, now: number): TargetMetrics {
  return {
    LiveSlot: LIVE_SLOT[live?.slot ?? 'none'],
    Frozen: frozen === undefined ? 0 : 1,
    DeploymentSeconds: lock?.deployment === undefined ? 0 : Math.max(0, Math.round((now - Date.parse(lock.at)) / 1000)),
  };
}
