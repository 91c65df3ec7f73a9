import type * as z from 'zod';
import type { StartTask } from '#core/contract/states.ts';
import { missingForMigration, missingForPlan } from '#core/domain/gates.ts';
import { judgeMigrations } from '#core/domain/migration-gate.ts';
import { planned, releaseOf } from '#core/domain/planned.ts';
import type { Ledger, TargetDatabase, TaskRunner } from '#core/ports.ts';

interface Ports {
  readonly ledger: Ledger;
  readonly database: TargetDatabase;
  readonly tasks: TaskRunner;
}

/**
 * Starts the release's task that plans or runs its migrations. One task per deployment, purpose and attempt, however often
 * it is called: the token makes RunTask idempotent. Before a migration, what is recorded as applied is written down.
 */
export async function startTask(
  { context, purpose, attempt }: z.infer<typeof StartTask.input>,
  { ledger, database, tasks }: Ports,
): Promise<z.infer<typeof StartTask.output>> {
  const { deployment } = context;
  const plan = planned(await ledger.deployment(deployment), deployment);
  const { releaseJson, settings } = plan;
  if (releaseJson.migrate === null) return { outcome: 'none' };
  const facts = await ledger.facts(deployment);
  const noPlan = purpose === 'plan' ? missingForPlan(plan, facts) : undefined;
  if (noPlan !== undefined) return { outcome: 'refused', reason: noPlan };
  if (purpose === 'plan' && releaseJson.migrationPlan === null) {
    const verdict = judgeMigrations(undefined, settings.migrate);
    if (verdict.outcome === 'refused') return verdict;
    const detail = { unknown: true };
    await ledger.saveFact(
      context,
      { kind: 'migration-plan', deployable: plan.deployable, detail },
      'settings.migrate.unknown allows it',
    );
    return { outcome: 'allowed', reason: 'settings.migrate.unknown allows it' };
  }
  if (purpose === 'migrate') {
    const lack = missingForMigration(plan, facts);
    if (lack !== undefined) return { outcome: 'refused', reason: lack };
    if (attempt > settings.migrate.attempts) {
      return {
        outcome: 'failed',
        reason: `Another migration held the database's lock ${settings.migrate.attempts} times.`,
      };
    }
    // Of the first attempt: whatever comes between two attempts is not of this migration's plan either.
    if (settings.database?.migrations !== undefined && facts['recorded-migrations'] === undefined) {
      const recorded = await database.recordedMigrations(settings);
      if ('refused' in recorded) return { outcome: 'failed', reason: recorded.refused };
      const { deployable } = plan;
      await ledger.saveFact(
        context,
        { kind: 'recorded-migrations', deployable, detail: { migrations: recorded.migrations } },
        'migrations recorded before the first attempt',
      );
    }
  }
  const started = await tasks.start({
    settings,
    release: releaseOf(plan),
    purpose,
    // RunTask's clientToken takes 64 characters, startedBy 128 (ECS API reference).
    token: `${purpose}-${attempt}-${plan.deployable.digest.slice(7, 23)}-${context.token}`,
    startedBy: deployment,
  });
  return 'taskArn' in started
    ? { outcome: 'started', taskArn: started.taskArn }
    : { outcome: 'failed', reason: started.reason };
}
