import { expect, test } from 'vitest';
import { taskDefinition } from '#aws/task-definition.ts';
import type { Settings } from '#core/contract/settings.ts';
import { SETTINGS } from '../../../fixtures/settings.ts';
import { release } from './releases.ts';

const ROLE = 'arn:aws:iam::111122223333:role/farol-web-production-';

function settings(): Settings {
  const [service] = SETTINGS.services;
  if (service === undefined) throw new Error('the fixture has no service');
  const as = (user: string, role: string) => ({
    environment: { DATABASE_USER: user },
    secrets: { PASSWORD: `arn:of-${user}` },
    taskRole: `${ROLE}${role}-eu-west-1`,
  });
  return {
    ...SETTINGS,
    services: [
      { ...service, environment: { DATABASE_USER: 'application', HOST: 'overwritten' }, secrets: { KEY: 'arn:key' } },
    ],
    tasks: { migrate: as('migrator', 'migration'), plan: { ...SETTINGS.tasks.plan, ...as('planner', 'plan') } },
  };
}

test.each([
  ['web', 'application', 'task', 'execution', ['arn:key']],
  ['plan', 'planner', 'plan', 'plan-execution', ['arn:of-planner']],
  ['migrate', 'migrator', 'migration', 'execution', ['arn:key', 'arn:of-migrator']],
] as const)('a task that is to %s comes to the database as %s', (kind, user, role, executionRole, secrets) => {
  const made = taskDefinition({
    settings: settings(),
    release: release('v1.0.0'),
    kind,
    command: ['run'],
    deployment: 'web-production-v1_0_0-1',
  });
  expect(made).toMatchObject({
    family: `web-production-${kind}`,
    taskRoleArn: `${ROLE}${role}-eu-west-1`,
    executionRoleArn: `${ROLE}${executionRole}-eu-west-1`,
  });
  const [container] = made.containerDefinitions ?? [];
  const environment = new Map(container?.environment?.map(({ name, value }) => [name, value]));
  expect(environment.get('DATABASE_USER')).toBe(user);
  // What belongs to every task of a release is no setting's to change.
  expect(environment.get('HOST')).toBe('0.0.0.0');
  expect(container?.secrets?.map(({ valueFrom }) => valueFrom)).toEqual(secrets);
});
