import type * as z from 'zod';
import type { CheckStep } from '#core/contract/states.ts';
import { healthyPlaced } from '#core/domain/converge-plan.ts';
import { planned } from '#core/domain/planned.ts';
import { linesIfAny, withLastLines } from '#core/domain/sentence.ts';
import { healthyNeeded } from '#core/domain/traffic-plan.ts';
import { judgeStep } from '#core/domain/verdict.ts';
import type { Clock, Ledger, SlotControl, TrafficMetrics } from '#core/ports.ts';

interface Ports {
  readonly ledger: Ledger;
  readonly slots: SlotControl;
  readonly metrics: TrafficMetrics;
  readonly clock: Clock;
}

/** Judges the candidate under its share of the traffic: errors since the step began, tasks that are healthy or ended by themselves, smoke again. */
export async function checkStep(
  { context, weight, since, smoke }: z.infer<typeof CheckStep.input>,
  { ledger, slots, metrics, clock }: Ports,
): Promise<z.infer<typeof CheckStep.output>> {
  if (smoke.outcome === 'superseded' || smoke.outcome === 'error') return smoke;
  const { settings, candidate } = planned(await ledger.deployment(context.deployment), context.deployment);
  const [observed, intent, counts] = await Promise.all([
    slots.observe(settings),
    ledger.intent(context.target),
    metrics.counts(settings, candidate, since, clock.now()),
  ]);
  const filled = intent?.slots[candidate];
  if (filled?.state !== 'filled') throw new Error(`the intent of ${context.deployment} does not fill ${candidate}`);
  const crashes = observed.slots[candidate].crashes.filter(
    ({ taskDefinition }) => taskDefinition === filled.taskDefinition,
  );
  const verdict = judgeStep(
    {
      candidate: counts,
      healthyTasks: healthyPlaced(filled, observed.slots[candidate]),
      neededTasks: healthyNeeded(weight, filled.desired),
      crashes: crashes.map(({ reason }) => reason),
      smoke:
        smoke.outcome === 'pass'
          ? { outcome: 'pass', checks: smoke.checks, reason: '' }
          : { outcome: 'fail', checks: 0, reason: smoke.reason },
    },
    { ...settings.analysis, crashes: settings.candidate.crashes },
  );
  if (verdict.outcome !== 'fail' || crashes.length === 0) return verdict;
  return withLastLines(verdict, await linesIfAny(() => slots.lastLines(settings, filled.taskDefinition)));
}
