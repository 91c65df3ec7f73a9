import * as z from 'zod';
import { nextLookSeconds, planSeconds, secondsWaited } from '#core/contract/budget.ts';
import { milliseconds, seconds } from '#core/contract/duration.ts';
import { MigrationPlan } from '#core/contract/release.ts';
import type { Settings } from '#core/contract/settings.ts';
import type { CheckTask, Context, TaskPurpose } from '#core/contract/states.ts';
import { addedRecords, deviation, plannedRecords } from '#core/domain/applied-migrations.ts';
import { judgeMigrations } from '#core/domain/migration-gate.ts';
import { planned } from '#core/domain/planned.ts';
import { judgeMigrationEnd } from '#core/domain/task-end.ts';
import type { Clock, Ledger, TargetDatabase, TaskRunner, TaskStatus } from '#core/ports.ts';

/** The fact `recorded-migrations`. */
const RecordedBefore = z.object({ migrations: z.array(z.string()) });

type Output = z.infer<typeof CheckTask.output>;
type Stopped = Extract<TaskStatus, { state: 'stopped' }>;

/** Looks after which a task that ECS does not show is given up: RunTask's answer and DescribeTasks agree within seconds. */
const LOOKS_FOR_MISSING = 20;
/** The awslogs driver sends in batches; a line may arrive this long after the task has stopped. */
const LOGS_ARRIVE_WITHIN_MS = 15_000;

/** How long the first look lasts at most. */
const PATIENCE_MS = 4_000;

interface Ports {
  readonly ledger: Ledger;
  readonly database: TargetDatabase;
  readonly tasks: TaskRunner;
  readonly clock: Clock;
}

/** Looks how a task stands and, when it has ended, what its end means. */
export async function checkTask(input: z.infer<typeof CheckTask.input>, ports: Ports): Promise<Output> {
  const { context, purpose, taskArn, looks } = input;
  const plan = planned(await ports.ledger.deployment(context.deployment), context.deployment);
  const status = await look(plan.settings, taskArn, looks, ports);
  if (status.state === 'missing')
    return looks < LOOKS_FOR_MISSING
      ? { outcome: 'running', waitSeconds: nextLookSeconds(looks) }
      : forgotten(purpose, taskArn);
  if (status.state === 'running') {
    const { migrate } = plan.settings;
    const most = purpose === 'plan' ? planSeconds(migrate) : seconds(migrate.timeout);
    if (isOverdue(status, looks, most, ports.clock))
      await ports.tasks.stop(
        plan.settings,
        taskArn,
        `longer than the ${most} s that it has (settings.migrate.timeout)`,
      );
    return { outcome: 'running', waitSeconds: nextLookSeconds(looks) };
  }
  switch (purpose) {
    case 'plan':
      return judgePlan(input, status, ports, plan);
    case 'migrate':
      return judgeMigration(context, status, ports, plan);
    default:
      return purpose satisfies never;
  }
}

/** One look; the first one goes on looking for a few seconds, so that a quick task costs no whole second of waiting. */
async function look(settings: Settings, taskArn: string, looks: number, { tasks, clock }: Ports): Promise<TaskStatus> {
  const until = Date.parse(clock.now()) + (looks === 1 ? PATIENCE_MS : 0);
  for (;;) {
    const status = await tasks.status(settings, taskArn);
    if (status.state === 'stopped' || Date.parse(clock.now()) >= until) return status;
    await clock.sleep(milliseconds(settings.poll));
  }
}

function forgotten(purpose: TaskPurpose, taskArn: string): Output {
  const reason = `ECS no longer knows the task ${taskArn}, so how it ended cannot be told.`;
  return { outcome: purpose === 'migrate' ? 'needs person' : 'failed', reason };
}

/** Of a task whose container has not started, the waits between the looks are its time: it must not wait for ever to be placed. */
function isOverdue(
  { since }: Extract<TaskStatus, { state: 'running' }>,
  looks: number,
  most: number,
  clock: Clock,
): boolean {
  const took = since === undefined ? secondsWaited(looks) : (Date.parse(clock.now()) - Date.parse(since)) / 1000;
  return took > most;
}

type Plan = ReturnType<typeof planned>;

async function judgePlan(
  { context, looks }: z.infer<typeof CheckTask.input>,
  status: Stopped,
  { ledger, clock }: Ports,
  { deployable, settings }: Plan,
): Promise<Output> {
  if (status.exitCode !== 0) return { outcome: 'failed', reason: describe('plan', status) };
  const printed = readPlan(status.lastLines);
  if (printed === undefined) {
    const since = Date.parse(clock.now()) - Date.parse(status.stopped);
    if (since < LOGS_ARRIVE_WITHIN_MS) return { outcome: 'running', waitSeconds: nextLookSeconds(looks) };
    return {
      outcome: 'failed',
      reason: `The migration plan's last line is no migration plan: ${status.lastLines.at(-1) ?? '(nothing was printed)'}`,
    };
  }
  const verdict = judgeMigrations(printed, settings.migrate);
  if (verdict.outcome === 'refused') return verdict;
  await ledger.saveFact(context, { kind: 'migration-plan', deployable, detail: { ...printed } }, 'migration plan read');
  return verdict;
}

function readPlan(lines: readonly string[]): MigrationPlan | undefined {
  try {
    const parsed = MigrationPlan.safeParse(JSON.parse(lines.at(-1) ?? ''));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

async function judgeMigration(context: Context, status: Stopped, ports: Ports, plan: Plan): Promise<Output> {
  const end = judgeMigrationEnd(status);
  const { applied, otherwise } = await compare(context, end === 'succeeded', ports, plan);
  if (otherwise !== undefined)
    return {
      outcome: 'needs person',
      reason: end === 'succeeded' ? otherwise : `${describe('migrate', status)} ${otherwise}`,
    };
  switch (end) {
    case 'succeeded': {
      // What the migration made has the rights of what is made by anybody: now it gets its own.
      const prepared = plan.settings.database === undefined ? undefined : await ports.database.prepare(plan.settings);
      if (prepared !== undefined && 'refused' in prepared)
        return {
          outcome: 'failed',
          reason: `The migration ended well, and the rights on what it made could not be given: ${prepared.refused}`,
        };
      await ports.ledger.saveFact(
        context,
        { kind: 'migration', deployable: plan.deployable, detail: { exitCode: 0, ...(applied && { applied }) } },
        'migration task ended with exit code 0',
      );
      return { outcome: 'succeeded' };
    }
    case 'busy':
      return { outcome: 'busy', waitSeconds: 5 };
    case 'failed':
      return { outcome: 'failed', reason: describe('migrate', status) };
    case 'needs person':
      return {
        outcome: 'needs person',
        reason: `${describe('migrate', status)} What it left in the schema must be looked at by a person.`,
      };
    default:
      return end satisfies never;
  }
}

/**
 * What the framework's table says that the migration applied, and in `otherwise` why a person must look at it: it did not do
 * what was planned, or that cannot be told. Neither where the settings name no such table.
 */
async function compare(
  { deployment }: Context,
  complete: boolean,
  { ledger, database }: Ports,
  { settings }: Plan,
): Promise<{ readonly applied?: readonly string[]; readonly otherwise?: string }> {
  if (settings.database?.migrations === undefined) return {};
  const facts = await ledger.facts(deployment);
  const before = RecordedBefore.parse(facts['recorded-migrations']?.detail).migrations;
  const recorded = await database.recordedMigrations(settings);
  if ('refused' in recorded)
    return { otherwise: `What the migration applied cannot be compared with the plan: ${recorded.refused}` };
  const both = { before, after: recorded.migrations };
  const records = plannedRecords(facts);
  const otherwise = records && deviation(records, both, { complete });
  return { applied: addedRecords(both), ...(otherwise !== undefined && { otherwise }) };
}

function describe(purpose: TaskPurpose, { exitCode, started, reason, lastLines }: Stopped): string {
  const what = {
    plan: 'Planning the migrations',
    migrate: 'The migration',
  }[purpose];
  const how = started
    ? exitCode === undefined
      ? 'stopped without an exit code'
      : `ended with exit code ${exitCode}`
    : 'never started';
  const lines = lastLines.length === 0 ? '' : ` Last lines: ${lastLines.slice(-5).join(' | ')}`;
  return `${what} ${how}${reason === '' ? '' : ` (${reason})`}.${lines}`;
}
