import type * as z from 'zod';
import type { StartTask } from '#core/contract/states.ts';
import { lackForBootstrap, lackForMigration } from '#core/domain/gates.ts';
import { judgeMigrations } from '#core/domain/migration-gate.ts';
import { planned, releaseOf } from '#core/domain/planned.ts';
import { bootstrapFingerprint } from '#core/domain/task-content.ts';
import type { Ledger, TaskRunner } from '#core/ports.ts';

interface Ports {
  readonly ledger: Ledger;
  readonly tasks: TaskRunner;
}

/**
 * Starts the release's task that prepares the database, or plans or runs its migrations. One task per deployment, purpose
 * and attempt, however often it is called: the token makes RunTask idempotent.
 */
export async function startTask(
  { context, purpose, attempt }: z.infer<typeof StartTask.input>,
  { ledger, tasks }: Ports,
): Promise<z.infer<typeof StartTask.output>> {
  const { deployment } = context;
  const plan = planned(await ledger.deployment(deployment), deployment);
  const { releaseJson, settings } = plan;
  if (purpose === 'bootstrap') {
    const { bootstrapped } = await ledger.head(context.target);
    const done =
      releaseJson.bootstrap === null || bootstrapped === bootstrapFingerprint(releaseJson.bootstrap, settings);
    if (done) return { outcome: 'none' };
    const lack = lackForBootstrap(await ledger.facts(deployment));
    if (lack !== undefined) return { outcome: 'refused', reason: lack };
  } else if (releaseJson.migrate === null) return { outcome: 'none' };
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
    const lack = lackForMigration(plan, await ledger.facts(deployment));
    if (lack !== undefined) return { outcome: 'refused', reason: lack };
    if (attempt > settings.migrate.attempts) {
      return {
        outcome: 'failed',
        reason: `Another migration held the database's lock ${settings.migrate.attempts} times.`,
      };
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
