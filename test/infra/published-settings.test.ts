import { describe, expect, test } from 'vitest';
import { Settings } from '#core/contract/settings.ts';
import { targetNames } from '#core/contract/target-names.ts';
import environments from '../../infra/environments/environments.ts';
import { type EnvironmentTarget, parseEnvironments } from '../../infra/environments/schema.ts';
import { type MadeForTarget, publishedSettings } from '../../infra/published-settings.ts';
import { SETTINGS } from '../fixtures/settings.ts';

const [TARGET] = parseEnvironments(environments).targets;
if (TARGET === undefined) throw new Error('the environments have a target');
const WITHOUT_EDGE: EnvironmentTarget = { ...TARGET, edge: undefined };

const { tasks, infrastructure } = SETTINGS;
const MADE: MadeForTarget = {
  infrastructure,
  hosts: ['internal.example', 'other.example'],
  edge: undefined,
  database: {
    function: targetNames('web', 'production').database,
    environment: { POSTGRES_HOST: 'db.example' },
    application: { POSTGRES_USER: 'application' },
    migrator: { POSTGRES_USER: 'migrator' },
    planner: { POSTGRES_USER: 'planner' },
  },
  secretKey: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:farol/web/production/secret-key-a1b2c3',
  migration: { taskRole: tasks.migrate.taskRole },
  plan: {
    taskRole: tasks.plan.taskRole,
    executionRole: tasks.plan.executionRole,
    securityGroups: ['sg-plan'],
  },
};

describe('published settings', () => {
  test('are settings as functions read them', () => {
    expect(Settings.safeParse(publishedSettings(WITHOUT_EDGE, MADE)).error).toBeUndefined();
  });

  test.each([
    ['the load balancer', {}, {}, 'http://internal.example', 'X-Forwarded-Proto'],
    ['an address', { address: 'https://www.example.com' }, {}, 'https://www.example.com', 'X-Forwarded-Proto'],
    ['what stands before it', { protocolHeader: 'X-Proto' }, {}, 'http://internal.example', 'X-Proto'],
    ['the edge', {}, { edge: { protocolHeader: 'CloudFront-Proto' } }, 'https://internal.example', 'CloudFront-Proto'],
  ])('say how users come: by %s', (_what, target, made, address, protocolHeader) => {
    expect(publishedSettings({ ...WITHOUT_EDGE, ...target }, { ...MADE, ...made })).toMatchObject({
      address,
      protocolHeader,
    });
  });

  test('give each kind of task its own user, and the application all names that it is asked by', () => {
    const { services, tasks: given } = publishedSettings(WITHOUT_EDGE, MADE);
    expect(services[0]?.environment).toEqual({
      POSTGRES_HOST: 'db.example',
      POSTGRES_USER: 'application',
      ALLOWED_HOSTS: 'internal.example,other.example',
    });
    expect(given.migrate.environment).toEqual({ POSTGRES_USER: 'migrator' });
    expect(given.plan).toMatchObject({ environment: { POSTGRES_USER: 'planner' }, securityGroups: ['sg-plan'] });
    expect(given.plan.secrets).toEqual({});
  });

  test('leave the last word to what the environment says', () => {
    const service = { ...TARGET.service, environment: { ALLOWED_HOSTS: '.example', FEATURE: 'on' } };
    const { services } = publishedSettings({ ...WITHOUT_EDGE, service }, MADE);
    expect(services[0]?.environment).toMatchObject({ ALLOWED_HOSTS: '.example', FEATURE: 'on' });
  });
});
