import { describe, expect, test } from 'vitest';
import { Settings } from '#core/contract/settings.ts';
import { settingsOf } from '../../../../fixtures/settings.ts';

const own = settingsOf('web', 'staging');
const other = settingsOf('web', 'production');

/** Where the settings are refused, each with its sentence. */
function refusals(settings: unknown): string[] {
  const { error } = Settings.safeParse(settings);
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

test('a target’s own names are accepted', () => {
  expect(refusals(own)).toEqual([]);
  expect(refusals(other)).toEqual([]);
});

describe('staging’s settings that name what is production’s are refused:', () => {
  const infrastructure = (change: Partial<Settings['infrastructure']>) => ({
    ...own,
    infrastructure: { ...own.infrastructure, ...change },
  });
  const { infrastructure: there, tasks, database } = other;
  test.each<[string, unknown]>([
    ['infrastructure.cluster', infrastructure({ cluster: there.cluster })],
    ['infrastructure.loadBalancer', infrastructure({ loadBalancer: there.loadBalancer })],
    ['infrastructure.productionListener', infrastructure({ productionListener: there.productionListener })],
    [
      'infrastructure.slots.blue.targetGroup',
      infrastructure({ slots: { ...own.infrastructure.slots, blue: there.slots.blue } }),
    ],
    [
      'infrastructure.slots.green.targetGroup',
      infrastructure({ slots: { ...own.infrastructure.slots, green: own.infrastructure.slots.blue } }),
    ],
    ['infrastructure.prober', infrastructure({ prober: 'farol-probe-web-production' })],
    ['infrastructure.executionRole', infrastructure({ executionRole: there.executionRole })],
    ['infrastructure.taskRole', infrastructure({ taskRole: there.taskRole })],
    ['infrastructure.logGroup', infrastructure({ logGroup: there.logGroup })],
    [
      'infrastructure.repositoryUri',
      infrastructure({ repositoryUri: '111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop' }),
    ],
    ['tasks.migrate.taskRole', { ...own, tasks: { ...own.tasks, migrate: tasks.migrate } }],
    [
      'tasks.plan.taskRole',
      { ...own, tasks: { ...own.tasks, plan: { ...own.tasks.plan, taskRole: tasks.plan.taskRole } } },
    ],
    [
      'tasks.plan.executionRole',
      { ...own, tasks: { ...own.tasks, plan: { ...own.tasks.plan, executionRole: tasks.plan.executionRole } } },
    ],
    ['database.function', { ...own, database }],
    ['repository', { ...own, repository: 'shop' }],
  ])('%s', (path, settings) => {
    expect(refusals(settings)).toEqual([
      expect.stringMatching(new RegExp(`^${path}: .* is not of web/staging: it must `)),
    ]);
  });
});

describe('a role that only looks like the target’s own is refused:', () => {
  test.each([
    ['of another account', own.infrastructure.taskRole.replace('111122223333', '999900001111')],
    ['with more behind its name', `${own.infrastructure.taskRole}-2`],
    ['below a path', own.infrastructure.taskRole.replace('role/', 'role/other/')],
    ['the migration’s in place of the application’s', own.tasks.migrate.taskRole],
    ['a user', own.infrastructure.taskRole.replace('role/', 'user/')],
  ])('%s', (_what, taskRole) => {
    expect(refusals({ ...own, infrastructure: { ...own.infrastructure, taskRole } })).toEqual([
      expect.stringContaining('infrastructure.taskRole'),
    ]);
  });
});

describe('secrets', () => {
  const withSecret = (value: string) => ({ ...own, services: [{ ...own.services[0], secrets: { KEY: value } }] });
  const secret = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:farol/web';

  test.each([
    `${secret}/staging/secret-key-AbCdEf`,
    `${secret}/staging/mail-AbCdEf:password::`,
    'arn:aws:ssm:eu-west-1:111122223333:parameter/farol/web/staging/key',
  ])('of the target’s own are taken: %s', (value) => {
    expect(refusals(withSecret(value))).toEqual([]);
  });

  test.each([
    `${secret}/production/secret-key-AbCdEf`,
    `${secret}/staging-2/secret-key-AbCdEf`,
    'arn:aws:secretsmanager:eu-west-1:999900001111:secret:farol/web/staging/key-AbCdEf',
    'arn:aws:ssm:eu-west-1:111122223333:parameter/farol/targets/web/staging',
    'farol/web/staging/secret-key',
  ])('of others are refused: %s', (value) => {
    expect(refusals(withSecret(value))).toEqual([expect.stringMatching(/^services\.0\.secrets\.KEY: /)]);
  });
});
