import { seconds } from '../contract/duration.ts';
import type { Settings } from '../contract/settings.ts';
import type { TaskPurpose } from '../contract/states.ts';

type Own = Settings['tasks']['migrate'];

/** What the settings give a task, beside what every task of a release gets. */
export type TaskContent = Pick<Own, 'environment' | 'secrets' | 'taskRole'>;

/**
 * What the plan finds in a variable that is one of the service's secrets: an application that asks for the variable when it
 * starts still starts, and what it signs or opens with it is worth nothing.
 */
export const WITHHELD = 'withheld-from-the-migration-plan';

/**
 * Variables, secrets and role of the task that serves (`web`) or of a run-once task, whose own variables stand in place of
 * the service's: ECS refuses a task definition with one name among both variables and secrets. The plan is given no secret
 * of the service (I18).
 */
export function taskContent({ services, tasks, infrastructure }: Settings, kind: TaskPurpose | 'web'): TaskContent {
  const [service] = services;
  if (service === undefined) throw new Error('settings.services is empty');
  if (kind === 'web') return { ...service, taskRole: infrastructure.taskRole };
  const own = tasks[kind];
  const given = kind === 'plan' ? {} : service.secrets;
  const withheld = kind === 'plan' ? mapped(service.secrets, WITHHELD) : {};
  return {
    environment: { ...without({ ...service.environment, ...withheld }, own.secrets), ...own.environment },
    secrets: { ...without(given, own.environment), ...own.secrets },
    taskRole: own.taskRole,
  };
}

function mapped(variables: Own['environment'], value: string): Own['environment'] {
  return Object.fromEntries(Object.keys(variables).map((name) => [name, value]));
}

function without(variables: Own['environment'], names: Own['environment']): Own['environment'] {
  return Object.fromEntries(Object.entries(variables).filter(([name]) => !(name in names)));
}

/** How many milliseconds a statement of a migration may wait for a lock. */
export function lockTimeoutMs({ migrate }: Settings): number {
  return Math.round(seconds(migrate.lockTimeout) * 1000);
}
