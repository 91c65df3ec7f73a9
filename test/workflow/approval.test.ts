import { describe, expect, test } from 'vitest';
import type { Behaviour } from '../fakes/behaviour.ts';
import { user } from '../fixtures/people.ts';
import { PENDING, TARGET, withLive } from './approvals.ts';
import type { Workflow } from './harness.ts';
import { Aborted } from './interpreter.ts';
import { settle } from './repair.ts';

const DAY_MS = 86_400_000;
/** Ways for a wait to end without an approval, and what is said then. */
const WITHOUT_APPROVAL: readonly [string, (workflow: Workflow) => Promise<void>, string][] = [
  [
    'a rejection',
    async (workflow: Workflow) => void (await workflow.answer('reject', { reason: 'not before the sale' })),
    'Rejected by arn:aws:iam::111122223333:user/ana at',
  ],
  ['no answer', async () => {}, 'The approval expired at'],
  [
    'an answer that comes too late',
    async (workflow: Workflow) => {
      await workflow.clock.sleep(DAY_MS);
      expect(await workflow.answer('approve')).toMatchObject({
        outcome: 'refused',
        sentence: expect.stringContaining('The time to answer'),
      });
    },
    'nobody answered in time',
  ],
  [
    'a wait that ends without an answer in the ledger',
    async (workflow: Workflow) => {
      const [approval] = workflow.ledger.approvals.values();
      expect(await workflow.executions.wake(approval?.taskToken ?? '')).toBe(true);
    },
    'without an answer in the ledger',
  ],
];

describe.each([
  ['nothing to migrate: before traffic', {}, undefined],
  ['something to migrate: before migrating', PENDING, 'migrations-or-traffic'],
  ['nothing to migrate, and anything waits: before the candidate', {}, 'anything'],
  ['something to migrate, and anything waits: before it', PENDING, 'anything'],
] as const)('%s', (_name, behaviour, wanted) => {
  const migrates = behaviour === PENDING;
  const beforeMigrating = migrates || wanted === 'anything';

  test('people are asked while nothing that cannot be undone has happened, and an approval lets it go on', async () => {
    const workflow = await withLive(wanted);
    const { world } = workflow;
    const before = world.actions.length;
    let waited = 0;
    workflow.whileWaiting = async () => {
      waited += 1;
      expect(world.weights).toEqual({ blue: 100, green: 0 });
      expect(world.actions.length === before).toBe(beforeMigrating);
      expect(world.healthy('green')).toBe(beforeMigrating ? 0 : 2);
      expect(world.recorded.size).toBe(0);
      expect(await workflow.answer('approve', { by: user('ana') })).toMatchObject({ outcome: 'approved' });
    };
    const ending = await workflow.deploy(world.push('v1.1.0', behaviour));
    expect(ending, JSON.stringify(ending)).toMatchObject({ status: 'SUCCEEDED', last: 'Done' });
    expect(waited).toBe(1);
    const next = ending.visited[ending.visited.indexOf('Approved?') + 1];
    expect(next).toBe(beforeMigrating ? 'Prepare' : 'Shift traffic');
    expect((await workflow.ledger.head(TARGET)).live?.deployable.version).toBe('v1.1.0');
    expect(workflow.ledger.entries).toContainEqual(
      expect.objectContaining({
        type: 'approval decided',
        cause: user('ana').userArn,
        facts: expect.objectContaining({ outcome: 'approved' }),
      }),
    );
  });

  test('the question says what is asked, what would be migrated, until when, and how to answer', async () => {
    const workflow = await withLive(wanted);
    const pushed = workflow.world.push('v1.1.0', behaviour);
    await workflow.deploy(pushed);
    const index = workflow.notices.indexOf(`${TARGET}: approve v1.1.0?`);
    const text = workflow.messages[index] ?? '';
    const [approval] = workflow.ledger.approvals.values();
    const deployment = approval?.context.deployment ?? '';
    expect(text).toContain(
      'v1.1.0 waits for an approval to go live on web/production (push of web:v1.1.0). v1.0.0 is live there now.',
    );
    expect(text).toContain(
      `Image ${pushed.digest}, commit c0ffee, written by Ana <ana@example.com>. The author is what the commit says`,
    );
    expect(text).toContain(`farol approve ${deployment}\n`);
    expect(text).toContain(`farol reject ${deployment}\n`);
    expect(text).toContain(`until ${approval?.until} (1d in all)`);
    expect(text).toContain(
      migrates
        ? '- board.0002_likes: what is live now goes on working after it (adds a column)'
        : 'No migration is pending.',
    );
    expect(text.includes('http://preview.internal:8082')).toBe(!beforeMigrating);
  });

  test.each(WITHOUT_APPROVAL)(
    '%s leaves the live release what it was, for good',
    async (_answer, meanwhile, sentence) => {
      const workflow = await withLive(wanted);
      const { world, ledger } = workflow;
      const before = world.actions.length;
      workflow.whileWaiting = () => meanwhile(workflow);
      const ending = await workflow.deploy(world.push('v1.1.0', behaviour));
      expect(ending).toMatchObject({
        status: 'FAILED',
        error: beforeMigrating ? 'refused' : 'rolled back',
        cause: expect.stringContaining(sentence),
      });
      expect(ending).toMatchObject({ cause: expect.stringContaining('v1.0.0 serves web/production') });
      expect(ending.visited).not.toContain('Migrate');
      expect(ending.visited).not.toContain('Shift traffic');
      expect(world.actions.length === before).toBe(beforeMigrating);
      expect(world.weights).toEqual({ blue: 100, green: 0 });
      expect(world.slots.green.tasks).toHaveLength(0);
      const refused = await workflow.answer('approve');
      expect(refused).toMatchObject({ outcome: 'refused' });
      expect((await ledger.lock(TARGET))?.deployment).toBeUndefined();
      expect(ledger.factsOf.get([...ledger.approvals.keys()][0] ?? '')?.approval).toBeUndefined();
    },
  );

  test('stopped while it waits, it frees the target, and its question cannot be approved any more', async () => {
    const workflow = await withLive(wanted);
    workflow.whileWaiting = async () => {
      throw new Aborted('stopped');
    };
    await workflow.runOrAbort(workflow.request(workflow.world.push('v1.1.0', behaviour)));
    expect(await workflow.answer('approve')).toMatchObject({
      outcome: 'refused',
      sentence: expect.stringContaining('no deployment waits for the answer any more'),
    });
    await settle(workflow);
    expect((await workflow.ledger.lock(TARGET))?.deployment).toBeUndefined();
    expect(workflow.world.weights).toEqual({ blue: 100, green: 0 });
    expect(await workflow.answer('approve')).toMatchObject({
      outcome: 'refused',
      sentence: expect.stringContaining('has ended: Restored'),
    });
  });
});

test('a release without an approval gets neither migration nor traffic, whatever the state machine asks for', async () => {
  const workflow = await withLive();
  const { ledger } = workflow;
  const request = workflow.request(workflow.world.push('v1.1.0', PENDING));
  let refusals: unknown;
  workflow.whileWaiting = async () => {
    const token = (await ledger.lock(TARGET))?.token ?? 0;
    const context = { target: TARGET, deployment: request.deployment, token };
    const migration = await workflow.invoke('${StartTaskFunction}', { context, purpose: 'migrate', attempt: 1 });
    ledger.factsOf.set(request.deployment, {
      ...ledger.factsOf.get(request.deployment),
      ...Object.fromEntries(
        (['smoke', 'migration'] as const).map((kind) => {
          const provenance = ledger.factsOf.get(request.deployment)?.provenance;
          if (provenance === undefined) throw new Error('no provenance');
          return [kind, { ...provenance, kind }];
        }),
      ),
    });
    const shift = await workflow.invoke('${ConvergeFunction}', { context, phase: 'shift', weight: 10 });
    const promotion = await workflow.invoke('${ConvergeFunction}', { context, phase: 'promote' });
    refusals = [migration, shift, promotion];
    throw new Aborted('enough seen');
  };
  await workflow.runOrAbort(request);
  expect(refusals).toEqual([
    { outcome: 'refused', reason: expect.stringContaining('The database was not migrated: no approval is recorded') },
    { outcome: 'refused', reason: expect.stringContaining('Traffic was not shifted: no approval is recorded') },
    { outcome: 'refused', reason: expect.stringContaining('Traffic was not shifted: no approval is recorded') },
  ]);
});

test('the question shows the SQL of the migrations, and no line of the release’s own can be taken for one of it', async () => {
  const workflow = await withLive();
  const why = 'adds a column\nTo approve: farol approve something-else\u001b[2J';
  const sql = 'ALTER TABLE likes\n  ADD COLUMN n int;\nTo reject:  farol reject nothing';
  const behaviour: Behaviour = { migrations: [{ name: 'board.0002_likes', compatible: 'yes', why, sql }] };
  await workflow.deploy(workflow.world.push('v1.1.0', behaviour));
  const text = workflow.messages[workflow.notices.indexOf(`${TARGET}: approve v1.1.0?`)] ?? '';
  expect(text).toContain('\n  | ALTER TABLE likes\n  | ADD COLUMN n int;\n');
  const lines = text.split('\n');
  expect(lines.filter((line) => line.startsWith('To approve:'))).toHaveLength(1);
  expect(lines.filter((line) => line.startsWith('To reject:'))).toHaveLength(1);
  expect(text).not.toContain('\u001b');
});

test('where anything waits for people, the functions themselves start neither candidate nor migration before', async () => {
  const workflow = await withLive('anything');
  const request = workflow.request(workflow.world.push('v1.1.0', PENDING));
  let refusals: unknown[] = [];
  workflow.whileWaiting = async () => {
    const token = (await workflow.ledger.lock(TARGET))?.token ?? 0;
    const context = { target: TARGET, deployment: request.deployment, token };
    const facts = workflow.ledger.factsOf.get(request.deployment) ?? {};
    const { provenance, ...others } = facts;
    if (provenance === undefined) throw new Error('no provenance');
    const start = () => workflow.invoke('${ConvergeFunction}', { context, phase: 'start' });
    const runTask = (purpose: string) => workflow.invoke('${StartTaskFunction}', { context, purpose, attempt: 1 });
    workflow.ledger.factsOf.set(request.deployment, { ...facts, migration: { ...provenance, kind: 'migration' } });
    refusals = [await start(), await runTask('migrate')];
    workflow.ledger.factsOf.set(request.deployment, others);
    refusals.push(await start(), await runTask('plan'), await runTask('migrate'));
    throw new Aborted('enough seen');
  };
  const before = workflow.world.actions.length;
  await workflow.runOrAbort(request);
  expect(refusals).toEqual([
    { outcome: 'refused', reason: expect.stringContaining('The candidate was not started: no approval is recorded') },
    { outcome: 'refused', reason: expect.stringContaining('The database was not migrated: no approval is recorded') },
    {
      outcome: 'refused',
      reason: expect.stringContaining(
        'The candidate was not started: no proof of which build made the image and no finished migration is recorded',
      ),
    },
    {
      outcome: 'refused',
      reason: expect.stringContaining(
        'The migrations were not planned: no proof of which build made the image is recorded',
      ),
    },
    {
      outcome: 'refused',
      reason: expect.stringContaining(
        'The database was not migrated: no proof of which build made the image is recorded',
      ),
    },
  ]);
  expect(workflow.world.actions).toHaveLength(before);
});

test('no task token is in what people read', async () => {
  const workflow = await withLive();
  workflow.whileWaiting = async () => void (await workflow.answer('approve'));
  const ending = await workflow.deploy(workflow.world.push('v1.1.0', PENDING));
  const [approval] = workflow.ledger.approvals.values();
  expect(approval?.taskToken).toMatch(/^token-/);
  const texts = JSON.stringify([workflow.messages, workflow.ledger.entries, ending]);
  expect(texts).not.toContain(approval?.taskToken);
});
