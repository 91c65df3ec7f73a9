import { describe, expect, test } from 'vitest';
import { settingsHash } from '#core/domain/ledger-chain.ts';
import { receiveSettings } from '../../functions/receive-settings/receive-settings.ts';
import { reconcile } from '../../functions/reconcile/reconcile.ts';
import { SETTINGS } from '../fixtures/settings.ts';
import { Workflow } from './harness.ts';
import { Aborted } from './interpreter.ts';
import { settle } from './repair.ts';

const TARGET = 'web/production';
const CHANGED = { capacity: { min: 3, max: 9, requestsPerTarget: 500 } };

function event(detail: Record<string, unknown> = {}, members: Record<string, unknown> = {}) {
  return {
    source: 'aws.ssm',
    'detail-type': 'Parameter Store Change',
    detail: { name: `/farol/targets/${TARGET}`, operation: 'Update', type: 'String', ...detail },
    ...members,
  };
}

function receive(workflow: Workflow, heard: unknown = event(), notices: string[] = []) {
  const { ledger, executions, world } = workflow;
  const notifier = { publish: async (_subject: string, text: string) => void notices.push(text) };
  return receiveSettings(heard, { ledger, executions, settings: world, notifier, warn: () => {} });
}

function look(workflow: Workflow) {
  return reconcile({ ...workflow.ports(), warn: () => {} });
}

/** A target with a live release. */
async function live(version: `v${string}` = 'v1.0.0'): Promise<Workflow> {
  const workflow = new Workflow();
  await workflow.deploy(workflow.world.push(version));
  return workflow;
}

async function runStarted(workflow: Workflow) {
  const [request, ...others] = workflow.started();
  if (request === undefined || others.length > 0) throw new Error(`${others.length + 1} executions were started`);
  return workflow.run(request);
}

describe('a change of settings', () => {
  test('deploys what is live with them, once however often it is told', async () => {
    const workflow = await live();
    workflow.world.publish(CHANGED);
    const told = await Promise.all(Array.from({ length: 20 }, () => receive(workflow)));
    expect(told.filter(({ outcome }) => outcome === 'started')).toHaveLength(1);
    expect(workflow.started()).toMatchObject([
      { kind: 'settings', version: 'v1.0.0', attempt: 2, cause: expect.stringMatching(/^settings changed/) },
    ]);
    expect(await runStarted(workflow)).toMatchObject({ status: 'SUCCEEDED' });
    const { live: placed } = await workflow.ledger.head(TARGET);
    expect(placed).toMatchObject({
      slot: 'green',
      deployable: { version: 'v1.0.0', settingsHash: settingsHash({ ...SETTINGS, ...CHANGED }) },
    });
    expect(workflow.world.slots.green.scaling).toMatchObject({ min: 3, max: 9, targetValue: 500 });
    expect(await receive(workflow)).toMatchObject({ outcome: 'in force' });
    expect(await look(workflow)).toMatchObject([{ outcome: 'in order' }]);
  });

  test('goes through the same gates as a release', async () => {
    const workflow = await live();
    const gates = (deployment: string) => Object.keys(workflow.ledger.factsOf.get(deployment) ?? {}).toSorted();
    workflow.world.publish(CHANGED);
    await receive(workflow);
    const [request] = workflow.started();
    const ending = await runStarted(workflow);
    const { deployment: first } = workflow.request(workflow.world.push('v1.0.0'));
    expect(gates(request?.deployment ?? '')).toEqual(gates(first));
    for (const gate of ['Plan migrations', 'Smoke candidate', 'Check step']) expect(ending.visited).toContain(gate);
  });

  test('leaves live what it was until it has passed, and tries nothing again that was rolled back', async () => {
    const workflow = await live();
    const before = await workflow.ledger.head(TARGET);
    workflow.world.publish(CHANGED);
    workflow.world.push('v1.0.0', { failsSmoke: true });
    await receive(workflow);
    expect(await runStarted(workflow)).toMatchObject({
      status: 'FAILED',
      cause: expect.stringMatching(/^v1\.0\.0 with the changed settings was not made live; v1\.0\.0 serves/),
    });
    expect((await workflow.ledger.head(TARGET)).live).toEqual(before.live);
    expect(workflow.world.slots.blue.scaling).toMatchObject({ min: SETTINGS.capacity.min, max: SETTINGS.capacity.max });
    expect(workflow.world.weights).toEqual({ blue: 100, green: 0 });
    expect(await receive(workflow)).toMatchObject({ outcome: 'tried' });
    expect(await look(workflow)).toMatchObject([{ outcome: 'in order' }]);
    expect(workflow.started()).toEqual([]);
  });

  test('back to what was live before is one like any other', async () => {
    const workflow = await live();
    for (const change of [CHANGED, { capacity: SETTINGS.capacity }, CHANGED]) {
      workflow.world.publish(change);
      expect(await receive(workflow)).toMatchObject({ outcome: 'started' });
      expect(await runStarted(workflow)).toMatchObject({ status: 'SUCCEEDED' });
      expect(await receive(workflow)).toMatchObject({ outcome: 'in force' });
    }
  });

  test('of the address is asked of the candidate, while live answers to its own', async () => {
    const workflow = await live();
    workflow.world.publish({ address: 'https://new.example' });
    const migrations = [{ name: 'board.0002', compatible: 'yes', why: 'adds a column' }] as const;
    const ending = await workflow.deploy(workflow.world.push('v1.1.0', { migrations: [...migrations] }));
    expect(ending).toMatchObject({ status: 'SUCCEEDED' });
    expect(ending.visited).toContain('Check live');
    expect(workflow.world.askedAs).toEqual({ blue: new Set(['shop.example']), green: new Set(['new.example']) });
  });

  test('that came with a release which was rolled back is not tried by itself with the former release', async () => {
    const workflow = await live();
    workflow.world.publish(CHANGED);
    await workflow.deploy(workflow.world.push('v1.1.0', { crashes: true }));
    expect(await receive(workflow)).toMatchObject({ outcome: 'tried' });
    expect(await look(workflow)).toMatchObject([{ outcome: 'in order' }]);
  });

  test('that failed is tried with a release that came after it', async () => {
    const workflow = await live();
    workflow.world.publish(CHANGED);
    workflow.world.push('v1.0.0', { failsSmoke: true });
    await receive(workflow);
    await runStarted(workflow);
    workflow.world.publish({ capacity: SETTINGS.capacity });
    await workflow.deploy(workflow.world.push('v1.1.0'));
    workflow.world.publish(CHANGED);
    expect(await receive(workflow)).toMatchObject({ outcome: 'started', what: expect.stringContaining('v1_1_0') });
  });

  test("before anything is live is the first release's", async () => {
    const workflow = new Workflow();
    workflow.world.publish(CHANGED);
    expect(await receive(workflow)).toMatchObject({ outcome: 'in force' });
    await workflow.deploy(workflow.world.push('v1.0.0'));
    expect(await receive(workflow)).toMatchObject({ outcome: 'in force' });
  });
});

describe('a change of settings meets', () => {
  test('a deployment that runs: it follows that one, with what is live by then', async () => {
    const workflow = await live();
    let told: unknown;
    workflow.world.afterAction = (action) => {
      if (action.do !== 'fill slot' || told !== undefined) return;
      workflow.world.publish(CHANGED);
      told = receive(workflow);
    };
    await workflow.deploy(workflow.world.push('v1.1.0'));
    expect(await told).toMatchObject({ outcome: 'later', what: expect.stringContaining('v1_1_0') });
    workflow.world.afterAction = () => {};
    expect(await look(workflow)).toMatchObject([
      { outcome: 'settings changed', what: expect.stringContaining('v1_1_0') },
    ]);
    expect(await runStarted(workflow)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await look(workflow)).toMatchObject([{ outcome: 'in order' }]);
  });

  test('a push that waits: that one takes them', async () => {
    const workflow = await live();
    const { ledger } = workflow;
    const running = workflow.request(workflow.world.push('v1.1.0'));
    const lock = await ledger.lock(TARGET);
    await ledger.takeLock(running, workflow.executions.arn(running.deployment), lock);
    const held = await ledger.lock(TARGET);
    const next = workflow.request(workflow.world.push('v1.2.0'));
    if (held !== undefined) await ledger.enqueue(next, held, next.deployment);
    workflow.world.publish(CHANGED);
    expect(await receive(workflow)).toMatchObject({ outcome: 'later', what: next.deployment });
    await ledger.endDeployment(
      { target: TARGET, deployment: running.deployment, token: held?.token ?? 0 },
      { result: 'refused', sentence: 'no', cause: 'test' },
    );
    expect(await look(workflow)).toMatchObject([{ outcome: 'dispatched', what: next.deployment }]);
    await runStarted(workflow);
    expect(await look(workflow)).toMatchObject([{ outcome: 'in order' }]);
    expect((await ledger.head(TARGET)).live?.deployable).toMatchObject({
      version: 'v1.2.0',
      settingsHash: settingsHash({ ...SETTINGS, ...CHANGED }),
    });
  });

  test('a push that was faster with the lock: it ends without waiting, and is started again after it', async () => {
    const workflow = await live();
    workflow.world.publish(CHANGED);
    await receive(workflow);
    const [settings] = workflow.started();
    if (settings === undefined) throw new Error('nothing was started');
    const push = workflow.request(workflow.world.push('v1.1.0', { crashes: true }));
    await workflow.executions.start(push);
    const lock = await workflow.ledger.lock(TARGET);
    const token = await workflow.ledger.takeLock(push, workflow.executions.arn(push.deployment), lock);
    expect(await workflow.run(settings)).toMatchObject({ status: 'SUCCEEDED', last: 'Queued' });
    expect(await workflow.ledger.waiting(TARGET)).toBeUndefined();
    await workflow.ledger.endDeployment(
      { target: TARGET, deployment: push.deployment, token: token ?? 0 },
      { result: 'refused', sentence: 'no', cause: 'test' },
    );
    workflow.end(push.deployment, { status: 'SUCCEEDED', last: 'Done', output: {}, visited: [] });
    expect(await receive(workflow)).toMatchObject({ outcome: 'started', what: expect.stringMatching(/v1_0_0.*-3$/) });
  });

  test('a frozen target: people are told, and it is deployed when the target is open again', async () => {
    const workflow = await live();
    const head = await workflow.ledger.head(TARGET);
    const frozen = { reason: 'by a test', at: workflow.clock.now(), deployment: 'x' };
    workflow.ledger.heads.set(TARGET, { ...head, frozen });
    workflow.world.publish(CHANGED);
    const notices: string[] = [];
    expect(await receive(workflow, event(), notices)).toMatchObject({ outcome: 'frozen' });
    expect(notices).toEqual([expect.stringContaining('by a test')]);
    expect(await look(workflow)).toMatchObject([{ outcome: 'in order' }]);
    expect(workflow.started()).toEqual([]);
    workflow.ledger.heads.set(TARGET, head);
    expect(await look(workflow)).toMatchObject([{ outcome: 'settings changed' }]);
  });
});

test('a revision whose deployment took another one is deployed after it', async () => {
  const workflow = await live();
  workflow.world.publish({ warm: '5m' });
  await receive(workflow);
  const [request] = workflow.started();
  if (request === undefined) throw new Error('nothing was started');
  workflow.world.push('v1.0.0', { failsSmoke: true });
  await workflow.run(request);
  workflow.world.push('v1.0.0');
  workflow.world.publish(CHANGED);
  const hash = settingsHash({ ...SETTINGS, warm: '5m', ...CHANGED });
  await workflow.ledger.claimSettings(hash, request, undefined);
  expect(await receive(workflow)).toMatchObject({ outcome: 'started' });
  expect(await runStarted(workflow)).toMatchObject({ status: 'SUCCEEDED' });
});

describe('an interruption', () => {
  test('between the claim and the start is finished by the next delivery', async () => {
    const workflow = await live();
    workflow.world.publish(CHANGED);
    const { executions } = workflow;
    const start = executions.start.bind(executions);
    executions.start = async () => {
      throw new Error('ServiceUnavailable');
    };
    await expect(receive(workflow)).rejects.toThrow('ServiceUnavailable');
    executions.start = start;
    expect(await receive(workflow)).toMatchObject({ outcome: 'started', what: expect.stringMatching(/-2$/) });
    expect(workflow.started()).toHaveLength(1);
  });

  test('that lost the event is found by the sweep', async () => {
    const workflow = await live();
    workflow.world.publish(CHANGED);
    expect(await look(workflow)).toMatchObject([{ outcome: 'settings changed' }]);
    expect(await look(workflow)).toMatchObject([{ outcome: 'in order' }]);
    expect(await runStarted(workflow)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await look(workflow)).toMatchObject([{ outcome: 'in order' }]);
  });

  test('before the lock was taken is not repeated for ever', async () => {
    const workflow = await live();
    workflow.world.publish(CHANGED);
    await receive(workflow);
    const [request] = workflow.started();
    const failed = { status: 'FAILED', last: 'Lock not acquired', error: 'x', cause: 'x', visited: [] } as const;
    workflow.end(request?.deployment ?? '', failed);
    expect(await receive(workflow)).toMatchObject({ outcome: 'tried' });
    expect(await look(workflow)).toMatchObject([{ outcome: 'in order' }]);
  });
});

describe('an event', () => {
  test.each([
    ['of another parameter', event({ name: '/other' }), "is no target's settings"],
    ['of a deletion', event({ operation: 'Delete' }), 'operation Delete writes no settings'],
    ['of a label', event({ operation: 'LabelParameterVersion' }), 'writes no settings'],
    ['of a target that is not there', event({ name: '/farol/targets/x/y' }), 'there is no parameter'],
    ['of another service', event({}, { source: 'aws.ecr' }), 'not a Parameter Store change'],
    ['without a name', event({ name: 7 }), 'detail.name'],
    ['that is invalid', 'nonsense', 'not a Parameter Store change'],
  ])('%s changes nothing and is ignored with its reason', async (_name, heard, reason) => {
    const workflow = await live();
    workflow.world.publish(CHANGED);
    const { length } = workflow.ledger.entries;
    expect(await receive(workflow, heard)).toEqual({ outcome: 'ignored', what: expect.stringContaining(reason) });
    expect(workflow.ledger.entries).toHaveLength(length);
    expect(workflow.started()).toEqual([]);
  });

  test('of settings that do not parse changes nothing, and people are told what is wrong', async () => {
    const workflow = await live();
    workflow.world.all = async () => [{ target: TARGET, error: 'capacity.min: expected number, received string' }];
    const notices: string[] = [];
    expect(await receive(workflow, event(), notices)).toMatchObject({ outcome: 'unreadable' });
    expect(notices).toEqual([expect.stringContaining('capacity.min: expected number, received string')]);
    expect(workflow.started()).toEqual([]);
  });
});

describe('settings that cannot be read', () => {
  const UNREADABLE = 'infrastructure.cluster: "web-staging" is not of web/production: it must be web-production';

  test('refuse a release in words, before anything has changed', async () => {
    const workflow = await live();
    workflow.world.unreadable = UNREADABLE;
    const actions = workflow.world.actions.length;
    expect(await workflow.deploy(workflow.world.push('v1.1.0'))).toMatchObject({
      status: 'FAILED',
      error: 'refused',
      cause: expect.stringContaining(UNREADABLE),
    });
    expect(workflow.world.actions).toHaveLength(actions);
    expect((await workflow.ledger.lock(TARGET))?.deployment).toBeUndefined();
  });

  test('keep no deployment that was stopped from being brought back', async () => {
    const workflow = await live();
    const request = workflow.request(workflow.world.push('v1.1.0'));
    workflow.beforeInvoke = () => {
      if ((workflow.world.weights?.green ?? 0) === 0) return;
      workflow.world.unreadable = UNREADABLE;
      throw new Aborted('stopped');
    };
    await workflow.runOrAbort(request);
    expect(workflow.world.weights?.green).toBeGreaterThan(0);
    workflow.beforeInvoke = () => {};
    await settle(workflow);
    expect(workflow.world.weights).toEqual({ blue: 100, green: 0 });
    expect((await workflow.ledger.lock(TARGET))?.deployment).toBeUndefined();
    expect((await workflow.ledger.head(TARGET)).frozen).toBeUndefined();
  });
});
