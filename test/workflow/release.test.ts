import { describe, expect, test } from 'vitest';
import { Workflow } from './harness.ts';

async function withFirstRelease(settings: ConstructorParameters<typeof Workflow>[0] = {}): Promise<Workflow> {
  const workflow = new Workflow(settings);
  const ending = await workflow.deploy(workflow.world.push('v1.0.0'));
  expect(ending, JSON.stringify(ending)).toMatchObject({ status: 'SUCCEEDED', last: 'Done' });
  return workflow;
}

const ADDITIVE = [{ name: 'board.0002_likes', compatible: 'yes', why: 'adds a nullable column' }] as const;

describe('a release', () => {
  test('the first one goes to all traffic after its smoke checks', async () => {
    const workflow = await withFirstRelease();
    expect(workflow.world.weights).toEqual({ blue: 100, green: 0 });
    expect(workflow.world.slots.blue.tasks).toHaveLength(2);
    expect((await workflow.ledger.head('web/production')).live).toMatchObject({
      slot: 'blue',
      deployable: { version: 'v1.0.0' },
    });
  });

  test('an update shifts step by step, becomes live and leaves the old slot warm', async () => {
    const workflow = await withFirstRelease();
    const ending = await workflow.deploy(workflow.world.push('v1.1.0', { migrations: [...ADDITIVE] }));
    expect(ending, JSON.stringify(ending)).toMatchObject({
      status: 'SUCCEEDED',
      output: expect.stringContaining('v1.1.0 is live'),
    });
    const weights = workflow.world.actions.flatMap((action) => ('weights' in action ? [action.weights.green] : []));
    expect(weights).toEqual([0, 10, 50, 100]);
    const head = await workflow.ledger.head('web/production');
    expect(head.live).toMatchObject({ slot: 'green', deployable: { version: 'v1.1.0' } });
    expect(head.warm).toMatchObject({ slot: 'blue', deployable: { version: 'v1.0.0' } });
    expect(workflow.world.slots.blue.tasks).toHaveLength(2);
    expect((await workflow.ledger.lock('web/production'))?.deployment).toBeUndefined();
  });

  test('a third one empties the warm slot and fills it again', async () => {
    const workflow = await withFirstRelease();
    await workflow.deploy(workflow.world.push('v1.1.0'));
    await workflow.deploy(workflow.world.push('v1.2.0'));
    expect((await workflow.ledger.head('web/production')).live).toMatchObject({
      slot: 'blue',
      deployable: { version: 'v1.2.0' },
    });
    expect(workflow.world.weights).toEqual({ blue: 100, green: 0 });
  });
});

describe('where a release comes from', () => {
  const actions = (workflow: Workflow): number => workflow.world.actions.length;

  test('is waited for while its build is in progress, and nothing of it runs meanwhile', async () => {
    const workflow = await withFirstRelease();
    const before = actions(workflow);
    const asked: number[] = [];
    workflow.world.buildSays = (id) => {
      if (!id.endsWith('v1.1.0')) return {};
      asked.push(actions(workflow));
      return asked.length < 4 ? { status: 'IN_PROGRESS', exported: {} } : {};
    };
    const ending = await workflow.deploy(workflow.world.push('v1.1.0'));
    expect(ending, JSON.stringify(ending)).toMatchObject({ status: 'SUCCEEDED', last: 'Done' });
    expect(asked).toEqual([before, before, before, before]);
  });

  test('and is refused when the build does not end in its time', async () => {
    const workflow = await withFirstRelease();
    const before = actions(workflow);
    workflow.world.buildSays = (id) => (id.endsWith('v1.1.0') ? { status: 'IN_PROGRESS', exported: {} } : {});
    const began = Date.parse(workflow.clock.now());
    const ending = await workflow.deploy(workflow.world.push('v1.1.0'));
    expect(ending).toMatchObject({
      error: 'refused',
      cause: expect.stringMatching(/web-build:v1\.1\.0 of v1\.1\.0 .*IN_PROGRESS.* 10m .*provenance\.timeout/),
    });
    const waited = Date.parse(workflow.clock.now()) - began;
    expect(waited).toBeGreaterThanOrEqual(600_000);
    expect(waited).toBeLessThan(640_000);
    expect(actions(workflow)).toBe(before);
    expect((await workflow.ledger.lock('web/production'))?.deployment).toBeUndefined();
  });

  test.each([
    ['failed', { status: 'FAILED' }, 'FAILED'],
    ['built another commit', { commit: 'badc0de' }, 'badc0de'],
    ['a person started', { initiator: 'ana' }, 'started by ana'],
    ['made another image', { exported: { FAROL_DIGEST: 'sha256:other' } }, 'sha256:other'],
  ])('is refused when it names a build that %s', async (_name, says, cause) => {
    const workflow = await withFirstRelease();
    const before = actions(workflow);
    workflow.world.buildSays = (id) => (id.endsWith('v1.1.0') ? says : {});
    const ending = await workflow.deploy(workflow.world.push('v1.1.0'));
    expect(ending).toMatchObject({ error: 'refused', cause: expect.stringContaining(cause) });
    expect(actions(workflow)).toBe(before);
    expect(
      (await workflow.ledger.facts(workflow.request(workflow.world.push('v1.1.0')).deployment)).provenance,
    ).toBeUndefined();
  });
});

describe('what the scan of an image found', () => {
  const critical = { name: 'CVE-2023-45853', severity: 'CRITICAL' };

  test('refuses a release before anything of it runs', async () => {
    const workflow = await withFirstRelease();
    const before = workflow.world.actions.length;
    workflow.world.scanSays = () => ({ state: 'complete', findings: [critical] });
    const ending = await workflow.deploy(workflow.world.push('v1.1.0', { migrations: [...ADDITIVE] }));
    expect(ending).toMatchObject({ error: 'refused', cause: expect.stringContaining('CVE-2023-45853 (CRITICAL)') });
    expect(workflow.world.actions).toHaveLength(before);
    expect(workflow.world.recorded.size).toBe(0);
  });

  test('is no matter where the target asks for no scan, and no fact is made up', async () => {
    const workflow = await withFirstRelease({ scan: { block: 'none', timeout: '15m' } });
    workflow.world.scanSays = () => ({ state: 'complete', findings: [critical] });
    const release = workflow.world.push('v1.1.0');
    expect(await workflow.deploy(release)).toMatchObject({ status: 'SUCCEEDED' });
    expect((await workflow.ledger.facts(workflow.request(release).deployment)).scan).toBeUndefined();
  });

  test('is waited for, within a bound that the refusal names', async () => {
    const workflow = await withFirstRelease();
    let looks = 0;
    workflow.world.scanSays = () => {
      looks += 1;
      return looks < 5 ? { state: 'open', status: 'IN_PROGRESS' } : { state: 'complete', findings: [] };
    };
    expect(await workflow.deploy(workflow.world.push('v1.1.0'))).toMatchObject({ status: 'SUCCEEDED' });
    expect(looks).toBe(5);
    workflow.world.scanSays = () => ({ state: 'open', status: 'no scan was begun' });
    expect(await workflow.deploy(workflow.world.push('v1.2.0'))).toMatchObject({
      error: 'refused',
      cause: expect.stringMatching(/no scan was begun.* 15m .*scan\.timeout/),
    });
  });

  test('keeps no roll back from what is live', async () => {
    const workflow = await withFirstRelease();
    const found = { state: 'complete', findings: [critical] } as const;
    workflow.world.scanSays = (version) => (version === 'v1.0.0' ? found : { state: 'complete', findings: [] });
    const ending = await workflow.deploy(workflow.world.push('v1.1.0', { errorShare: 0.3 }));
    expect(ending).toMatchObject({ error: 'rolled back' });
    expect(workflow.world.weights).toEqual({ blue: 100, green: 0 });
  });
});

describe('a release that fails leaves the old one serving', () => {
  const cases = [
    ['smoke', { failsSmoke: true }, 'Roll back', 'status 500'],
    ['wrong version', { saysVersion: 'v9.9.9' }, 'Roll back', 'another version answered: v9.9.9'],
    ['crash at start', { crashes: true }, 'Roll back', 'ends by itself'],
    ['never healthy', { neverHealthy: true }, 'Roll back', 'did not become healthy within 10m'],
    ['errors under traffic', { errorShare: 0.3 }, 'Roll back', "the application's own 5xx"],
    ['death under traffic', { diesUnderTraffic: true }, 'Roll back', 'end by themselves under traffic'],
    ['failing migration', { migrations: [...ADDITIVE], migrationExits: [1] }, 'Roll back', 'exit code 1'],
    [
      'incompatible migration',
      { migrations: [{ name: 'x.0003', compatible: 'no', why: 'renames a column' }] },
      'Finish',
      'would break on the new schema',
    ],
  ] as const;

  test.each(cases)('%s', async (_name, behaviour, through, reason) => {
    const workflow = await withFirstRelease();
    const ending = await workflow.deploy(workflow.world.push('v1.1.0', behaviour as object));
    expect(ending).toMatchObject({ status: 'FAILED', cause: expect.stringContaining(reason) });
    expect(ending).toMatchObject({ cause: expect.stringContaining('v1.0.0 serves web/production') });
    expect(ending.visited).toContain(through);
    expect(workflow.world.weights).toEqual({ blue: 100, green: 0 });
    expect(workflow.world.slots.green.tasks).toHaveLength(0);
    const head = await workflow.ledger.head('web/production');
    expect(head.live).toMatchObject({ deployable: { version: 'v1.0.0' } });
    expect(head.frozen).toBeUndefined();
    expect((await workflow.ledger.lock('web/production'))?.deployment).toBeUndefined();
  });

  test('a first release that fails leaves the fixed 503', async () => {
    const workflow = new Workflow();
    const ending = await workflow.deploy(workflow.world.push('v1.0.0', { errorShare: 0.5 }));
    expect(ending).toMatchObject({ status: 'FAILED', cause: expect.stringContaining('nothing has been live') });
    expect(workflow.world.weights).toBeNull();
    expect(workflow.world.slots.blue.tasks).toHaveLength(0);
  });
});

describe('what only a person can judge freezes the target', () => {
  test('a migration that was killed half-way', async () => {
    const workflow = await withFirstRelease();
    const ending = await workflow.deploy(
      workflow.world.push('v1.1.0', { migrations: [...ADDITIVE], migrationExits: ['killed'] }),
    );
    expect(ending).toMatchObject({
      status: 'FAILED',
      error: 'frozen',
      cause: expect.stringContaining('without an exit code'),
    });
    expect((await workflow.ledger.head('web/production')).frozen).toBeDefined();
    const refused = await workflow.deploy(workflow.world.push('v1.2.0'));
    expect(refused).toMatchObject({ status: 'FAILED', error: 'refused', cause: expect.stringContaining('frozen') });
  });

  test('a live release that the new schema broke keeps its weight', async () => {
    const workflow = await withFirstRelease({ migrate: { ...new Workflow().settings.migrate, incompatible: 'allow' } });
    const breaking = [{ name: 'board.0002_rename', compatible: 'no', why: 'renames a column' }] as const;
    const ending = await workflow.deploy(
      workflow.world.push('v1.1.0', { migrations: [...breaking], breaksLive: true }),
    );
    expect(ending).toMatchObject({
      status: 'FAILED',
      error: 'frozen',
      cause: expect.stringContaining('no longer works on the new schema'),
    });
    expect(workflow.world.weights).toEqual({ blue: 100, green: 0 });
  });
});

describe('coordination', () => {
  test('the same request twice is one deployment', async () => {
    const workflow = await withFirstRelease();
    const release = workflow.world.push('v1.1.0');
    await workflow.deploy(release);
    const again = await workflow.deploy(release);
    expect(again).toMatchObject({ status: 'SUCCEEDED', last: 'Already handled' });
  });

  test('an older version than the live one is refused', async () => {
    const workflow = await withFirstRelease();
    const ending = await workflow.deploy(workflow.world.push('v0.9.0'));
    const sentence =
      'v0.9.0 was refused before anything changed; v1.0.0 serves web/production. v0.9.0 is older than v1.0.0, which is live. Going back is a command of its own, not a push.';
    expect(ending).toMatchObject({ status: 'FAILED', cause: sentence });
    expect(workflow.ledger.entries.at(-1)).toMatchObject({ type: 'deployment refused', facts: { sentence } });
    expect(workflow.notices.at(-1)).toBe('web/production: refused');
  });

  test('a refusal whose answer was lost is the same refusal, written down once', async () => {
    const workflow = await withFirstRelease();
    const before = workflow.ledger.entries.length;
    let lost = false;
    const ledger = workflow.ledger;
    const refuse = ledger.refuse.bind(ledger);
    ledger.refuse = async (...all) => {
      await refuse(...all);
      if (lost) return false;
      lost = true;
      throw new Error('the answer was lost');
    };
    const ending = await workflow.deploy(workflow.world.push('v0.9.0'));
    expect(ending).toMatchObject({ status: 'FAILED', error: 'refused' });
    expect(workflow.ledger.entries).toHaveLength(before + 1);
  });

  test('a migration that finds another one busy is begun again', async () => {
    const workflow = await withFirstRelease();
    const ending = await workflow.deploy(
      workflow.world.push('v1.1.0', { migrations: [...ADDITIVE], migrationExits: [75, 75, 0] }),
    );
    expect(ending, JSON.stringify(ending)).toMatchObject({ status: 'SUCCEEDED' });
    expect(ending.visited.filter((state) => state === 'Migrate')).toHaveLength(3);
  });

  test('a rule that was changed by hand stops the deployment and freezes', async () => {
    const workflow = await withFirstRelease();
    workflow.world.afterAction = (action) => {
      if (action.do === 'set weights') workflow.world.foreign = 'its weights are 30 and 30';
    };
    const ending = await workflow.deploy(workflow.world.push('v1.1.0'));
    expect(ending).toMatchObject({
      status: 'FAILED',
      error: 'frozen',
      cause: expect.stringContaining('was changed, and not by Farol'),
    });
  });
});

test('a release that prints a line without end, and lines of ours, is rolled back with one bounded line', async () => {
  const workflow = new Workflow();
  await workflow.deploy(workflow.world.push('v1.0.0'));
  workflow.world.lastLine = `SECRET_KEY=correct-horse ${'x'.repeat(240_000)}\nv1.1.0 is live.\u001b[2J`;
  const ending = await workflow.deploy(workflow.world.push('v1.1.0', { crashes: true }));
  expect(ending).toMatchObject({ status: 'FAILED', error: 'rolled back' });
  for (const text of [
    ...workflow.messages,
    JSON.stringify(ending),
    ...workflow.ledger.entries.map(({ cause }) => cause),
  ])
    expect(text.length).toBeLessThan(5000);
  expect(workflow.messages.at(-1)?.split('\n')).not.toContain('v1.1.0 is live.');
  expect(JSON.stringify([workflow.messages, ending, workflow.ledger.entries])).not.toContain('correct-horse');
});

describe('a surprise', () => {
  const CASES: readonly [string, Error, string][] = [
    ['a thrown error', new TypeError('settings.services is "empty"\nor so'), 'settings.services is empty or so'],
    ['an error without a message', new Error(''), 'Farol itself failed in the state Preflight: '],
    ['a time-out', Object.assign(new Error(''), { name: 'States.Timeout' }), 'it did not answer in time'],
    ['a line without end', new Error('x'.repeat(200_000)), 'x'.repeat(400)],
  ];

  test.each(CASES)('is one sentence for people: %s', async (_what, error, said) => {
    const workflow = new Workflow();
    await workflow.deploy(workflow.world.push('v1.0.0'));
    workflow.beforeInvoke = (name) => {
      if (name === '${PreflightFunction}') throw error;
    };
    const ending = await workflow.deploy(workflow.world.push('v1.1.0'));
    const cause = ending.status === 'FAILED' ? ending.cause : '';
    expect(cause).toContain('Farol itself failed in the state Preflight: ');
    expect(cause).toContain(said);
    expect(cause).toContain('The history of the execution has the details.');
    for (const text of [cause, workflow.messages.at(-1) ?? '']) {
      expect(text).not.toMatch(/errorMessage|trace|\{|\n/);
      expect(text.length).toBeLessThan(1500);
    }
  });

  test('that keeps a deployment from the lock is one sentence too', async () => {
    const workflow = new Workflow();
    workflow.beforeInvoke = () => {
      throw new Error('the ledger does not answer');
    };
    expect(await workflow.deploy(workflow.world.push('v1.0.0'))).toMatchObject({
      error: 'lock not acquired',
      cause:
        'Farol itself failed in the state Acquire lock: the ledger does not answer. The history of the execution has the details.',
    });
  });
});
