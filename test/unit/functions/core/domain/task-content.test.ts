import { describe, expect, test } from 'vitest';
import type { Settings } from '#core/contract/settings.ts';
import { taskContent, WITHHELD } from '#core/domain/task-content.ts';
import { SETTINGS } from '../../../../fixtures/settings.ts';

const ROLE = 'arn:aws:iam::111122223333:role/other';

function settings(own: Partial<Settings['tasks']['migrate']> = {}): Settings {
  const [service] = SETTINGS.services;
  if (service === undefined) throw new Error('the fixture has no service');
  return {
    ...SETTINGS,
    services: [{ ...service, environment: { USER: 'application', HOST: 'db' }, secrets: { KEY: 'arn:key' } }],
    tasks: {
      migrate: { environment: {}, secrets: {}, taskRole: ROLE, ...own },
      plan: { ...SETTINGS.tasks.plan, taskRole: ROLE, ...own },
    },
  };
}

describe('what a task is given', () => {
  test('is the service for the task that serves', () => {
    expect(taskContent(settings({ environment: { USER: 'master' } }), 'web')).toMatchObject({
      environment: { USER: 'application', HOST: 'db' },
      taskRole: SETTINGS.infrastructure.taskRole,
    });
  });

  test('is the service with its own in place of what has the same name', () => {
    expect(taskContent(settings({ environment: { USER: 'master' } }), 'migrate')).toEqual({
      environment: { USER: 'master', HOST: 'db' },
      secrets: { KEY: 'arn:key' },
      taskRole: ROLE,
    });
  });

  test('never has one name among both variables and secrets', () => {
    const own = { environment: { KEY: 'in the open' }, secrets: { USER: 'arn:user' } };
    expect(taskContent(settings(own), 'migrate')).toEqual({
      environment: { HOST: 'db', KEY: 'in the open' },
      secrets: { USER: 'arn:user' },
      taskRole: ROLE,
    });
  });

  test('is no secret of the service for the plan, which finds a text in its place', () => {
    expect(taskContent(settings({ secrets: { PASSWORD: 'arn:planner' } }), 'plan')).toEqual({
      environment: { USER: 'application', HOST: 'db', KEY: WITHHELD },
      secrets: { PASSWORD: 'arn:planner' },
      taskRole: ROLE,
    });
  });

  test('is no secret of the service for the plan, whatever its own are called', () => {
    const own = { environment: { KEY: 'in the open' }, secrets: { USER: 'arn:user' } };
    expect(taskContent(settings(own), 'plan')).toEqual({
      environment: { HOST: 'db', KEY: 'in the open' },
      secrets: { USER: 'arn:user' },
      taskRole: ROLE,
    });
  });
});
