import { seconds } from '../contract/duration.ts';
import type { Settings } from '../contract/settings.ts';
import type { TaskPurpose } from '../contract/states.ts';
import { settingsHash } from './ledger-chain.ts';

type Own = Settings['tasks']['migrate'];

/** What the settings give a task, beside what every task of a release gets. */
export type TaskContent = Pick<Own, 'environment' | 'secrets' | 'taskRole'>;

/**
 * Variables, secrets and role of the task that serves (`web`) or of a run-once task, whose own variables stand in place of
 * the service's: ECS refuses a task definition with one name among both variables and secrets.
 */
export function taskContent({ services, tasks, place }: Settings, kind: TaskPurpose | 'web'): TaskContent {
  const [service] = services;
  if (service === undefined) throw new Error('settings.services is empty');
  if (kind === 'web') return { ...service, taskRole: place.taskRole };
  const own = tasks[kind === 'bootstrap' ? 'bootstrap' : 'migrate'];
  return {
    environment: { ...without(service.environment, own.secrets), ...own.environment },
    secrets: { ...without(service.secrets, own.environment), ...own.secrets },
    taskRole: own.taskRole,
  };
}

function without(variables: Own['environment'], names: Own['environment']): Own['environment'] {
  return Object.fromEntries(Object.entries(variables).filter(([name]) => !(name in names)));
}

/** How long a statement of a migration may wait for a lock, as the application is told. */
export function lockTimeoutMs({ migrate }: Settings): string {
  return String(Math.round(seconds(migrate.lockTimeout) * 1000));
}

/** What a bootstrap depends on, the image aside: the same fingerprint need not be run twice. */
export function bootstrapFingerprint(command: readonly string[], settings: Settings): string {
  return settingsHash({ command, lockTimeout: lockTimeoutMs(settings), ...taskContent(settings, 'bootstrap') });
}
