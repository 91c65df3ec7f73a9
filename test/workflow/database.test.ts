import { describe, expect, test } from 'vitest';
import type { Behaviour } from '../fakes/behaviour.ts';
import { Workflow } from './harness.ts';

const MIGRATION = { name: 'board.0002_author', compatible: 'yes', why: 'adds a nullable column' } as const;
const OTHER = { name: 'board.0003_place', compatible: 'yes', why: 'adds a nullable column' } as const;

async function withFirstRelease(): Promise<Workflow> {
  const workflow = new Workflow();
  const ending = await workflow.deploy(workflow.world.push('v1.0.0'));
  expect(ending, JSON.stringify(ending)).toMatchObject({ status: 'SUCCEEDED', last: 'Done' });
  return workflow;
}

describe('the database', () => {
  test('is prepared by Farol before anything of a release runs, each time, and the ledger says what it changed', async () => {
    const workflow = await withFirstRelease();
    const ending = await workflow.deploy(workflow.world.push('v1.1.0'));
    expect(ending.visited.indexOf('Prepare database')).toBeLessThan(ending.visited.indexOf('Plan migrations'));
    expect(workflow.world.prepared).toBe(2);
    const prepared = workflow.ledger.entries.filter(({ type }) => type === 'database prepared');
    expect(prepared).toMatchObject([{ facts: { statements: 12 } }]);
  });

  test('is prepared once more after a migration: what that made has no rights of its own yet', async () => {
    const workflow = await withFirstRelease();
    const before = workflow.world.prepared;
    const migrations = [{ name: 'board.0002_likes', compatible: 'yes', why: 'additive' }] as const;
    expect(await workflow.deploy(workflow.world.push('v1.1.0', { migrations: [...migrations] }))).toMatchObject({
      status: 'SUCCEEDED',
    });
    expect(workflow.world.prepared).toBe(before + 2);
  });

  test('whose rights cannot be given after a migration takes no candidate of it', async () => {
    const workflow = await withFirstRelease();
    workflow.beforeInvoke = (name, payload) => {
      if (name === '${CheckTaskFunction}' && JSON.stringify(payload).includes('"purpose":"migrate"'))
        workflow.world.databaseRefuses = 'must be owner of table django_migrations';
    };
    const migrations = [{ name: 'board.0002_likes', compatible: 'yes', why: 'additive' }] as const;
    expect(await workflow.deploy(workflow.world.push('v1.1.0', { migrations: [...migrations] }))).toMatchObject({
      error: 'rolled back',
      cause: expect.stringContaining('rights on what it made could not be given: must be owner'),
    });
    expect(workflow.world.slots.green.tasks).toEqual([]);
  });

  test('that cannot be prepared ends the deployment with nothing changed', async () => {
    const workflow = await withFirstRelease();
    const before = workflow.world.actions.length;
    workflow.world.databaseRefuses = 'This server has no role rds_iam.';
    const ending = await workflow.deploy(workflow.world.push('v1.1.0'));
    expect(ending).toMatchObject({ status: 'FAILED', error: 'refused' });
    expect(ending).toMatchObject({ cause: expect.stringContaining('could not be prepared, and is as it was') });
    expect(ending).toMatchObject({ cause: expect.stringContaining('has no role rds_iam') });
    expect(ending.visited).not.toContain('Plan migrations');
    expect(workflow.world.actions).toHaveLength(before);
    workflow.world.databaseRefuses = undefined;
    const next = await workflow.deploy(workflow.world.push('v1.2.0'));
    expect(next).toMatchObject({ status: 'SUCCEEDED', last: 'Done' });
  });

  test('is left alone where the target has none', async () => {
    const { database: _none, ...settings } = new Workflow().settings;
    const workflow = new Workflow(settings);
    Reflect.deleteProperty(workflow.settings, 'database');
    workflow.world.publish(workflow.settings);
    const ending = await workflow.deploy(workflow.world.push('v1.0.0'));
    expect(ending).toMatchObject({ status: 'SUCCEEDED', last: 'Done' });
  });
});

describe('what a migration applied', () => {
  async function migrated(behaviour: Behaviour) {
    const workflow = await withFirstRelease();
    workflow.world.recorded.add('board.0001_initial');
    const ending = await workflow.deploy(workflow.world.push('v1.1.0', behaviour));
    return { workflow, ending, frozen: (await workflow.ledger.head('web/production')).frozen };
  }

  test('and was planned goes on, and the ledger has the names', async () => {
    const { workflow, ending } = await migrated({ migrations: [MIGRATION] });
    expect(ending).toMatchObject({ status: 'SUCCEEDED', last: 'Done' });
    const facts = await workflow.ledger.facts(workflow.ledger.entries.at(-1)?.deployment ?? '');
    expect(facts.migration?.detail).toEqual({ exitCode: 0, applied: [MIGRATION.name] });
  });

  test('is compared by what is recorded: a squashed migration by those that it replaces', async () => {
    const records = ['board.0002_a', 'board.0002_b', MIGRATION.name];
    const { ending } = await migrated({ migrations: [MIGRATION], records });
    expect(ending).toMatchObject({ status: 'SUCCEEDED', last: 'Done' });
  });

  test.each<[string, Behaviour, string]>([
    [
      'more than was planned',
      { migrations: [MIGRATION], applies: [MIGRATION.name, OTHER.name] },
      'applied without having been planned: board.0003_place',
    ],
    [
      'something else than was planned',
      { migrations: [MIGRATION], applies: [OTHER.name] },
      'planned and not applied: board.0002_author',
    ],
    [
      'less than was planned, and said that it went well',
      { migrations: [MIGRATION, OTHER], applies: [MIGRATION.name] },
      'planned and not applied: board.0003_place',
    ],
    [
      'more than was planned, and failed',
      { migrations: [MIGRATION], applies: [OTHER.name], migrationExits: [1] },
      'applied without having been planned: board.0003_place',
    ],
  ])('%s freezes the target, for a person to look', async (_name, behaviour, said) => {
    const { workflow, ending, frozen } = await migrated(behaviour);
    expect(ending).toMatchObject({ status: 'FAILED', error: 'frozen', cause: expect.stringContaining(said) });
    expect(frozen?.reason).toContain('did something else than was planned');
    expect(workflow.world.servesEverything()).toBe(true);
    expect((await workflow.ledger.head('web/production')).live?.deployable.version).toBe('v1.0.0');
  });

  test('of a part, by a migration that then failed as planned, is rolled back and not frozen', async () => {
    const { ending, frozen } = await migrated({
      migrations: [MIGRATION, OTHER],
      applies: [MIGRATION.name],
      migrationExits: [1],
    });
    expect(ending).toMatchObject({ status: 'FAILED', error: 'rolled back' });
    expect(frozen).toBeUndefined();
  });

  test('is not asked where the settings name no table', async () => {
    const workflow = new Workflow({ database: { function: 'farol-database-web-production' } });
    await workflow.deploy(workflow.world.push('v1.0.0'));
    const ending = await workflow.deploy(
      workflow.world.push('v1.1.0', { migrations: [MIGRATION], applies: [OTHER.name] }),
    );
    expect(ending).toMatchObject({ status: 'SUCCEEDED', last: 'Done' });
  });
});
