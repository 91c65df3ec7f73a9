import fc from 'fast-check';
import { expect, test } from 'vitest';
import { receivePush } from '../../functions/receive-push/receive-push.ts';
import { reconcile } from '../../functions/reconcile/reconcile.ts';
import { startDeployment } from '../../functions/start-deployment/start-deployment.ts';
import { unfreeze } from '../../functions/unfreeze/unfreeze.ts';
import type { Behaviour } from '../fakes/behaviour.ts';
import { user } from '../fixtures/people.ts';
import { RIGHTS } from '../iam/port-rights.ts';
import { Workflow } from './harness.ts';
import { Aborted } from './interpreter.ts';

/**
 * Bad days, many of them: calls of every port fail before or after their effect, once or often; executions are stopped; pushes come
 * twice, and others come between; settings break; reconcile looks at any moment. Whatever happened, the target is in order in the end
 * or frozen, and a person gets it going with the command that the notice names (I17, I19, I20).
 */

const TARGET = 'web/production';
const ADDITIVE = [{ name: 'board.0002_likes', compatible: 'yes', why: 'additive' }] as const;

const BEHAVIOURS: readonly Behaviour[] = [
  {},
  { migrations: [...ADDITIVE] },
  { crashes: true },
  { failsSmoke: true },
  { errorShare: 0.5 },
  { migrations: [...ADDITIVE], migrationExits: ['killed'] },
  { migrations: [...ADDITIVE], breaksLive: true },
];

/** Every call that a function can make, but those of people alone. */
const CALLS = Object.entries(RIGHTS)
  .filter(([port]) => !['anchors', 'removal', 'pipelines', 'roles'].includes(port))
  .flatMap(([port, methods]) => Object.keys(methods).map((method) => `${port}.${method}`))
  .filter((call) => call !== 'executions.arn');

const Fault = fc.record({
  call: fc.constantFrom(...CALLS),
  /** Which of the deployment's calls of this name is the first to fail, and how many do. */
  from: fc.integer({ min: 1, max: 8 }),
  times: fc.integer({ min: 1, max: 12 }),
  after: fc.boolean(),
});

const Between = fc.record({
  /** At which call of the deployment. */
  at: fc.integer({ min: 1, max: 200 }),
  what: fc.constantFrom('reconcile', 'same push', 'newer push', 'settings break', 'settings are mended', 'live dies'),
});

const Deployment = fc.record({
  behaviour: fc.nat({ max: BEHAVIOURS.length - 1 }),
  faults: fc.array(Fault, { maxLength: 3 }),
  abortsAt: fc.option(fc.integer({ min: 1, max: 250 }), { nil: undefined }),
  between: fc.array(Between, { maxLength: 2 }),
});

type Bad = typeof Deployment extends fc.Arbitrary<infer T> ? T : never;

/** Workflow with ports that fail as a schedule says. */
class BadDay {
  readonly workflow: Workflow;
  #bad: Bad | undefined;
  #made = new Map<string, number>();
  #calls = 0;
  #aside = false;
  #versions = 0;

  constructor(asks: boolean) {
    this.workflow = new Workflow(asks ? { approval: { timeout: '1h' } } : {});
    this.workflow.whileWaiting = async () => void (await this.workflow.answer('approve'));
    const ports = this.workflow.ports.bind(this.workflow);
    this.workflow.ports = () => this.#failing(ports());
  }

  push(behaviour: Behaviour = {}) {
    this.#versions += 1;
    return this.workflow.world.push(`v1.${this.#versions}.0`, behaviour);
  }

  async deploy(bad: Bad): Promise<void> {
    this.#bad = bad;
    this.#made = new Map();
    this.#calls = 0;
    await this.announce(this.push(BEHAVIOURS[bad.behaviour]));
    await this.#runStarted();
    this.#bad = undefined;
  }

  /** The event of a push, which Lambda gives a function that fails up to three times. */
  async announce({ version, digest }: { version: string; digest: string }): Promise<void> {
    const detail = {
      'action-type': 'PUSH',
      result: 'SUCCESS',
      'repository-name': this.workflow.settings.repository,
      'image-tag': version,
      'image-digest': digest,
    };
    const event = {
      id: '1',
      source: 'aws.ecr',
      'detail-type': 'ECR Image Action',
      account: '000000000000',
      region: 'us-east-1',
      detail,
    };
    await this.#thrice(() => receivePush(event, { ...this.workflow.ports(), warn: () => {} }));
  }

  /** Reconcile, as its schedule calls it, and what it starts. */
  async reconcile(): Promise<void> {
    await this.#thrice(() => reconcile({ ...this.workflow.ports(), warn: () => {} }));
    await this.#runStarted();
  }

  /** Until nothing more happens by itself. */
  async rest(): Promise<void> {
    for (let turn = 1; turn <= 12; turn += 1) {
      const { size } = this.workflow.endings;
      await this.workflow.clock.sleep(300_000);
      await this.reconcile();
      if (this.workflow.endings.size === size) return;
    }
    throw new Error('reconcile goes on and on');
  }

  /** What the notice of a frozen target says is to be done. */
  async open(): Promise<void> {
    const { messages } = this.workflow;
    if (!messages.some((text) => text.includes(`farol unfreeze ${TARGET}`)))
      throw new Error('no notice says what to do');
    const input = { target: TARGET, reason: 'I have looked' };
    const { outcome, sentence } = await unfreeze({ input, caller: user('ana') }, this.workflow.ports());
    if (outcome !== 'unfrozen') throw new Error(sentence);
    await this.rest();
  }

  /** Whether live serves nobody. */
  async isDead(): Promise<boolean> {
    const { live } = await this.workflow.ledger.head(TARGET);
    return live !== undefined && this.workflow.world.unhealthy.has(live.slot);
  }

  async #liveDies(): Promise<void> {
    const { live } = await this.workflow.ledger.head(TARGET);
    if (live !== undefined) this.workflow.world.unhealthy.add(live.slot);
  }

  /** A release that a person deploys as a rescue. @returns its version */
  async rescue(): Promise<string> {
    const { version } = this.push();
    const input = { target: TARGET, version, rescue: 'users see errors' };
    const { outcome, sentence } = await startDeployment({ input, caller: user('ana') }, this.workflow.ports());
    if (outcome !== 'started') throw new Error(sentence);
    await this.#runStarted();
    await this.rest();
    return version;
  }

  async #runStarted(): Promise<void> {
    for (let [next] = this.workflow.started(); next !== undefined; [next] = this.workflow.started())
      await this.workflow.runOrAbort(next);
  }

  async #thrice(run: () => Promise<unknown>): Promise<void> {
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      try {
        await run();
        return;
      } catch {
        // Lambda gives the event to the function again.
      }
    }
  }

  #failing<T extends object>(ports: T): T {
    const wrapped = Object.entries(ports).map(([name, port]: [string, unknown]) => {
      if (typeof port === 'function') return [name, () => this.#port(name, port())];
      return [name, typeof port === 'object' && port !== null ? this.#port(name, port) : port];
    });
    return Object.fromEntries(wrapped);
  }

  #port(name: string, port: object): unknown {
    return new Proxy(port, {
      get: (object, method) => {
        const value: unknown = Reflect.get(object, method);
        if (typeof value !== 'function') return value;
        const call = `${name}.${String(method)}`;
        return CALLS.includes(call)
          ? (...args: unknown[]) => this.#call(call, () => value.apply(object, args))
          : value.bind(object);
      },
    });
  }

  async #call(call: string, run: () => unknown): Promise<unknown> {
    const bad = this.#bad;
    if (bad === undefined || this.#aside) return run();
    this.#calls += 1;
    const made = (this.#made.get(call) ?? 0) + 1;
    this.#made.set(call, made);
    await this.#meanwhile(bad);
    if (bad.abortsAt === this.#calls) throw new Aborted('stopped');
    const fault = bad.faults.find((each) => each.call === call && made >= each.from && made < each.from + each.times);
    if (fault?.after === false) throw new Error('ThrottlingException: Rate exceeded');
    const answer = await run();
    if (fault?.after === true) throw new Error('connection reset');
    return answer;
  }

  /** What others do between two calls; nothing of it fails. */
  async #meanwhile({ between }: Bad): Promise<void> {
    for (const { at, what } of between) {
      if (at !== this.#calls) continue;
      this.#aside = true;
      const { world } = this.workflow;
      const version = `v1.${this.#versions}.0`;
      if (what === 'reconcile') await reconcile({ ...this.workflow.ports(), warn: () => {} });
      else if (what === 'same push')
        await this.announce({ version, digest: (await world.digest('web', version)) ?? '' });
      else if (what === 'newer push') await this.announce(this.push());
      else if (what === 'live dies') await this.#liveDies();
      else world.unreadable = what === 'settings break' ? 'capacity.min: at least 1' : undefined;
      this.#aside = false;
    }
  }
}

async function expectInOrder({ ledger, world }: Workflow): Promise<void> {
  const { live, frozen } = await ledger.head(TARGET);
  expect((await ledger.lock(TARGET))?.deployment).toBeUndefined();
  if (frozen !== undefined) return;
  const expected = { blue: { blue: 100, green: 0 }, green: { blue: 0, green: 100 } };
  expect(world.weights).toEqual(live === undefined ? null : expected[live.slot]);
  expect(world.servesEverything()).toBe(true);
  expect(ledger.queue.size).toBe(0);
}

/** How each execution ended, for the one who has to find out why. */
function storyOf({ endings }: Workflow): string {
  return [...endings]
    .map(
      ([name, ending]) => `${name}: ${ending.status} in ${ending.last}${'cause' in ending ? `: ${ending.cause}` : ''}`,
    )
    .join('\n');
}

const RUNS = 5_000;

/** One run of the test. @returns what had to be done by a person in the end */
async function live(asks: boolean, days: readonly Bad[]): Promise<'rescue' | 'unfreeze' | undefined> {
  const day = new BadDay(asks);
  const { workflow } = day;
  try {
    for (const bad of days) await day.deploy(bad);
    workflow.world.unreadable = undefined;
    await day.rest();
    workflow.world.liveIsBroken = false;
    const { frozen } = await workflow.ledger.head(TARGET);
    const isDead = await day.isDead();
    if (isDead) {
      const version = await day.rescue();
      const { live } = await workflow.ledger.head(TARGET);
      if (live?.deployable.version !== version) throw new Error(`${version} is not live`);
    } else if (frozen !== undefined) await day.open();
    await expectInOrder(workflow);
    const next = day.push();
    await day.announce(next);
    await day.rest();
    await expectInOrder(workflow);
    expect((await workflow.ledger.head(TARGET)).live?.deployable.version).toBe(next.version);
    return isDead ? 'rescue' : frozen && 'unfreeze';
  } catch (error) {
    throw new Error(`${String(error)}\n${storyOf(workflow).slice(0, 3000)}`, { cause: error });
  }
}

test(`after ${RUNS} bad days each target is in order or frozen, and takes the next release once a person has opened it`, async () => {
  const done: unknown[] = [];
  await fc.assert(
    fc.asyncProperty(fc.boolean(), fc.array(Deployment, { minLength: 1, maxLength: 3 }), async (asks, days) => {
      done.push(await live(asks, days));
    }),
    { numRuns: RUNS },
  );
  expect(new Set(done)).toEqual(new Set(['rescue', 'unfreeze', undefined]));
}, 600_000);
