import type { Digest, Release, Version } from '#core/contract/release.ts';
import { type Settings, targetOf } from '#core/contract/settings.ts';
import { SLOTS, type Slot } from '#core/contract/slot.ts';
import type { TaskPurpose } from '#core/contract/states.ts';
import { recordsOf } from '#core/domain/applied-migrations.ts';
import type { Action } from '#core/domain/converge-plan.ts';
import type { Observed, ObservedTask } from '#core/domain/observed.ts';
import type { BuildRecord } from '#core/domain/provenance.ts';
import type { ImageScan } from '#core/domain/scan.ts';
import type {
  Answer,
  BuildRecords,
  Clock,
  NoAnswer,
  Prober,
  ReleaseSource,
  SettingsStore,
  SlotControl,
  TargetDatabase,
  TaskRunner,
  TaskStatus,
  TrafficMetrics,
} from '#core/ports.ts';
import { MIGRATING_RELEASE_JSON } from '../fixtures/release-json.ts';
import type { Behaviour } from './behaviour.ts';
import { BECOMES_HEALTHY_MS, clamp, emptySlot, type FakeSlot, fill, isDraining, scaled } from './slots.ts';

/** AWS as a deployment sees it, in the domain's words: slots that fill, drain and serve on a fake clock. */
export class FakeWorld
  implements SlotControl, TaskRunner, ReleaseSource, BuildRecords, Prober, TrafficMetrics, SettingsStore, TargetDatabase
{
  readonly slots: Record<Slot, FakeSlot> = { blue: emptySlot(), green: emptySlot() };
  weights: { blue: number; green: number } | null = null;
  foreign: string | null = null;
  /** Each action as it was made, with the weights before it. */
  readonly actions: Action[] = [];
  /** Called before each action: may throw, or change the world. */
  beforeAction: (action: Action, n: number) => void = () => {};
  afterAction: (action: Action, n: number) => void = () => {};
  userRequestsPerCheck = 500;
  /** What the site gets in a minute, for the scaling of its slots; 0: nothing is measured, and no policy acts. */
  requestsPerMinute = 0;
  /** How old the next look is, in milliseconds: AWS's answers are eventually consistent. */
  lookIsOld: () => number = () => 0;
  /** Hosts that each slot was asked as, by its preview. */
  readonly askedAs: Record<Slot, Set<string>> = { blue: new Set(), green: new Set() };
  /** When the registry says the newest release was pushed. */
  pushed = '2026-11-23T17:00:00.000Z';
  /** What CodeBuild records of a build otherwise than of a good one. */
  buildSays: (id: string) => Partial<BuildRecord> = () => ({});
  /** What the registry's scan of a version found. */
  scanSays: (version: Version) => ImageScan = () => ({ state: 'complete', findings: [] });
  liveIsBroken = false;
  /** Slots whose tasks are not healthy, whatever they run. */
  readonly unhealthy = new Set<Slot>();
  /** Called before each probe: throwing is the prober's own failure. */
  beforeProbe: () => void = () => {};
  /** What a task printed last. */
  lastLine = 'ImportError: no module named shop';
  /** What the framework's table says was applied. */
  readonly recorded = new Set<string>();
  /** How often the database was prepared. */
  prepared = 0;
  /** Why the database cannot be prepared. */
  databaseRefuses: string | undefined;
  /** Why the published settings cannot be used. */
  unreadable: string | undefined;
  readonly #looks: { readonly at: number; readonly observed: Observed }[] = [];
  readonly #clock: Clock;
  #settings: Settings;
  readonly #releases = new Map<Digest, { release: Release; behaviour: Behaviour }>();
  readonly #definitions: { arn: string; digest: Digest; slot: Slot }[] = [];
  readonly #tasks = new Map<string, { purpose: TaskPurpose; digest: Digest; startedAt: number; attempt: number }>();

  constructor(clock: Clock, settings: Settings) {
    this.#clock = clock;
    this.#settings = settings;
  }

  /** Pushes a release to the fake registry. */
  push(version: Version, behaviour: Behaviour = {}): { version: Version; digest: Digest } {
    const digest: Digest = `sha256:${Buffer.from(version).toString('hex').padEnd(64, '0').slice(0, 64)}`;
    const release: Release = {
      repository: this.#settings.repository,
      digest,
      version,
      commit: 'c0ffee',
      author: 'Ana <ana@example.com>',
      build: `web-build:${version}`,
      releaseJson: MIGRATING_RELEASE_JSON,
    };
    this.#releases.set(digest, { release, behaviour });
    return { version, digest };
  }

  /** Publishes other settings, as an update of the target's stack does. */
  publish(change: Partial<Settings>): void {
    this.#settings = { ...this.#settings, ...change };
  }

  async settings(): Promise<Settings | string> {
    return this.unreadable ?? this.#settings;
  }

  async all(): ReturnType<SettingsStore['all']> {
    const target = targetOf(this.#settings);
    return [this.unreadable === undefined ? { settings: this.#settings } : { target, error: this.unreadable }];
  }

  async release(_repository: string, digest: Digest): Promise<Release | string> {
    return this.#releases.get(digest)?.release ?? 'The image is not in the registry.';
  }

  async digest(_repository: string, version: Version): Promise<Digest | undefined> {
    return [...this.#releases.values()].find(({ release }) => release.version === version)?.release.digest;
  }

  async scan(_repository: string, digest: Digest): ReturnType<ReleaseSource['scan']> {
    return this.scanSays(this.#releases.get(digest)?.release.version ?? '');
  }

  async newest(): ReturnType<ReleaseSource['newest']> {
    const last = [...this.#releases.values()].at(-1)?.release;
    return last === undefined ? undefined : { version: last.version, digest: last.digest, pushed: this.pushed };
  }

  async build(id: string): ReturnType<BuildRecords['build']> {
    const made = [...this.#releases.values()].find(({ release }) => release.build === id)?.release;
    if (made === undefined) return undefined;
    const { version, digest, commit } = made;
    return {
      status: 'SUCCEEDED',
      project: 'web-build',
      initiator: 'codepipeline/web-release',
      commit,
      exported: { FAROL_VERSION: version, FAROL_DIGEST: digest, FAROL_COMMIT: commit },
      ...this.buildSays(id),
    };
  }

  async observe(): Promise<Observed> {
    this.#remember();
    const asOf = this.#now() - this.lookIsOld();
    const look = this.#looks.findLast(({ at }) => at <= asOf) ?? this.#looks[0];
    if (look === undefined) throw new Error('a look was just remembered');
    return look.observed;
  }

  #remember(): void {
    this.#autoscale();
    this.#looks.push({ at: this.#now(), observed: this.#observeNow() });
  }

  #autoscale(): void {
    for (const slot of SLOTS) {
      const fake = this.slots[slot];
      const count = scaled(fake, (this.requestsPerMinute * (this.weights?.[slot] ?? 0)) / 100);
      if (count !== undefined) fill(fake, fake.service?.taskDefinition ?? '', count, this.#now());
    }
  }

  #observeNow(): Observed {
    const slots = { blue: this.#observeSlot('blue'), green: this.#observeSlot('green') };
    return {
      rule: this.weights === null ? null : { arn: 'rule', weights: this.weights, foreign: this.foreign },
      slots,
    };
  }

  async apply(_settings: Settings, action: Action): Promise<void> {
    this.actions.push(action);
    const n = this.actions.length;
    this.#remember();
    this.beforeAction(action, n);
    this.#make(action);
    this.#remember();
    this.afterAction(action, n);
  }

  async registerTaskDefinition(_settings: Settings, release: Release, slot: Slot): Promise<string> {
    const arn = `web:${this.#definitions.length + 1}`;
    this.#definitions.push({ arn, digest: release.digest, slot });
    return arn;
  }

  async lastLines(): Promise<readonly string[]> {
    return ['Traceback', this.lastLine];
  }

  async start({ purpose, release, token }: Parameters<TaskRunner['start']>[0]): ReturnType<TaskRunner['start']> {
    if (!this.#tasks.has(token)) {
      const attempt =
        [...this.#tasks.values()].filter((task) => task.purpose === purpose && task.digest === release.digest).length +
        1;
      this.#tasks.set(token, { purpose, digest: release.digest, startedAt: this.#now(), attempt });
    }
    return { taskArn: token };
  }

  async status(_settings: Settings, taskArn: string): Promise<TaskStatus> {
    const task = this.#tasks.get(taskArn);
    if (task === undefined) return { state: 'missing' };
    if (this.#now() - task.startedAt < 3_000) return { state: 'running' };
    const { migrations = [], records, migrationExits = [0], applies, breaksLive } = this.#behaviour(task.digest);
    const stopped = {
      state: 'stopped',
      started: true,
      stopped: this.#clock.now(),
      reason: 'Essential container in task exited',
    } as const;
    if (task.purpose === 'plan')
      return { ...stopped, exitCode: 0, lastLines: [JSON.stringify({ migrations, records })] };
    const exit = migrationExits[Math.min(task.attempt, migrationExits.length) - 1] ?? 0;
    if (exit === 0 && breaksLive === true) this.liveIsBroken = true;
    for (const name of applies ?? (exit === 0 ? recordsOf({ migrations, ...(records && { records }) }) : []))
      this.recorded.add(name);
    return { ...stopped, ...(exit === 'killed' ? {} : { exitCode: exit }), lastLines: ['Applying board.0002', 'done'] };
  }

  async stop(): Promise<void> {}

  async prepare(): ReturnType<TargetDatabase['prepare']> {
    this.prepared += 1;
    if (this.databaseRefuses !== undefined) return { refused: this.databaseRefuses };
    return { statements: this.prepared === 1 ? 12 : 0 };
  }

  async recordedMigrations(): ReturnType<TargetDatabase['recordedMigrations']> {
    return { migrations: [...this.recorded].toSorted() };
  }

  async migrationsRunning(): Promise<readonly string[]> {
    return [];
  }

  async get(url: string, headers: Readonly<Record<string, string>>): Promise<Answer | NoAnswer> {
    this.beforeProbe();
    const slot: Slot = url.includes(':8081') ? 'blue' : 'green';
    this.askedAs[slot].add(headers['host'] ?? '');
    const { pathname } = new URL(url);
    const definition = this.#definitions.find(({ arn }) => arn === this.slots[slot].service?.taskDefinition);
    if (definition === undefined || this.slots[slot].tasks.length === 0) return { noAnswer: 'connect ECONNREFUSED' };
    const { failsSmoke = false, saysVersion } = this.#behaviour(definition.digest);
    const version = this.#releases.get(definition.digest)?.release.version ?? '';
    if (pathname === '/version') {
      return answer(
        200,
        JSON.stringify({ version: saysVersion ?? version, digest: definition.digest, commit: 'c0ffee', slot }),
      );
    }
    const broken = failsSmoke || (this.liveIsBroken && this.weights?.[slot] === 100);
    return answer(pathname === '/' && broken ? 500 : 200, 'hello');
  }

  async counts(_settings: Settings, slot: Slot): ReturnType<TrafficMetrics['counts']> {
    const definition = this.#definitions.find(({ arn }) => arn === this.slots[slot].service?.taskDefinition);
    const requests = Math.round((this.userRequestsPerCheck * (this.weights?.[slot] ?? 0)) / 100);
    const share = definition === undefined ? 0 : (this.#behaviour(definition.digest).errorShare ?? 0);
    return { requests, targetErrors: Math.round(requests * share) };
  }

  /** Tasks of a slot that are healthy now. */
  healthy(slot: Slot): number {
    return this.#observeSlot(slot).tasks.filter(({ healthy }) => healthy).length;
  }

  /** Whether each slot that gets traffic has a healthy task (I1). */
  servesEverything(): boolean {
    const { weights } = this;
    return (
      weights === null ||
      SLOTS.every((slot) => weights[slot] === 0 || this.#observeSlot(slot).tasks.some(({ healthy }) => healthy))
    );
  }

  #now(): number {
    return Date.parse(this.#clock.now());
  }

  #behaviour(digest: Digest): Behaviour {
    return this.#releases.get(digest)?.behaviour ?? {};
  }

  #observeSlot(slot: Slot): Observed['slots'][Slot] {
    const { service, tasks, scaling } = this.slots[slot];
    const now = this.#now();
    const draining = isDraining(this.slots[slot], now);
    const definition = this.#definitions.find(({ arn }) => arn === service?.taskDefinition);
    const behaviour = definition === undefined ? {} : this.#behaviour(definition.digest);
    const dies = behaviour.diesUnderTraffic === true && (this.weights?.[slot] ?? 0) > 0;
    const crashes = (behaviour.crashes === true && tasks.length > 0) || dies ? 3 : 0;
    const observed: ObservedTask[] = tasks.map(({ taskDefinition, startedAt }) => ({
      taskDefinition,
      digest: this.#definitions.find(({ arn }) => arn === taskDefinition)?.digest,
      running: true,
      healthy:
        !this.unhealthy.has(slot) &&
        now - startedAt >= BECOMES_HEALTHY_MS &&
        behaviour.neverHealthy !== true &&
        behaviour.crashes !== true,
    }));
    return {
      service:
        service === null
          ? null
          : {
              ...service,
              running: draining && tasks.length === 0 ? 1 : tasks.length,
              pending: 0,
              failed: false,
              events: [],
            },
      tasks: observed,
      registeredTargets: draining ? Math.max(1, tasks.length) : tasks.length,
      unhealthyReasons:
        behaviour.neverHealthy === true ? ['the load balancer says Target.ResponseCodeMismatch: 503'] : [],
      scaling,
      crashes: Array.from({ length: crashes }, () => ({
        taskDefinition: service?.taskDefinition ?? '',
        reason: 'exit code 1.',
        at: this.#clock.now(),
      })),
    };
  }

  #make(action: Action): void {
    switch (action.do) {
      case 'create service':
        // The adapter takes ECS's refusal of a second one of the same name for success.
        this.slots[action.slot].service ??= { taskDefinition: action.taskDefinition, desired: 0 };
        return;
      case 'set health check':
      case 'set drain': {
        const slot = this.slots[action.slot];
        if (slot.tasks.length > 0 || isDraining(slot, this.#now()))
          throw new Error(`${action.do} while ${action.slot} is not empty`);
        if (action.do === 'set drain') slot.deregistration = action.deregistration;
        else slot.health = action.health;
        return;
      }
      case 'fill slot':
        this.unhealthy.delete(action.slot);
        fill(this.slots[action.slot], action.taskDefinition, action.desired, this.#now());
        return;
      case 'resize slot':
        fill(
          this.slots[action.slot],
          this.slots[action.slot].service?.taskDefinition ?? '',
          action.desired,
          this.#now(),
        );
        return;
      case 'empty slot': {
        const slot = this.slots[action.slot];
        if (slot.service !== null) slot.service.desired = 0;
        slot.tasks = [];
        slot.emptiedAt = this.#now();
        return;
      }
      case 'register scalable target': {
        const { min, max, scaleIn, scaleOut } = action;
        const slot = this.slots[action.slot];
        slot.scaling = { min, max, scaleIn, scaleOut, targetValue: slot.scaling?.targetValue ?? null };
        const { service } = slot;
        if (service !== null) fill(slot, service.taskDefinition, clamp(service.desired, min, max), this.#now());
        return;
      }
      case 'put scaling policy': {
        const { scaling } = this.slots[action.slot];
        if (scaling !== null)
          this.slots[action.slot].scaling = { ...scaling, targetValue: this.#settings.capacity.requestsPerTarget };
        return;
      }
      case 'create rule':
      case 'set weights':
        this.weights = { ...action.weights };
        return;
      case 'delete rule':
        this.weights = null;
        return;
      default:
        action satisfies never;
    }
  }
}

function answer(status: number, body: string): Answer {
  return { status, body, ms: 5 };
}
