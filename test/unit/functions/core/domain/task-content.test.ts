import { describe, expect, test } from 'vitest';
import type { Settings } from '#core/contract/settings.ts';
import { bootstrapFingerprint, taskContent } from '#core/domain/task-content.ts';
import { SETTINGS } from '../../../../fixtures/settings.ts';

const ROLE = 'arn:aws:iam::111122223333:role/other';

function settings(bootstrap: Partial<Settings['tasks']['bootstrap']> = {}): Settings {
  const [service] = SETTINGS.services;
  if (service === undefined) throw new Error('the fixture has no service');
  return {
    ...SETTINGS,
    services: [{ ...service, environment: { USER: 'application', HOST: 'db' }, secrets: { KEY: 'arn:key' } }],
    tasks: { ...SETTINGS.tasks, bootstrap: { environment: {}, secrets: {}, taskRole: ROLE, ...bootstrap } },
  };
}

describe('what a task is given', () => {
  test('is the service for the task that serves', () => {
    expect(taskContent(settings({ environment: { USER: 'master' } }), 'web')).toMatchObject({
      environment: { USER: 'application', HOST: 'db' },
      taskRole: SETTINGS.place.taskRole,
    });
  });

  test('is the service with its own in place of what has the same name', () => {
    expect(taskContent(settings({ environment: { USER: 'master' } }), 'bootstrap')).toEqual({
      environment: { USER: 'master', HOST: 'db' },
      secrets: { KEY: 'arn:key' },
      taskRole: ROLE,
    });
  });

  test('never has one name among both variables and secrets', () => {
    const own = { environment: { KEY: 'in the open' }, secrets: { USER: 'arn:user' } };
    expect(taskContent(settings(own), 'bootstrap')).toEqual({
      environment: { HOST: 'db', KEY: 'in the open' },
      secrets: { USER: 'arn:user' },
      taskRole: ROLE,
    });
  });

  test('planning gets what migrating gets', () => {
    expect(taskContent(SETTINGS, 'plan')).toEqual(taskContent(SETTINGS, 'migrate'));
  });
});

describe('the fingerprint of a bootstrap', () => {
  const before = bootstrapFingerprint(['prepare'], settings());

  test.each([
    ['command', bootstrapFingerprint(['prepare', '--more'], settings())],
    ['variable', bootstrapFingerprint(['prepare'], settings({ environment: { USER: 'master' } }))],
    ['secret', bootstrapFingerprint(['prepare'], settings({ secrets: { PASSWORD: 'arn:password' } }))],
    [
      'lock time-out',
      bootstrapFingerprint(['prepare'], {
        ...settings(),
        migrate: { ...SETTINGS.migrate, lockTimeout: '7s' },
      }),
    ],
  ])('changes with its %s', (_what, after) => {
    expect(after).not.toBe(before);
  });

  test('does not change with what it does not depend on', () => {
    expect(bootstrapFingerprint(['prepare'], { ...settings(), capacity: { ...SETTINGS.capacity, max: 9 } })).toBe(
      before,
    );
  });
});
