import { rmSync } from 'node:fs';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { clientOptions, PLACE } from '@farol/local-aws/aws-side.ts';
import { type AwsEvent, type ImageAction, imageActionEvent } from '@farol/local-aws/gateway/events.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from './eventually.ts';
import { type Stage, startStage } from './harness.ts';
import { testInvariants } from './invariants.ts';
import { withRungs } from './own-ladder.ts';
import { outcomesOf } from './run.ts';
import { changesOfWeights } from './timeline.ts';

/** A migration that takes longer than a recovery, which waits until no call of the former holder can still take effect. */
const LONG_MIGRATION = {
  name: 'long-migration',
  from: 'slow-migration',
  version: 'v1.2.3',
  replace: { 'guestbook/migrations/0004_count_lines.py': ['pg_sleep(6)', 'pg_sleep(20)'] },
} as const;
const RUNGS = [
  'first-release',
  'additive-migration',
  'wrong-version',
  'failing-migration',
  'good-release',
  'long-migration',
  'slow-migration',
  'breaking-migration',
  'failing-smoke',
];
const RATE = 60;
/** Requests per task and metric period at which tasks are added: more than RATE brings, static files included. */
const REQUESTS_PER_TARGET = 200;
const DIGEST = `sha256:${'ab'.repeat(32)}`;

const app = withRungs([LONG_MIGRATION]);
let stage: Stage;
beforeAll(async () => {
  stage = await startStage({ name: 'events', app, rungs: RUNGS });
  await stage.publish((settings) => ({
    ...settings,
    capacity: { ...settings.capacity, requestsPerTarget: REQUESTS_PER_TARGET },
  }));
}, 180_000);
afterAll(async () => {
  await stage?.close();
  rmSync(app, { recursive: true, force: true });
}, 60_000);

function imageAction(image: Partial<ImageAction>, detail: Record<string, unknown> = {}): AwsEvent {
  const whole = { action: 'PUSH', repository: 'web', digest: DIGEST, tag: 'v9.0.0', ...image } as const;
  const event = imageActionEvent(whole, PLACE.accountId, PLACE.region);
  return { ...event, detail: { ...event.detail, ...detail } };
}

/** What receive-push said of events that it ignored, in whatever order. */
async function ignored(): Promise<string[]> {
  const outcomes = (await outcomesOf(stage.cloud.gateway.url, 'receive-push')).flat();
  return outcomes.flatMap((one) =>
    typeof one === 'object' && one !== null && 'what' in one && 'outcome' in one && one.outcome === 'ignored'
      ? [String(one.what)]
      : [],
  );
}

function ignoredWith(reasons: readonly RegExp[]): Promise<string[]> {
  return eventually(`receive-push ignoring ${reasons.length} events`, 30, async () => {
    const said = await ignored();
    return reasons.every((reason) => said.some((one) => reason.test(one))) ? { found: said } : { saw: said };
  });
}

describe('what is no release', () => {
  test('other events of the registry are ignored, each with its reason', async () => {
    const { gateway } = stage.cloud;
    gateway.emit(imageAction({ tag: 'latest' }));
    gateway.emit(imageAction({ tag: undefined, artifactMediaType: 'application/vnd.in-toto+json' }));
    gateway.emit(imageAction({ repository: 'another' }));
    gateway.emit(imageAction({}, { result: 'FAILURE' }));
    // The rule lets no deletion through; the function would ignore it too.
    gateway.emit(imageAction({ action: 'DELETE' }));
    await invoke(imageAction({ action: 'DELETE' }));
    const said = await ignoredWith([
      /^the tag is no release: "latest" is no version/,
      /^the manifest has no tag/,
      /^no target is deployed from pushes to another/,
      /^result is FAILURE/,
      /^action-type is DELETE/,
    ]);
    expect(said).toHaveLength(5);
  });

  test('malformed events leave a reason', async () => {
    const { gateway } = stage.cloud;
    gateway.emit(imageAction({ tag: 'v1.0' }));
    gateway.emit(imageAction({ digest: 'sha256:beef' }));
    gateway.emit(imageAction({}, { 'image-tag': 17 }));
    gateway.emit(imageAction({}, { 'repository-name': null }));
    gateway.emit(imageAction({ tag: `v1.0.0-${'x'.repeat(5000)}` }));
    for (const nonsense of [null, 'text', [], {}, { detail: {} }]) await invoke(nonsense);
    const said = await ignoredWith([
      /^the tag is no release: "v1.0" is no version/,
      /^image-digest is no sha256 digest/,
      /^not an ECR image action: detail\.image-tag:/,
      /^not an ECR image action: detail\.repository-name:/,
      /^the tag is no release: "v1\.0\.0-x+" is no version/,
      /^not an ECR image action: :/,
    ]);
    expect(Math.max(...said.map(({ length }) => length))).toBeLessThan(600);
  });

  test('and changes nothing', async () => {
    await stage.cloud.gateway.settled();
    expect([...stage.names]).toEqual([]);
    expect(await stage.ledger()).toMatchObject({ entries: [], waiting: 0, lock: undefined });
    const made = stage.timeline.calls.filter(({ caller }) => caller === 'farol-receive-push');
    expect(new Set(made.map(({ operation }) => operation))).toEqual(new Set(['GetParametersByPath']));
  });
});

describe('one push', () => {
  test('delivered again and again is one deployment', async () => {
    const deployment = await stage.push('v1.0.0');
    const again = imageAction({ tag: 'v1.0.0', digest: digestOf('v1.0.0') });
    for (let delivery = 0; delivery < 3; delivery++) stage.cloud.gateway.emit(again);
    expect(await stage.ended(deployment)).toMatchObject({ status: 'SUCCEEDED' });
    stage.cloud.gateway.emit(again);
    await stage.cloud.gateway.settled();
    await eventually('four duplicates', 30, async () => {
      const outcomes = (await outcomesOf(stage.cloud.gateway.url, 'receive-push')).flat();
      const heard = outcomes.filter((one) => JSON.stringify(one).includes(deployment));
      return heard.length === 5 ? { found: heard } : { saw: heard };
    });
    expect([...stage.names]).toEqual([deployment]);
    await stage.startLoad(RATE, [...stage.cloud.paths, '/version']);
  });

  test('of the same image under other names starts nothing', async () => {
    const { gateway } = stage.cloud;
    const registry = `${gateway.url}/v2/web/manifests`;
    const type = 'application/vnd.oci.image.manifest.v1+json';
    const manifest = await (await fetch(`${registry}/v1.0.0`, { headers: { accept: type } })).text();
    const before = (await ignored()).length;
    for (const reference of ['latest', digestOf('v1.0.0')]) {
      const { status } = await fetch(`${registry}/${reference}`, {
        method: 'PUT',
        headers: { 'content-type': type },
        body: manifest,
      });
      expect(status).toBe(201);
    }
    await eventually('two more ignored pushes', 30, async () => {
      const said = await ignored();
      return said.length === before + 2 ? { found: said } : { saw: said };
    });
    expect(stage.names.size).toBe(1);
  });
});

test('of tags pushed during a deployment the newest is deployed next', async () => {
  const first = await stage.push('v1.1.0');
  const second = await stage.push('v1.1.3');
  const third = await stage.push('v1.1.4');
  expect(await stage.ended(first)).toMatchObject({ status: 'SUCCEEDED' });
  expect(await stage.ended(third)).toMatchObject({ error: 'rolled back' });
  expect(stage.names).not.toContain(second);
  const { entries, waiting } = await stage.ledger();
  const began = entries.filter(({ type }) => type === 'deployment began').map(({ deployment }) => deployment);
  expect(began.slice(-2)).toEqual([first, third]);
  expect(waiting).toBe(0);
});

describe('an aborted execution', () => {
  test('in the middle of a shift is recovered by nobody but Farol', async () => {
    const deployment = await stage.push('v1.3.0');
    await stage.until('a tenth of the traffic on v1.3.0', ({ weights, slots }) => {
      const slot = weights?.blue === 10 ? 'blue' : weights?.green === 10 ? 'green' : undefined;
      return slot !== undefined && slots[slot].healthy.includes('v1.3.0');
    });
    await stage.stop(deployment);
    const aborted = await stage.ended(deployment);
    expect(aborted.status).toBe('ABORTED');
    const recovery = await recoveryOf(deployment);
    expect(await stage.ended(recovery)).toMatchObject({ status: 'SUCCEEDED' });
    const restored = changesOfWeights(stage.timeline.moments).at(-1);
    expect(restored?.weights).toEqual({ blue: 0, green: 100 });
    expect(new Set(restored?.slots.green.healthy)).toEqual(new Set(['v1.1.0']));
    const took = (restored?.at ?? 0) - (aborted.ended?.getTime() ?? 0);
    console.info(`I9 ${deployment}: old weights ${took} ms after it was aborted`);
    await stage.until('an empty candidate slot', ({ slots }) => slots.blue.running.size === 0);
  });

  test('during its migration: nothing is deployed beside the migration', async () => {
    const deployment = await stage.push('v1.2.3');
    const migration = await stage.until(
      'the migration',
      ({ event }) => event.type === 'task' && /-migrate:\d+$/.test(event.taskDefinition) && event.status === 'RUNNING',
    );
    const next = await stage.push('v1.2.2');
    await stage.stop(deployment);
    expect(await stage.ended(await recoveryOf(deployment))).toMatchObject({ status: 'SUCCEEDED' });
    const refused = await stage.ended(next);
    expect(refused.error).toBe('refused');
    expect(refused.cause).toContain('A migration still runs');
    const { event } = migration;
    const task = event.type === 'task' ? event.task : '';
    await stage.until(
      'the end of the migration',
      ({ event: one }) => one.type === 'task' && one.task === task && one.status === 'STOPPED',
    );
    expect(stage.timeline.moments.at(-1)?.weights).toEqual({ blue: 0, green: 100 });
  });
});

test('load adds tasks, by the policy that converge put', async () => {
  const more = await stage.startLoad(3 * RATE, ['/']);
  await stage.until('a task more in green', ({ slots }) => slots.green.healthy.length > 2);
  await more.stop();
  const scaling = stage.timeline.moments.filter(({ event }) => event.type === 'scaling');
  expect(scaling.at(-1)?.event).toMatchObject({ cause: expect.stringContaining('requests-per-target') });
  expect(stage.timeline.calls).toContainEqual(
    expect.objectContaining({ caller: 'farol-converge', operation: 'PutScalingPolicy', status: 200 }),
  );
});

describe('a migration that breaks what is live', () => {
  test('freezes the target, if the settings let it run', async () => {
    const allowing = await stage.publish((settings) => ({
      ...settings,
      migrate: { ...settings.migrate, incompatible: 'allow' },
    }));
    await stage.inForce(allowing);
    const before = stage.timeline.moments.at(-1)?.weights;
    const deployment = await stage.push('v1.1.5');
    const execution = await stage.ended(deployment);
    expect(execution.error).toBe('frozen');
    expect(execution.cause).toContain('The live release no longer works on the new schema: /: status 500');
    expect(before).toEqual({ blue: 100, green: 0 });
    expect(stage.timeline.moments.at(-1)?.weights).toEqual(before);
    expect((await stage.ledger()).head.frozen).toMatchObject({ deployment });
  });

  test('and nothing is deployed until a person has looked', async () => {
    const execution = await stage.deploy('v1.2.0');
    expect(execution).toMatchObject({ error: 'refused', cause: expect.stringContaining('The target is frozen since') });
    const { entries } = await stage.ledger();
    expect(entries.at(-1)).toMatchObject({ type: 'deployment refused', facts: { sentence: execution.cause } });
    const notices = stage.timeline.calls.filter(({ operation }) => operation === 'Publish');
    expect(notices.at(-1)?.params['Message']).toBe(execution.cause);
  });
});

testInvariants(() => stage);

async function invoke(payload: unknown): Promise<void> {
  const lambda = new LambdaClient(clientOptions(stage.cloud.gateway.url, 'e2e'));
  await lambda.send(
    new InvokeCommand({
      FunctionName: 'farol-receive-push',
      InvocationType: 'Event',
      Payload: Buffer.from(JSON.stringify(payload)),
    }),
  );
  lambda.destroy();
}

/** Digest of a release's image, as it was pushed. */
function digestOf(version: string): string {
  const digest = stage.digests.get(version);
  if (digest === undefined) throw new Error(`${version} was not pushed`);
  return digest;
}

/** The execution that took the lock over from a deployment. */
function recoveryOf(deployment: string): Promise<string> {
  return eventually(`the recovery of ${deployment}`, 60, async () => {
    const { entries } = await stage.ledger();
    const began = entries.find(({ type, facts }) => type === 'recovery began' && facts['of'] === deployment);
    return began === undefined ? { saw: entries.at(-1) } : { found: began.deployment };
  });
}
